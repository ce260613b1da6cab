"""Offhook, for ``offhook serve bench.servers.ours:app``: lines that are subscribed to a channel; raw sockets."""

import json
from typing import Any

from offhook import Channel, History, Realtime, WebSocket
from offhook.base.incoming import incoming
from offhook.base.limits import Limits
from offhook.base.types import Receive, Scope, Send
from offhook.realtime.client import Client
from offhook.transports.raw import open_socket, serve_socket

_MANY = 100_000
LIMITS = Limits(connections=_MANY, connections_of_address=_MANY)
"""All of the load comes from one address."""


class Room(Channel[Any], pattern="room:{room_id}", history=History(100, "10m")):
    """With history, as a page that stays true needs it; open to all."""

    room_id: int

    async def on_subscribe(self, client: Client[Any]) -> None: ...


ROOM = Room(room_id=1)
_sockets: set[WebSocket] = set()


async def _sub(ws: WebSocket) -> None:
    """A raw socket that gets what is published."""
    await ws.accept()
    _sockets.add(ws)
    try:
        async for _ in ws:
            pass
    finally:
        _sockets.discard(ws)


async def _pub(ws: WebSocket) -> None:
    """Publishes to all who are subscribed to the channel."""
    async for text in ws:
        await app.line.publish(ROOM, json.loads(text))


async def _raw_pub(ws: WebSocket) -> None:
    """Sends to all raw sockets."""
    async for text in ws:
        for each in list(_sockets):
            await each.send(text)


async def _echo(ws: WebSocket) -> None:
    async for text in ws:
        await ws.send(text)


_SOCKETS = {"/sub": _sub, "/pub": _pub, "/raw_pub": _raw_pub, "/echo": _echo}


async def _beside(scope: Scope, receive: Receive, send: Send) -> None:
    """What stands beside the line: sockets as a route has them, and a short text."""
    if scope["type"] == "websocket":
        ws = open_socket(scope, receive, send, incoming(scope), LIMITS)
        await serve_socket(ws, lambda: _SOCKETS[scope["path"]](ws), app.sessions)
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


app = Realtime(channels=[Room], limits=LIMITS, fallback=_beside)
