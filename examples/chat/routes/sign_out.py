"""Sign out: a resource route, it has no view."""

from offhook import Line, Redirect, Session, redirect


async def action(session: Session, line: Line) -> Redirect:
    """End the lines of this sign-in in every process; an empty session is a deleted cookie."""
    await line.revoke(session=session.id)
    session.clear()
    return redirect("/sign-in")
