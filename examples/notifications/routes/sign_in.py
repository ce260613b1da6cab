"""Sign in by name."""

from examples.notifications import store
from examples.notifications.data import SignIn
from offhook import Redirect, Session, redirect, stays


async def action(form: SignIn, session: Session) -> Redirect:
    """The name goes into the signed cookie."""
    name = form.name.strip()
    await store.welcome(name)
    session.renew()
    session["name"] = name
    return redirect(form.next if stays(form.next) else "/")
