"""Stands before all that is below ``/admin``, pages, data and sockets."""

from dataclasses import dataclass

from offhook import Context, Denied, Next
from tests.apps.gallery.store import Person


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may."""

    name: str


async def only_admins(user: Person, context: Context, call_next: Next) -> None:
    if user.name != "root":
        raise Denied
    context.provide(Admin(user.name))
    await call_next()
    context.headers["cache-control"] = "no-store"


middleware = [only_admins]
