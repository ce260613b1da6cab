"""The board as one ASGI application: ``offhook serve examples.board.app:app``.

Settings come from the environment: ``BOARD_DATABASE`` (an SQLAlchemy URL) and ``BOARD_SECRET`` (signs the cookie).
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.board import store
from examples.board.channels import Board
from examples.board.data import User
from examples.board.routes import routes
from offhook import App, Identity, Incoming


async def authenticate(incoming: Incoming) -> Identity[User] | None:
    """Whoever signed in, by the signed cookie."""
    name = incoming.session.get("name")
    return Identity(id=name, user=User(name)) if isinstance(name, str) else None


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The database is open while the application runs."""
    async with store.opened(os.environ.get("BOARD_DATABASE", "sqlite+aiosqlite:///board.sqlite3")):
        yield


app = App(
    routes,
    channels=[Board],
    authenticate=authenticate,
    broker="memory://",
    secret_key=os.environ.get("BOARD_SECRET") or secrets.token_urlsafe(32),
    sign_in="/sign-in",
    lifespan=lifespan,
)
