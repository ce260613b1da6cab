"""``proxy``: another server as an ASGI application, so that Offhook stands in front of it on one port.

Requests, answers and sockets are passed on as they come, in both directions at once and never gathered. What
concerns one connection only stays there (RFC 9110, section 7.6.1), nothing is unpacked, and a redirect is the
client's to follow.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from offhook.base import observe
from offhook.base.errors import UsageError
from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send
from offhook.transports.base import await_upgrade, deny
from offhook.transports.lifespan import serve_lifespan

Header = tuple[bytes, bytes]

_WRITE: Final = 30.0
"""Seconds that the other server may take to read what it is sent."""
_KEEP_ALIVE: Final = 2.0
"""Seconds that a connection waits for its next request. Node closes its own after five."""
_LARGEST_MESSAGE: Final = 16 * 1024 * 1024
"""One message of the other server's socket; the server in front has its own bound for the client's."""

_CONNECTION_ONLY: Final = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
_CLAIMS: Final = frozenset([b"forwarded", b"x-real-ip"])
"""What a client says of its own way here; so does all that begins with x-forwarded-."""
_OURS_TO_SAY: Final = frozenset([b"date", b"server"])
"""The server in front writes these itself."""


def proxy(url: str, *, connecting: float = 5.0, answer: float = 60.0) -> AsgiApp:
    """An ASGI application that passes every request and every socket on to the server at *url*.

    The other server sees the client's own ``Host``, and ``X-Forwarded-For``, ``-Proto`` and ``-Host`` as the
    server in front knows them; what the client claimed about its way is dropped. When the client hangs up, the
    request to the other server is cancelled. When the other server is away the answer is 502, and the log says so
    once.

    :param url: scheme, host and port, such as ``http://127.0.0.1:3000``. An ``https`` certificate is verified.
    :param connecting: seconds until a connection stands; later is 504.
    :param answer: seconds from the end of a request to the head of its answer; later is 504. An answer itself may
        take as long as it likes.
    :raises UsageError: the URL is not one of a server.
    """
    return Proxy(_Upstream.parse(url), connecting, answer)


@dataclass(frozen=True, slots=True)
class _Upstream:
    """The other server's address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "_Upstream":
        parts = urlsplit(url)
        try:
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            port = None
        if not (parts.hostname and port) or parts.path.strip("/") or parts.query or parts.username is not None:
            raise UsageError(
                f"proxy({url!r}) needs scheme, host and port and nothing else, such as http://127.0.0.1:3000"
            )
        return cls(parts.scheme, parts.hostname, port)

    def http(self) -> httpx.URL:
        return httpx.URL(scheme=self.scheme, host=self.host, port=self.port)


class _HungUp(Exception):
    """The client is gone."""


class Proxy:
    """The application that ``proxy`` makes."""

    def __init__(self, upstream: _Upstream, connecting: float, answer: float) -> None:
        self._upstream = upstream
        self._connecting = connecting
        self._answer = answer
        self._away = False
        # Below httpx.Client: that one would follow redirects, unpack, and keep everybody's cookies.
        self._transport = httpx.AsyncHTTPTransport(
            verify=upstream.scheme == "https",
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=_KEEP_ALIVE),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request or socket on; a lifespan closes the connections at its end."""
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "websocket":
                await self._socket(scope, receive, send)
            case "lifespan":
                await serve_lifespan(self._running, receive, send)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self._transport.aclose()

    # Requests

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, self._answer)
        if not await body.begin():
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(body.hung_up())
                await self._pass_on(scope, body, send)
                watching.cancel()
        except* _HungUp:
            pass

    async def _pass_on(self, scope: Scope, body: "_Body", send: Send) -> None:
        try:
            async with body.patience:
                answer = await self._transport.handle_async_request(self._question(scope, body))
        except (TimeoutError, httpx.TimeoutException):
            await _refuse(send, 504)
        except (httpx.LocalProtocolError, httpx.InvalidURL):
            await _refuse(send, 400)  # what the client sent cannot be passed on
        except httpx.TransportError as error:
            self._is_away(error)
            await _refuse(send, 502)
        else:
            self._is_there()
            body.sent.set()
            await _pass_back(answer, send)

    def _question(self, scope: Scope, body: "_Body") -> httpx.Request:
        timeout = httpx.Timeout(None, connect=self._connecting, write=_WRITE)
        return httpx.Request(
            scope["method"],
            self._upstream.http(),
            headers=_headers_up(scope),
            content=body.content,
            # The bytes that the client sent, which a URL would normalise.
            extensions={"timeout": timeout.as_dict(), "target": _target(scope)},
        )

    # Sockets

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await await_upgrade(receive):
            return
        try:
            upstream = await self._dial(scope)
        except InvalidStatus as refused:
            status = refused.response.status_code
            await deny(scope, send, status if status >= 400 else 502)
        except (InvalidURI, ValueError):
            await deny(scope, send, 400)
        except TimeoutError:
            await deny(scope, send, 504)
        except (InvalidHandshake, OSError, EOFError) as error:
            self._is_away(error)
            await deny(scope, send, 502)
        else:
            self._is_there()
            async with upstream:
                await _relay(upstream, receive, send)

    async def _dial(self, scope: Scope) -> ClientConnection:
        secure = self._upstream.scheme == "https"
        headers = Headers((name.decode(), value.decode("latin-1")) for name, value in _headers_up(scope))
        host = ",".join(headers.get_all("host"))
        agent = ",".join(headers.get_all("user-agent"))
        if not _HOST.fullmatch(host):
            raise InvalidURI(host, "not a host")
        return await _Connect(
            # The client's host for the header, ours for the connection.
            f"{'wss' if secure else 'ws'}://{host}{_target(scope).decode('latin-1')}",
            host=self._upstream.host,
            port=self._upstream.port,
            server_hostname=self._upstream.host if secure else None,
            subprotocols=[Subprotocol(name) for name in scope.get("subprotocols", ())] or None,
            user_agent_header=agent or None,
            additional_headers=[(name, value) for name, value in headers.raw_items() if not _is_of_dialling(name)],
            compression=None,
            proxy=None,
            open_timeout=self._connecting,
            max_size=_LARGEST_MESSAGE,
            logger=_SILENT,
        )

    # The log

    def _is_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            observe.PROXY.error(
                "no answer from %s:%s: %s", self._upstream.host, self._upstream.port, type(error).__name__
            )

    def _is_there(self) -> None:
        if self._away:
            self._away = False
            observe.PROXY.warning("%s:%s answers again", self._upstream.host, self._upstream.port)


class _Body:
    """A request's body on its way up; after it, the only thing that can still come is that the client hangs up."""

    def __init__(self, receive: Receive, answer: float) -> None:
        self._receive = receive
        self._answer = answer
        self.sent = asyncio.Event()
        """Nothing of it is wanted any more."""
        self.patience = asyncio.timeout(None)
        """How long the other server may take; it begins when it has been asked."""
        self.content: bytes | AsyncIterator[bytes] = b""

    async def begin(self) -> bool:
        """Whether there is a request at all; one that is complete already needs no stream."""
        first = await self._receive()
        if first["type"] == "http.disconnect":
            return False
        if first.get("more_body", False):
            self.content = self._stream(first)
        else:
            self.content = first.get("body", b"")
            self.patience = asyncio.timeout(self._answer)
            self.sent.set()
        return True

    async def _stream(self, message: AsgiMessage) -> AsyncIterator[bytes]:
        while True:
            yield message.get("body", b"")
            if not message.get("more_body", False):
                break
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _HungUp
        self.patience.reschedule(asyncio.get_running_loop().time() + self._answer)
        self.sent.set()

    async def hung_up(self) -> None:
        """Wait for the client to hang up.

        :raises _HungUp: it did.
        """
        await self.sent.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise _HungUp


async def _pass_back(answer: httpx.Response, send: Send) -> None:
    """The answer as it comes. One that breaks off is left unfinished: the server cuts the client's connection."""
    # RFC 9110, section 8.6: such an answer has no body, whatever it says about its length.
    dropped = _OURS_TO_SAY | {b"content-length"} if answer.status_code in (204, 304) else _OURS_TO_SAY
    headers = _end_to_end(answer.headers.raw, dropped)
    try:
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        async for part in answer.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
    except httpx.TransportError as error:
        observe.PROXY.warning("an answer broke off: %s", type(error).__name__)
    finally:
        await answer.aclose()


async def _refuse(send: Send, status: int) -> None:
    text = {400: b"Bad request", 502: b"Bad gateway", 504: b"Gateway timeout"}[status]
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(text)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


# Headers


def _headers_up(scope: Scope) -> list[Header]:
    """The request's headers for the other server, with what we know of the client's way here."""
    headers = _end_to_end(scope["headers"], _CLAIMS)
    host = next((value for name, value in headers if name == b"host"), b"")
    scheme: str = scope.get("scheme", "http")
    client = scope.get("client")
    return [
        *headers,
        *([(b"x-forwarded-for", client[0].encode())] if client else []),
        (b"x-forwarded-proto", {"ws": b"http", "wss": b"https"}.get(scheme, scheme.encode())),
        *([(b"x-forwarded-host", host)] if host else []),
        (b"via", scope.get("http_version", "1.1").encode() + b" offhook"),  # RFC 9110, section 7.6.3
    ]


def _end_to_end(headers: Iterable[Header], dropped: Collection[bytes]) -> list[Header]:
    """Headers that are meant for the other end, without those *dropped* and what ``Connection`` names."""
    lowered = [(name.lower(), value) for name, value in headers]
    named = [
        each.strip().lower() for name, value in lowered if name == b"connection" for each in value.split(b",")
    ]
    leave = {*_CONNECTION_ONLY, *dropped, *named}
    return [(name, value) for name, value in lowered if _plain(name) not in leave and not _is_claim(name)]


def _plain(name: bytes) -> bytes:
    return name.replace(b"_", b"-")  # some servers take both for the same


def _is_claim(name: bytes) -> bool:
    return _plain(name).startswith(b"x-forwarded-")


def _target(scope: Scope) -> bytes:
    """Path and query as the client sent them."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    return b"%s?%s" % (path, query) if query else path


# Sockets


def _is_of_dialling(name: str) -> bool:
    """Whether a header belongs to the handshake, of which each connection has its own."""
    return name.startswith("sec-websocket-") or name in {"host", "user-agent"}


_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", re.ASCII)
_SILENT = logging.Logger("offhook.proxy.socket", logging.CRITICAL + 1)
"""websockets would log headers and payloads."""

# RFC 6455, section 7.4.1, and the registry that it founded: codes that only describe and are never sent.
_GOING_AWAY: Final = 1001
_BAD_GATEWAY: Final = 1014
_NOT_SENT: Final = {1004, 1005, 1006, 1015}


class _Connect(connect):
    """A connection that is refused when the other server wants to redirect it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _relay(upstream: ClientConnection, receive: Receive, send: Send) -> None:
    """Pass messages in both directions until one side ends; the other one then ends in the same way."""
    headers = [] if upstream.response is None else _accepting(upstream.response.headers)
    await send({"type": "websocket.accept", "subprotocol": upstream.subprotocol, "headers": headers})
    async with asyncio.TaskGroup() as tasks:
        up = tasks.create_task(_upwards(receive, upstream))
        await _downwards(upstream, send)
        up.cancel()


def _accepting(answered: Headers) -> list[Header]:
    """What the other server said beside the handshake itself, such as a cookie."""
    raw = ((name.encode(), value.encode("latin-1")) for name, value in answered.raw_items())
    return [each for each in _end_to_end(raw, _OURS_TO_SAY) if not each[0].startswith(b"sec-websocket-")]


async def _upwards(receive: Receive, upstream: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while (message := await receive())["type"] == "websocket.receive":
            text: str | None = message.get("text")
            await upstream.send(message["bytes"] if text is None else text)
        code = message.get("code", 1005)
        await upstream.close(_sendable(code, _GOING_AWAY), message.get("reason") or "")


async def _downwards(upstream: ClientConnection, send: Send) -> None:
    try:
        with contextlib.suppress(ConnectionClosed):
            async for message in upstream:
                await send({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})
        code = _sendable(upstream.close_code or 1006, _BAD_GATEWAY)
        await send({"type": "websocket.close", "code": code, "reason": upstream.close_reason or ""})
    except (OSError, RuntimeError):  # the client is gone; each server says so in its own way
        await upstream.close(_GOING_AWAY)


def _sendable(code: int, abnormal: int) -> int:
    """*code* as one side may send it: no code at all is the normal end, and a loss has its own code."""
    if code == 1005:
        return 1000
    return abnormal if code in _NOT_SENT or not (1000 <= code <= 1014 or 3000 <= code < 5000) else code
