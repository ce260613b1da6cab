"""python-socketio on uvicorn: ``emit`` to a room that everybody is in."""

import sys
from typing import Any

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", http_compression=False)


@server.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    """Everybody is in the room of the namespace."""


@server.on("pub")
async def published(sid: str, data: Any) -> None:
    """To all others."""
    await server.emit("pub", data, skip_sid=sid)


@server.on("echo")
async def echoed(sid: str, data: Any) -> None:
    """Back."""
    await server.emit("echo", data, to=sid)


async def beside(scope: Any, receive: Any, send: Any) -> None:
    """``GET /plain``."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


app = socketio.ASGIApp(server, beside)

if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), ws="websockets-sansio", ws_per_message_deflate=False, log_level="warning"
    )
