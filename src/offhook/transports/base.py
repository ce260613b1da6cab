"""What endpoints share: who is let in, how somebody is turned away, and the connection of a session over ASGI."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from offhook.base import codes, observe, origin
from offhook.base.codes import Code
from offhook.base.errors import CommandError, Disconnect
from offhook.base.incoming import Authenticate, Headers, Identity, Incoming, incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage, Payload, Receive, Scope, Send
from offhook.realtime.dispatch import open_session
from offhook.realtime.engine import Engine
from offhook.realtime.journal import Mark
from offhook.realtime.session import Session
from offhook.realtime.sessions import Crowded, Sessions
from offhook.realtime.tasks import start
from offhook.wire.codec import Variant
from offhook.wire.deflate import Deflater


class Refused(Exception):
    """The connection is turned away with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def guard(scope: Scope, origins: Collection[str]) -> Incoming:
    """The view of a request that may come in.

    :raises Refused: 403: a page of another site opened it (RFC 6455, section 10.2).
    """
    seen = incoming(scope)
    if not origin.allowed(seen.headers, origins, secure=seen.is_secure):
        raise Refused(403)
    return seen


async def identify(seen: Incoming, authenticate: Authenticate[Any] | None, seconds: float) -> Identity[Any] | None:
    """Who that is, by the application's own function; None is nobody.

    :raises Refused: the function said so, failed, or took longer than *seconds*.
    """
    if authenticate is None:
        return None
    try:
        async with asyncio.timeout(seconds):
            return await authenticate(seen)
    except CommandError as error:
        raise Refused(error.status) from None
    except TimeoutError:
        observe.LINE.error("authenticate took longer than its deadline")
        raise Refused(503) from None
    except Exception as error:
        observe.failure(observe.LINE, "authenticate failed", error)
        raise Refused(500) from None


async def admitted(
    sessions: Sessions, seen: Incoming, authenticate: Authenticate[Any] | None, limits: Limits
) -> Identity[Any] | None:
    """``identify`` for a connection that stays open, which has a place meanwhile.

    :raises Refused: as ``identify``; 429 or 503: there is no room; 431: the head is too large to be kept.
    """
    if isinstance(seen.headers, Headers) and seen.headers.size > limits.kept_head:
        raise Refused(431)
    try:
        with sessions.admitting(seen.client):
            identity = await identify(seen, authenticate, limits.handler)
        sessions.admit(seen.client)  # others came in meanwhile
    except Crowded as crowded:
        raise Refused(crowded.status) from None
    return identity


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may open a line, and the request that opens it."""

    incoming: Incoming
    identity: Identity[Any] | None
    mark: Mark
    """The moment before the application was asked; the session catches up with what was ordered since."""


class Entrance:
    """The way in, one for all endpoints of an engine.

    :param authenticate: who opens a line, asked before anything is accepted; without it nobody is known.
    :param origins: further page origins that may open one.
    """

    def __init__(
        self, engine: Engine, authenticate: Authenticate[Any] | None, origins: Collection[str] = ()
    ) -> None:
        self.engine = engine
        self._authenticate = authenticate
        self._origins = origins

    def guard(self, scope: Scope) -> Incoming:
        """The view of a request from a page that may come in, or from no page at all.

        :raises Refused: 403: of another site; 503: the engine takes nobody.
        """
        seen = guard(scope, self._origins)
        if not self.engine.accepting:
            raise Refused(503)
        return seen

    async def admit(self, seen: Incoming) -> Visitor:
        """Who opens a line with this request.

        :raises Refused: there is no room, or the application did not let them in, or could not say; 431: the head
            is too large to be kept as long as the line.
        """
        engine = self.engine
        mark = engine.control.mark()
        identity = await admitted(engine.sessions, seen, self._authenticate, engine.limits)
        if not engine.accepting:
            raise Refused(503)
        # Without ``authenticate`` nobody looks at the headers again, however long the line stays open.
        kept = replace(seen, headers=Headers({})) if self._authenticate is None else seen
        return Visitor(kept, identity, mark)


DIRECT = "offhook.direct"
"""Where a server says in ``scope["extensions"]`` that a WebSocket may be taken over: its value is a ``Direct``."""


class Sink(Protocol):
    """Who has taken a connection over. Nothing of it raises or waits."""

    def received(self, message: Payload) -> None:
        """What came in, in order, as long as reading is not paused."""
        ...

    def lost(self, code: int, reason: str) -> None:
        """The peer has closed with *code*, or the connection is gone; called once, and last."""
        ...

    def pause_writing(self) -> None:
        """The network is busy: what is written from now on waits in memory."""
        ...

    def resume_writing(self) -> None:
        """The network has taken it."""
        ...


class Direct(Protocol):
    """A WebSocket connection of our own server, for those who need neither tasks nor a scope for it."""

    @property
    def deflater(self) -> Deflater | None:
        """How finished frames are compressed that go over this connection; None: not at all."""
        ...

    @property
    def write(self) -> Callable[[bytes], None]:
        """Sends finished frames. Not to be called when the connection is lost or closed."""
        ...

    def start(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run *coroutine* in a task that the server waits for before it ends."""
        ...

    def take(
        self,
        sink: Sink,
        *,
        limit: int,
        oversize: Code | None = None,
        backlog: int | None = None,
        text_as_bytes: bool = False,
        pings: bool = True,
        leaves: bool = False,
    ) -> None:
        """From now on everything is told to *sink*. The ASGI call returns then, which closes nothing.

        :param limit: bytes of one message; a longer one closes with 1009, or with *oversize*.
        :param backlog: bytes that may wait before the network counts as busy; by default what the loop has.
        :param text_as_bytes: whether texts come as bytes, for those who decode them themselves.
        :param pings: whether the server goes on looking by pings of its own whether the peer is there.
        :param leaves: whether *sink* is closed when the server ends, by a ``Drain``; otherwise the server does it.
        :raises UsageError: the upgrade was not accepted before.
        """
        ...

    @property
    def unsent(self) -> int:
        """Bytes that were written and that the network has not taken yet."""
        ...

    def pause_reading(self) -> None:
        """Take nothing more from the network."""
        ...

    def resume_reading(self) -> None:
        """Go on; what is there already is told at once."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close in order; nothing more is received. The peer has some seconds to do its part."""
        ...

    def abort(self) -> None:
        """Let go of the connection at once."""
        ...


class Connection:
    """``Transport`` over ASGI's ``send``.

    :param last: what closes it, given the code and the reason.
    """

    def __init__(self, send: Send, last: Callable[[int, str], AsgiMessage]) -> None:
        self._send = send
        self._last = last
        self._writing: asyncio.Future[None] | None = None
        self._reading: asyncio.Timeout | None = None
        self._size = 0

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """What stands in here reads, until ``abort`` ends it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as self._reading:
                try:
                    yield
                finally:
                    self._reading = None

    def write(self, frame: AsgiMessage) -> "asyncio.Future[None] | None":
        self._size = len(frame.get("text") or frame.get("bytes") or frame.get("body") or b"")
        self._writing = start(self._pass_on(frame))
        taken = self._writing.done() and not self._writing.exception()
        return None if taken else self._writing

    @property
    def unsent(self) -> int:
        return self._size

    async def _pass_on(self, frame: AsgiMessage) -> None:
        await self._send(frame)

    async def close(self, code: int, reason: str) -> None:
        # The client may be gone already, and each server has its own exception for that.
        with contextlib.suppress(Exception):
            await self._send(self._last(code, reason))

    def abort(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())


@asynccontextmanager
async def line(
    engine: Engine,
    variant: Variant,
    connection: Connection,
    visitor: Visitor,
    *,
    emulated: bool = False,
    uni: bool = False,
    pings: bool = True,
) -> AsyncIterator[Session]:
    """A session as long as its client can be read. What stands in here reads, and is ended when it is closed."""
    session = open_session(
        engine,
        variant,
        connection,
        visitor.identity,
        visitor.incoming,
        mark=visitor.mark,
        emulated=emulated,
        uni=uni,
        pings=pings,
    )
    try:
        async with connection.reading():
            engine.control.catch_up(session, visitor.mark)
            turn_away(session)
            yield session
    finally:
        session.lost()


def turn_away(session: Session) -> None:
    """Close a session at once that could not connect: it keeps no place from those who can.

    That is so if no user is signed in and the application has neither anonymous lines nor tokens. The refusal has
    a terminal code and not a status of the upgrade, after which every SDK would try again (``decisions/0020``).
    """
    engine = session.engine
    if session.identity is None and not engine.anonymous and engine.tokens is None:
        session.close(Disconnect(codes.BAD_COMMAND))


async def deny(scope: Scope, send: Send, status: int) -> None:
    """Answer an upgrade with *status* where the server can do that, and with its 403 otherwise.

    :raises OSError: the client is gone; a server expects to see that again.
    """
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1000})
        return
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})


async def await_upgrade(receive: Receive) -> bool:
    """Whether the client still wants to be connected; the first thing to ask for (ASGI, websocket connect)."""
    message = await receive()
    return bool(message["type"] == "websocket.connect")


def exceeds(message: Payload, limit: int) -> bool:
    """Whether *message* has more than *limit* bytes; text counts in UTF-8."""
    # A character has at most four bytes; only in between has the text to be encoded to know.
    if isinstance(message, str) and len(message) <= limit < len(message) * 4:
        return len(message.encode(errors="replace")) > limit
    return len(message) > limit
