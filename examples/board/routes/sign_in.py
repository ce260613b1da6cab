"""Sign in by name."""

from examples.board.data import SignIn
from offhook import Redirect, Session, redirect


async def action(form: SignIn, session: Session) -> Redirect:
    """The name goes into the signed cookie."""
    session.renew()
    session["name"] = form.name.strip()
    return redirect("/")
