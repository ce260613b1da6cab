"""The rows as one ASGI application: ``offhook serve tests.apps.rows.app:app``; ``ROWS_DATABASE`` is its file."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from offhook import App
from tests.apps.rows.channels import Rows
from tests.apps.rows.routes import routes
from tests.apps.rows.store import Store


def settings(store: Store) -> dict[str, Any]:
    """What an App of these rows is made with."""

    @asynccontextmanager
    async def provided() -> AsyncIterator[Store]:
        yield store

    return {"routes": routes, "channels": [Rows], "provide": {Store: provided}, "module": __name__}


app = App(**settings(Store(os.environ.get("ROWS_DATABASE", ":memory:"))))
