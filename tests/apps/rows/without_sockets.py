"""The rows where no WebSocket gets through: ``offhook serve tests.apps.rows.without_sockets:app``."""

from offhook.base.types import Receive, Scope, Send
from tests.apps.rows.app import app as rows


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuses every upgrade, as some proxies do."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    else:
        await rows(scope, receive, send)
