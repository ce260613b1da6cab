"""In-memory clients for any ASGI application: no sockets, and no call that waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from offhook.base.types import AsgiApp, AsgiMessage, Payload

_DEADLINE = 10.0


class Denied(Exception):
    """The upgrade was refused with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Closed(Exception):
    """The application closed the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one request. ``headers`` has lower-case names; repeated ones are joined by line breaks."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class WebSocketClient:
    """The peer of one WebSocket. ``subprotocol`` is the one that the application chose."""

    def __init__(self, deadline: float) -> None:
        self.subprotocol: str | None = None
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._deadline = deadline
        self._to_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._from_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._gone = False

    async def send(self, data: Payload) -> None:
        """Send one message to the application."""
        key = "text" if isinstance(data, str) else "bytes"
        await self._to_app.put({"type": "websocket.receive", key: data})

    async def receive(self, within: float | None = None) -> Payload:
        """The next message of the application.

        :raises Closed: it closed instead.
        :raises TimeoutError: there was none in time.
        """
        message = await self._next(within)
        if message["type"] == "websocket.close":
            raise Closed(message.get("code", 1000), message.get("reason") or "")
        text: str | None = message.get("text")
        data: Payload = message["bytes"] if text is None else text
        return data

    async def closed(self, within: float | None = None) -> Closed:
        """How the application closes; messages before that are dropped."""
        while True:
            try:
                await self.receive(within)
            except Closed as closed:
                return closed

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, or vanish: what the application sends from now on fails."""
        self._gone = True
        self.flowing.set()
        await self._to_app.put({"type": "websocket.disconnect", "code": code, "reason": reason})

    def stall(self) -> None:
        """Take nothing more from the network, until ``flowing`` is set."""
        self.flowing.clear()

    async def opened(self) -> None:
        """Return when the application has accepted.

        :raises Denied: it has not.
        """
        await self._to_app.put({"type": "websocket.connect"})
        message = await self._next(None)
        if message["type"] == "websocket.http.response.start":
            raise Denied(message["status"])
        if message["type"] != "websocket.accept":
            raise Denied(403)
        self.subprotocol = message.get("subprotocol")

    async def _next(self, within: float | None) -> AsgiMessage:
        async with asyncio.timeout(self._deadline if within is None else within):
            return await self._from_app.get()

    # The application's side

    async def from_client(self) -> AsgiMessage:
        """ASGI's ``receive``."""
        return await self._to_app.get()

    async def to_client(self, message: AsgiMessage) -> None:
        """ASGI's ``send``."""
        await self.flowing.wait()
        if self._gone:
            raise OSError("the client is gone")
        await self._from_app.put(message)


@asynccontextmanager
async def websocket(
    app: AsgiApp,
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    extensions: Sequence[str] = ("websocket.http.response",),
    deadline: float = _DEADLINE,
) -> AsyncIterator[WebSocketClient]:
    """A WebSocket to *app*, as long as the block runs. The application has ended when the block has.

    :raises Denied: the application refused.
    """
    client = WebSocketClient(deadline)
    scope = _scope("websocket", path, headers) | {
        "subprotocols": list(subprotocols),
        "extensions": {name: {} for name in extensions},
    }
    serving = asyncio.ensure_future(app(scope, client.from_client, client.to_client))
    try:
        await client.opened()
        yield client
    finally:
        await client.close()
        async with asyncio.timeout(deadline):
            await serving


class StreamClient:
    """The reader of one answer that goes on. ``status`` and ``headers`` (lower-case names) are there at once."""

    def __init__(self, deadline: float) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._deadline = deadline
        self._parts: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._asked: list[AsgiMessage] = []
        self._gone = asyncio.Event()
        self._pending = b""
        self._over = False

    async def receive(self, within: float | None = None) -> bytes:
        """The next bytes of the body, as the application sent them; ``b""`` at its end.

        :raises TimeoutError: there were none in time.
        """
        data = b""
        while not (data or self._over):
            part = await self._next(within)
            data = part.get("body", b"")
            self._over = not part.get("more_body", False)
        return data

    async def until(self, separator: bytes, within: float | None = None) -> bytes:
        """The body's next piece up to *separator*, which is left out.

        :raises EOFError: the answer is over.
        """
        while separator not in self._pending:
            more = await self.receive(within)
            if not more:
                raise EOFError
            self._pending += more
        piece, _, self._pending = self._pending.partition(separator)
        return piece

    async def close(self) -> None:
        """Vanish: what the application sends from now on fails."""
        self._gone.set()
        self.flowing.set()

    def stall(self) -> None:
        """Take nothing more from the network, until ``flowing`` is set."""
        self.flowing.clear()

    async def opened(self, body: bytes) -> None:
        """Return when the answer has begun."""
        self._asked.append({"type": "http.request", "body": body, "more_body": False})
        message = await self._next(None)
        self.status = message["status"]
        self.headers = _headers(message)

    async def _next(self, within: float | None) -> AsgiMessage:
        async with asyncio.timeout(self._deadline if within is None else within):
            return await self._parts.get()

    # The application's side

    async def from_client(self) -> AsgiMessage:
        """ASGI's ``receive``."""
        if self._asked:
            return self._asked.pop()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def to_client(self, message: AsgiMessage) -> None:
        """ASGI's ``send``."""
        await self.flowing.wait()
        if self._gone.is_set():
            raise OSError("the client is gone")
        await self._parts.put(message)


@asynccontextmanager
async def stream(
    app: AsgiApp,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    deadline: float = _DEADLINE,
) -> AsyncIterator[StreamClient]:
    """A request to *app* whose answer goes on, as long as the block runs. The application has ended after it."""
    client = StreamClient(deadline)
    scope = _scope("http", path, headers) | {"method": method}
    serving = asyncio.ensure_future(app(scope, client.from_client, client.to_client))
    try:
        await client.opened(body)
        yield client
    finally:
        await client.close()
        async with asyncio.timeout(deadline):
            await serving


async def request(
    app: AsgiApp,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    deadline: float = _DEADLINE,
) -> Response:
    """One HTTP request to *app* and its whole answer."""
    sent: list[AsgiMessage] = []
    waiting: list[AsgiMessage] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> AsgiMessage:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    async with asyncio.timeout(deadline):
        await app(_scope("http", path, headers) | {"method": method}, receive, send)
    return _response(sent)


@asynccontextmanager
async def lifespan(app: AsgiApp, *, deadline: float = _DEADLINE) -> AsyncIterator[None]:
    """*app* between its startup and its shutdown.

    :raises RuntimeError: it reported that it failed.
    """
    to_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
    from_app: asyncio.Queue[AsgiMessage] = asyncio.Queue()
    serving = asyncio.ensure_future(
        app({"type": "lifespan", "asgi": {"version": "3.0"}}, to_app.get, from_app.put)
    )

    async def phase(name: str) -> None:
        await to_app.put({"type": f"lifespan.{name}"})
        async with asyncio.timeout(deadline):
            message = await from_app.get()
        if message["type"] != f"lifespan.{name}.complete":
            await asyncio.wait([serving])
            serving.exception()
            raise RuntimeError(message.get("message", f"{name} failed"))

    await phase("startup")
    try:
        yield
    finally:
        await phase("shutdown")
        await serving


def _scope(kind: str, path: str, headers: Mapping[str, str] | None) -> dict[str, Any]:
    plain, _, query = path.partition("?")
    named = {"host": "testserver"} | {name.lower(): value for name, value in (headers or {}).items()}
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": {"http": "http", "websocket": "ws"}[kind],
        "path": unquote(plain),
        "raw_path": plain.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }


def _response(sent: Sequence[AsgiMessage]) -> Response:
    start, *parts = sent
    return Response(start["status"], _headers(start), b"".join(part.get("body", b"") for part in parts))


def _headers(start: AsgiMessage) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in start["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found
