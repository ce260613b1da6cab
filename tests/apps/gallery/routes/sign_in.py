"""Signing in."""

import msgspec

from offhook import Redirect, Session, redirect


class SignIn(msgspec.Struct):
    """What the form sends."""

    name: str
    password: str


async def action(form: SignIn, session: Session) -> Redirect:
    session.renew()
    session["name"] = form.name
    return redirect("/admin")
