"""Starlette on uvicorn: ``FILE PORT CLASS``, with the name of one of uvicorn's WebSocket classes."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.config import WS_PROTOCOLS

WS = {each: WS_PROTOCOLS[each] or "" for each in ("websockets", "websockets-sansio", "wsproto")}
_subscribers: set[WebSocket] = set()


async def _sub(ws: WebSocket) -> None:
    await ws.accept()
    _subscribers.add(ws)
    try:
        async for _ in ws.iter_text():
            pass
    finally:
        _subscribers.discard(ws)


async def _pub(ws: WebSocket) -> None:
    await ws.accept()
    async for text in ws.iter_text():
        for each in list(_subscribers):
            await each.send_text(text)


async def _echo(ws: WebSocket) -> None:
    await ws.accept()
    async for text in ws.iter_text():
        await ws.send_text(text)


async def _plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


app = Starlette(
    routes=[
        Route("/plain", _plain),
        WebSocketRoute("/sub", _sub),
        WebSocketRoute("/pub", _pub),
        WebSocketRoute("/echo", _echo),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), ws=WS[sys.argv[2]], ws_per_message_deflate=False, log_level="warning")
