"""An ASGI application behind uvicorn, in the event loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from offhook.base.types import AsgiApp
from offhook.server.http import HttpProtocol
from offhook.server.websocket import WebSocketProtocol


@asynccontextmanager
async def listening(app: AsgiApp, port: int = 0) -> AsyncIterator[int]:
    """*app*, served for real on the port that this gives (a free one unless told)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            ws=WebSocketProtocol,
            log_level="error",
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
