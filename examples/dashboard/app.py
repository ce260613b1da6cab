"""The dashboard as one ASGI application: ``offhook serve examples.dashboard.app:app``.

``DASHBOARD_DATABASE`` in the environment is an SQLAlchemy URL. Nobody has to sign in.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.dashboard import store
from examples.dashboard.channels import Orders, Stock
from examples.dashboard.routes import routes
from offhook import App


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The database is open while the application runs."""
    async with store.opened(os.environ.get("DASHBOARD_DATABASE", "sqlite+aiosqlite:///dashboard.sqlite3")):
        yield


app = App(routes, channels=[Orders, Stock], broker="memory://", lifespan=lifespan)
