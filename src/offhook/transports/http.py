"""What the HTTP endpoints share: a request with a bound, its answer, and answers that go on for long."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qs

from offhook.base.incoming import Incoming
from offhook.base.types import AsgiMessage, Payload, Receive, Scope, Send
from offhook.transports.base import Connection, Entrance, Refused, exceeds, line
from offhook.wire.codec import Variant
from offhook.wire.replies import disconnect_push

Headers: TypeAlias = list[tuple[bytes, bytes]]

PROTOBUF = "application/octet-stream"
"""The content type that chooses Protobuf (protocol §14)."""

_NO_STORE = (b"cache-control", b"private, no-cache, no-store, must-revalidate, max-age=0")
# For proxies that collect answers before they pass them on.
_UNBUFFERED = (b"x-accel-buffering", b"no")
_PREFLIGHT = (b"access-control-max-age", b"300")


class Gone(Exception):
    """The client left before it had asked."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a page that may come in, and the way to its answer."""

    incoming: Incoming
    method: str
    receive: Receive
    send: Send

    @property
    def media_type(self) -> str:
        """What the body is, in lower case and without parameters."""
        return self.incoming.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self, limit: int, seconds: float) -> bytes:
        """The whole body.

        :raises Refused: 413: more than *limit* bytes; 408: not there within *seconds*.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._read(limit)
        except TimeoutError:
            raise Refused(408) from None

    async def _read(self, limit: int) -> bytes:
        found = b""
        while (message := await self.receive())["type"] == "http.request":
            part: bytes = message.get("body", b"")
            found += part
            if len(found) > limit:
                raise Refused(413)
            if not message.get("more_body", False):
                return found
        raise Gone

    def asked(self, body: bytes) -> Payload:
        """What a client that cannot send a body put into the address, ``?cf_connect=…``; *body* for the others."""
        return parse_qs(self.incoming.query).get("cf_connect", [""])[0] if self.method == "GET" else body

    async def gone(self) -> None:
        """Return when the client is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, headers: Headers) -> None:
        """The whole answer; it has no body."""
        await _answer(self.send, status, [*headers, *self._for_its_origin()])

    async def begin(self, content_type: str, first: bytes) -> None:
        """An answer that goes on, and its first bytes."""
        headers = [(b"content-type", content_type.encode()), _NO_STORE, _UNBUFFERED, *self._for_its_origin()]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.send(chunk(first))

    def _for_its_origin(self) -> Headers:
        """The guard has let its origin in, so that its page may read the answer."""
        origin = self.incoming.headers.get("origin")
        if origin is None:
            return []
        allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
        return [allowed, (b"access-control-allow-credentials", b"true"), (b"vary", b"origin")]


async def _answer(send: Send, status: int, headers: Headers) -> None:
    length = [] if status == 204 else [(b"content-length", b"0")]
    everything = [*headers, _NO_STORE, *length]
    await send({"type": "http.response.start", "status": status, "headers": everything})
    await send({"type": "http.response.body", "body": b""})


class HttpEndpoint:
    """An ASGI application for ``http`` scopes.

    :param methods: those that it has, apart from OPTIONS.
    :param serve: answers, or raises ``Refused``.
    """

    def __init__(
        self, entrance: Entrance, methods: Sequence[str], serve: Callable[[Exchange], Awaitable[None]]
    ) -> None:
        self._entrance = entrance
        self._methods = methods
        self._allowed = ", ".join([*methods, "OPTIONS"]).encode()
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            exchange = Exchange(self._entrance.guard(scope), scope["method"], receive, send)
        except Refused as refused:
            await _answer(send, refused.status, [])
            return
        try:
            await self._answer(exchange)
        except Refused as refused:
            await exchange.answer(refused.status, [])
        except Gone:
            return

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.method == "OPTIONS":
            asked = exchange.incoming.headers.get("access-control-request-headers", "").encode("latin-1")
            allow = [(b"access-control-allow-methods", self._allowed), (b"access-control-allow-headers", asked)]
            await exchange.answer(204, [_PREFLIGHT, *allow])
        elif exchange.method not in self._methods:
            await exchange.answer(405, [(b"allow", self._allowed)])
        else:
            await self._serve(exchange)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a line over one long answer begins.

    :param frame: what the client said at once.
    :param first: what is sent at once, so that nobody on the way holds the headers back.
    """

    variant: Variant
    frame: Payload
    content_type: str
    first: bytes = b""


class StreamEndpoint(HttpEndpoint):
    """Serves lines whose replies and pushes are one long answer (protocol §14).

    :param read: what a request with this body asks for; raises ``Refused``.
    :param uni: the client says nothing after its first frame; otherwise the rest comes through ``/emulation``.
    """

    def __init__(
        self,
        entrance: Entrance,
        methods: Sequence[str],
        read: Callable[[Exchange, bytes], Opening],
        *,
        uni: bool = False,
    ) -> None:
        super().__init__(entrance, methods, self._stream)
        self._read = read
        self._uni = uni

    async def _stream(self, exchange: Exchange) -> None:
        limits = self._entrance.engine.limits
        opening = self._read(exchange, await exchange.body(limits.command_frame, limits.connect))
        if exceeds(opening.frame, limits.command_frame):
            raise Refused(413)
        visitor = await self._entrance.admit(exchange.incoming)
        await exchange.begin(opening.content_type, opening.first)
        connection = Connection(exchange.send, partial(_last, opening.variant))
        async with line(
            self._entrance.engine,
            opening.variant,
            connection,
            visitor,
            emulated=not self._uni,
            uni=self._uni,
        ) as session:
            session.receive(opening.frame)
            await exchange.gone()


def chunk(content: bytes) -> AsgiMessage:
    """A piece of an answer that goes on."""
    return {"type": "http.response.body", "body": content, "more_body": True}


def _last(variant: Variant, code: int, reason: str) -> AsgiMessage:
    """The end of the answer, which has no room for a code but in a push."""
    return {**variant.encode(disconnect_push(code, reason)).frame, "more_body": False}


# Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html

EVENTS = "text/event-stream; charset=utf-8"
"""The content type of server-sent events."""
NO_EVENT = b"\r\n"
"""The end of an event that has no data, and so is none."""


def event(content: bytes) -> AsgiMessage:
    """Lines of JSON, each as one event (protocol §14)."""
    return chunk(b"data: " + content.replace(b"\n", b"\n\ndata: ") + b"\n\n")
