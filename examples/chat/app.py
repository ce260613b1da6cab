"""The chat as one ASGI application: ``offhook serve examples.chat.app:app``.

Settings come from the environment: ``CHAT_DATABASE`` (an SQLAlchemy URL), ``CHAT_SECRET`` (signs the cookie;
without it everybody signs in again after a restart) and ``CHAT_SESSION_SECONDS``.
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.chat import store
from examples.chat.channels import Room
from examples.chat.data import User
from examples.chat.routes import routes
from offhook import App, Identity, Incoming


async def authenticate(incoming: Incoming) -> Identity[User] | None:
    """Whoever signed in, by the signed cookie: the same for pages and for the line."""
    name = incoming.session.get("name")
    if not isinstance(name, str):
        return None
    return Identity(id=name, user=User(name=name), info={"name": name})


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The database is open while the application runs."""
    async with store.opened(os.environ.get("CHAT_DATABASE", "sqlite+aiosqlite:///chat.sqlite3")):
        yield


app = App(
    routes,
    channels=[Room],
    authenticate=authenticate,
    broker="memory://",
    secret_key=os.environ.get("CHAT_SECRET") or secrets.token_urlsafe(32),
    session_max_age=int(os.environ.get("CHAT_SESSION_SECONDS", 14 * 24 * 3600)),
    sign_in="/sign-in",
    lifespan=lifespan,
)
