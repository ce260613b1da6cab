"""Sign out: a resource route, it has no view."""

from offhook import Redirect, Session, redirect


async def action(session: Session) -> Redirect:
    """An empty session is a deleted cookie."""
    session.clear()
    return redirect("/sign-in")
