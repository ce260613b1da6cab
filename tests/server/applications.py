"""ASGI applications that the tests of this folder serve. None of them uses the rest of Offhook."""

import asyncio
import json
import threading

from offhook.base.errors import BrokerError, UsageError
from offhook.base.types import Receive, Scope, Send


async def _lifespan(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Sockets: what comes in goes out, to the end. Pages: "hello"."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
    else:
        await _echo(receive, send)


async def _echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def chatter(scope: Scope, receive: Receive, send: Send) -> None:
    """A socket that sends without pause and never reads."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        await send({"type": "websocket.send", "text": "tick"})
        await asyncio.sleep(0)


async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
    """A socket whose handler does not end when its peer is gone."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


async def wedged(scope: Scope, receive: Receive, send: Send) -> None:
    """A page that is computed in a thread, and never done."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    print("wedged", flush=True)
    await asyncio.to_thread(threading.Event().wait)


async def unusable(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that does not start, and says what is wrong in its own way."""
    raise UsageError("the application\n  lacks a part")


async def reported(scope: Scope, receive: Receive, send: Send) -> None:
    """The same, told to the server first, as the lifespan protocol has it."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the application lacks a part"})
    raise UsageError("the application lacks a part")


async def cut_off(scope: Scope, receive: Receive, send: Send) -> None:
    """An application whose broker is away."""
    raise BrokerError("the application lacks a part")


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    """An application with a mistake in its lifespan."""
    raise ZeroDivisionError("one mistake")


number = 7


async def schemes(scope: Scope, receive: Receive, send: Send) -> None:
    """Says by what scheme and name it was reached; a socket echoes then."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    host = dict(scope["headers"])[b"host"].decode().partition(":")[0]
    seen = json.dumps([scope["scheme"], host])
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": seen.encode()})
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": seen})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
