"""Notifications as one ASGI application: ``offhook serve examples.notifications.app:app``.

Settings come from the environment: ``NOTIFICATIONS_DATABASE`` (an SQLAlchemy URL), ``NOTIFICATIONS_SECRET`` (signs
the cookie) and ``NOTIFICATIONS_TOKEN`` (with it a program may post; without one no program may).
"""

import hmac
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.notifications import store
from examples.notifications.channels import Inbox
from examples.notifications.data import User
from examples.notifications.routes import routes
from offhook import App, Identity, Incoming

_TOKEN = os.environ.get("NOTIFICATIONS_TOKEN", "")


async def authenticate(incoming: Incoming) -> Identity[User] | None:
    """A person by the signed cookie, a program by its token."""
    name = incoming.session.get("name")
    if isinstance(name, str):
        return Identity(id=name, user=User(name))
    sent = incoming.headers.get("authorization", "").removeprefix("Bearer ")
    if _TOKEN and hmac.compare_digest(sent.encode(), _TOKEN.encode()):
        return Identity(id="program", user=User("a program"))
    return None


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The database is open while the application runs."""
    url = os.environ.get("NOTIFICATIONS_DATABASE", "sqlite+aiosqlite:///notifications.sqlite3")
    async with store.opened(url):
        yield


app = App(
    routes,
    channels=[Inbox],
    authenticate=authenticate,
    broker="memory://",
    secret_key=os.environ.get("NOTIFICATIONS_SECRET") or secrets.token_urlsafe(32),
    sign_in="/sign-in",
    lifespan=lifespan,
)
