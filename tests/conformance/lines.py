"""Clients of real endpoints: one interface over every transport and codec."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from offhook.base.types import AsgiApp, Payload
from offhook.testing import asgi
from tests.conformance.codecs import ClientCodec, Json, Protobuf, Value

DEADLINE = 300.0
"""Seconds after which whatever a test waits for will not come."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a line is made of."""

    transport: str
    codec: ClientCodec

    def __str__(self) -> str:
        return f"{self.transport}-{self.codec.name}"

    @property
    def emulated(self) -> bool:
        """Whether commands are requests of their own."""
        return self.transport != "websocket"


KINDS = [
    Kind("websocket", Json()),
    Kind("websocket", Protobuf()),
    Kind("http_stream", Json()),
    Kind("http_stream", Protobuf()),
    Kind("sse", Json()),
]


class Wire(Protocol):
    """One connection."""

    async def send(self, frame: Payload) -> None:
        """Send one frame."""
        ...

    async def receive(self) -> list[Value]:
        """What comes next.

        :raises asgi.Closed: it is over.
        """
        ...

    def stall(self) -> None:
        """Read no more."""
        ...

    def flow(self) -> None:
        """Read on."""
        ...

    async def vanish(self) -> None:
        """Be gone without a word."""
        ...


@dataclass(frozen=True, slots=True)
class _WebSocket:
    codec: ClientCodec
    socket: asgi.WebSocketClient

    async def send(self, frame: Payload) -> None:
        await self.socket.send(frame)

    async def receive(self) -> list[Value]:
        return self.codec.replies(await self.socket.receive(DEADLINE))

    def stall(self) -> None:
        self.socket.stall()

    def flow(self) -> None:
        self.socket.flowing.set()

    async def vanish(self) -> None:
        await self.socket.close(1006)


@dataclass(slots=True)
class _Stream:
    app: AsgiApp
    kind: Kind
    headers: Mapping[str, str]
    stream: asgi.StreamClient
    connected: Mapping[str, str] = field(default_factory=dict)
    rest: bytes = b""

    async def send(self, frame: Payload) -> None:
        body, content_type = _envelope(self.kind.codec, self.connected, frame)
        headers = {**self.headers, "content-type": content_type}
        await asgi.request(self.app, "POST", "/emulation", headers=headers, body=body)

    async def receive(self) -> list[Value]:
        found: list[Value] = []
        while not found:
            chunk = await self.stream.receive(DEADLINE)
            if not chunk:
                raise asgi.Closed(1006, "no disconnect push before the end")
            found = self._take(chunk)
        for each in found:
            self.connected = each.get("connect", self.connected)
            ended = each.get("push", {}).get("disconnect")
            if ended:
                raise asgi.Closed(ended["code"], ended["reason"])
        return found

    def _take(self, chunk: bytes) -> list[Value]:
        if self.kind.transport == "sse":
            events = (self.rest + chunk).removeprefix(b"\r\n").replace(b"\n\n", b"\n")
            found, self.rest = self.kind.codec.take(events.replace(b"data: ", b""))
        else:
            found, self.rest = self.kind.codec.take(self.rest + chunk)
        return found

    def stall(self) -> None:
        self.stream.stall()

    def flow(self) -> None:
        self.stream.flowing.set()

    async def vanish(self) -> None:
        await self.stream.close()


def _envelope(codec: ClientCodec, connected: Mapping[str, str], frame: Payload) -> tuple[bytes, str]:
    """What is posted to ``/emulation``, and its content type."""
    session, node = connected.get("session", ""), connected.get("node", "")
    if isinstance(frame, str):
        return json.dumps({"session": session, "node": node, "data": frame}).encode(), codec.content_type
    parts = [(1, node.encode()), (2, session.encode()), (3, frame)]
    return b"".join(_field(number, content) for number, content in parts), codec.content_type


def _field(number: int, content: bytes) -> bytes:
    size, length = len(content), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


class Line:
    """A client of one line, that answers pings unless it is told not to."""

    def __init__(self, kind: Kind, wire: Wire, *, pong: bool = True) -> None:
        self.kind = kind
        self.wire = wire
        self.connected: Any = None
        """The answer to the connect command."""
        self.pings = 0
        self.order: list[str] = []
        """The names of all that came, in order."""
        self._pong = pong
        self._number = 0
        self._replies: dict[int, asyncio.Future[Any]] = defaultdict(asyncio.get_running_loop().create_future)
        self._pushes: dict[str, asyncio.Queue[Value]] = defaultdict(asyncio.Queue)
        self._closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self.reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        try:
            while True:
                for each in await self.wire.receive():
                    await self._take(each)
        except asgi.Closed as closed:
            self._closed.set_result((closed.code, closed.reason))

    async def _take(self, value: Value) -> None:
        self.order.append(_name(value))
        if "push" in value:
            push = dict(value["push"])
            self._pushes[_name(value)].put_nowait(push)
        elif "id" in value:
            self._replies[value["id"]].set_result(_result(value))
        else:
            self.pings += 1
            if self._pong:
                await self.say({})

    async def say(self, *commands: Mapping[str, Any]) -> None:
        """Send commands in one frame."""
        await self.wire.send(self.kind.codec.frame(commands))

    def command(self, **request: Any) -> Value:
        """A command with the next number."""
        self._number += 1
        return {"id": self._number, **request}

    async def ask(self, **request: Any) -> Any:
        """Send a command and wait for its answer: the result, or ``{"error": code}``."""
        command = self.command(**request)
        await self.say(command)
        return await self.answer(command["id"])

    async def answer(self, number: int) -> Any:
        """The answer to command *number*."""
        async with asyncio.timeout(DEADLINE):
            return await self._replies[number]

    async def subscribe(self, channel: str, **options: Any) -> Any:
        """Subscribe."""
        return await self.ask(subscribe={"channel": channel, **options})

    async def push(self, kind: str) -> Any:
        """The next push of this kind: its body, with the channel."""
        async with asyncio.timeout(DEADLINE):
            push = await self._pushes[kind].get()
        return {**({"channel": push["channel"]} if "channel" in push else {}), **push[kind]}

    def waiting(self, kind: str) -> int:
        """How many pushes of this kind nobody has asked for."""
        return self._pushes[kind].qsize()

    async def closed(self) -> tuple[int, str]:
        """With which code and reason it was closed."""
        async with asyncio.timeout(DEADLINE):
            return await asyncio.shield(self._closed)


def _name(value: Value) -> str:
    inner = value.get("push", value)
    return next((str(key) for key in inner if key not in ("id", "channel")), "ping")


def _result(value: Value) -> Any:
    [(name, content)] = [(key, each) for key, each in value.items() if key != "id"]
    return {"error": content["code"]} if name == "error" else content


@asynccontextmanager
async def opened(
    app: AsgiApp, kind: Kind, frame: Payload, headers: Mapping[str, str], *, pong: bool = True
) -> AsyncIterator[Line]:
    """A line whose client has said *frame*."""
    async with _wire(app, kind, frame, headers) as wire:
        line = Line(kind, wire, pong=pong)
        try:
            yield line
        finally:
            line.reader.cancel()


@asynccontextmanager
async def _wire(app: AsgiApp, kind: Kind, frame: Payload, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
    path = f"/connection/{kind.transport}"
    if kind.transport == "websocket":
        offered = [f"centrifuge-{kind.codec.name}"]
        async with asgi.websocket(app, path, headers=headers, subprotocols=offered) as socket:
            await socket.send(frame)
            yield _WebSocket(kind.codec, socket)
        return
    method = "GET" if kind.transport == "sse" else "POST"
    body = frame.encode() if isinstance(frame, str) else frame
    full = f"{path}?cf_connect={quote(body)}" if method == "GET" else path
    asked = {**headers, "content-type": kind.codec.content_type}
    async with asgi.stream(app, method, full, headers=asked, body=b"" if method == "GET" else body) as stream:
        yield _Stream(app, kind, headers, stream)
