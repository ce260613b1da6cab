"""``WebSocket`` for a route's own socket: whatever the application and any WebSocket client agree on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from offhook.base import observe
from offhook.base.errors import CommandError, Disconnect, UsageError
from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage, Payload, Receive, Scope, Send
from offhook.realtime.sessions import Crowded, Sessions
from offhook.transports.base import DIRECT, Direct, await_upgrade, deny, exceeds
from offhook.wire import frames
from offhook.wire.deflate import Deflater

# RFC 6455, section 7.4.1
_NORMAL = 1000
_NO_STATUS = 1005
_ABNORMAL = 1006
_POLICY = 1008
_TOO_BIG = 1009
_INTERNAL = 1011


class WebSocketState(StrEnum):
    """Where a socket stands, in the words of the browser's ``readyState``."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


_CONNECTING, _OPEN = WebSocketState.CONNECTING, WebSocketState.OPEN

_MOST_MESSAGES = 64
_LONG = 4096
"""So many wait for a coroutine that does not receive, or one that is longer than so many bytes; beyond it the
network is not read."""
_SHARED = 256
"""From so many characters or bytes on it is cheaper to find a frame than to make it."""
_LASTING = (str, bytes)
"""Of these the same object has the same content; a bytearray, passed in spite of its type, may have changed."""


class Closed(Exception):
    """The socket is closed: by the peer, by us, or because the network is gone."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class WebSocket:
    """One connection of any WebSocket client.

    It is accepted when it is first used, or by ``accept``. ``async for`` receives until it is closed::

        async def socket(ws: WebSocket) -> None:
            async for text in ws:
                await ws.send(text)

    Every method may be cancelled, and the socket can be used afterwards. Several tasks may use it at once, one of
    them to receive.

    ``incoming`` is the request that opened it. ``close_code`` and ``close_reason`` say how it was closed, and are
    None and empty until then.
    """

    __slots__ = (
        "__weakref__",
        "_limits",
        "_receive",
        "_scope",
        "_send",
        "close_code",
        "close_reason",
        "incoming",
        "state",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, incoming: Incoming, limits: Limits) -> None:
        self.incoming = incoming
        self.state = _CONNECTING
        self.close_code: int | None = None
        self.close_reason = ""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limits = limits

    async def accept(self, subprotocol: str | None = None) -> None:
        """Complete the upgrade, with one of the subprotocols that the client offered if any; once is enough.

        :raises Closed: the client is gone.
        """
        if self.state is _CONNECTING:
            self.state = _OPEN
            await self._pass_on({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive(self) -> Payload:
        """The next message: text as ``str``, binary as ``bytes``.

        :raises Closed: no further one will come.
        """
        await self.accept()
        self._check_open()
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._ended(message.get("code", _NO_STATUS), message.get("reason") or "")
            self._check_open()
        text: str | None = message.get("text")
        data: Payload = message["bytes"] if text is None else text
        if exceeds(data, self._limits.socket_message):
            await self.close(_TOO_BIG, "message too big")
            self._check_open()
        return data

    async def send(self, data: Payload) -> None:
        """Send one message; returns when the network has taken it.

        Under ``offhook serve`` that is at once, as long as the peer has not left ``Limits.socket_backlog`` bytes
        unread.

        :raises Closed: it cannot be sent any more; also when the peer did not read for ``Limits.write`` seconds.
        """
        await self.accept()
        self._check_open()
        await self._pass_on({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    async def close(self, code: int = _NORMAL, reason: str = "") -> None:
        """Close, or refuse with 403 when it was not accepted; nothing when it is closed already."""
        if self.state is _CONNECTING:
            await self._refuse(403)
        elif self.state is _OPEN:
            self.state = WebSocketState.CLOSING
            with contextlib.suppress(Closed):
                await self._pass_on({"type": "websocket.close", "code": code, "reason": reason})
            self._ended(code, reason)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Payload:
        try:
            return await self.receive()
        except Closed:
            raise StopAsyncIteration from None

    async def _serve(self, life: Coroutine[Any, Any, None]) -> None:
        """Run all of its *life*."""
        await life

    def _over(self) -> None:
        """Its life has ended."""

    async def _refuse(self, status: int) -> None:
        self._ended(_ABNORMAL, "")
        with contextlib.suppress(OSError):
            await deny(self._scope, self._send, status)

    async def _pass_on(self, message: AsgiMessage) -> None:
        """Send; what a server raises for a connection that is gone differs from server to server."""
        try:
            async with asyncio.timeout(self._limits.write):
                await self._send(message)
        except (OSError, RuntimeError):
            self._ended(_ABNORMAL, "")
            self._check_open()

    def _ended(self, code: int, reason: str) -> None:
        self.state = WebSocketState.CLOSED
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason

    def _check_open(self) -> None:
        if self.state is not _OPEN:
            raise Closed(self.close_code or _ABNORMAL, self.close_reason)


class _DirectSocket(WebSocket):
    """The same over a connection of our own server, whose ``Sink`` it is.

    ASGI is left behind with the upgrade. A message on its way in wakes the task that waits for it, one on its way
    out is a frame that is written: there is nothing else for it to pass.
    """

    __slots__ = ("_decided", "_direct", "_full", "_inbox", "_news", "_relief", "_write")

    _latest: ClassVar[tuple[Payload, Deflater | None, bytes]] = ("", None, b"")
    """What was framed last, and its frame: a message to many is mostly sent to one after the other."""

    def __init__(
        self,
        direct: Direct,
        scope: Scope,
        receive: Receive,
        send: Send,
        incoming: Incoming,
        limits: Limits,
    ) -> None:
        super().__init__(scope, receive, send, incoming, limits)
        self._direct = direct
        self._inbox: list[Payload] = []
        self._full = False
        """Whether the network is not read because of the inbox."""
        self._news: asyncio.Future[None] | None = None
        """Waited for by the task that receives."""
        self._write: Callable[[bytes], None] | None = None
        """Only while the network takes something."""
        self._relief: asyncio.Event | None = None
        """Set when the network takes something again, or never will."""
        self._decided: asyncio.Future[None] | None = None
        """Done when it is accepted, or never will be."""

    async def accept(self, subprotocol: str | None = None) -> None:
        if self.state is _CONNECTING:
            await super().accept(subprotocol)
            self._write = self._direct.write
            limits = self._limits
            self._direct.take(self, limit=limits.socket_message, backlog=limits.socket_backlog)
            self._decide()
            self._relieve()
            del self._scope, self._receive, self._send

    async def receive(self) -> Payload:
        while not self._inbox:
            await self._something()
        if self._full and len(self._inbox) == 1:
            self._read_on()
        return self._inbox.pop(0)

    async def __anext__(self) -> Payload:
        # The same as above, since one call more for each message can be measured.
        try:
            while not self._inbox:
                await self._something()
        except Closed:
            raise StopAsyncIteration from None
        if self._full and len(self._inbox) == 1:
            self._read_on()
        return self._inbox.pop(0)

    async def send(self, data: Payload) -> None:
        write = self._write
        if write is None:
            write = await self._writable()
        write(frames.message(data, self._direct.deflater) if len(data) < _SHARED else self._frame(data))

    async def close(self, code: int = _NORMAL, reason: str = "") -> None:
        if self.state is not _OPEN:
            await super().close(code, reason)
            return
        self._direct.close(code, reason)
        self.state = WebSocketState.CLOSING
        self._inbox.clear()
        if self._write is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.write):
                    await self._relieved()
        self._ended(code, reason)

    def _something(self) -> Awaitable[None]:
        """What has to happen before there can be a message.

        :raises Closed: there will be none.
        """
        if self.state is _CONNECTING:
            return self.accept()
        if self.state is not _OPEN:
            self._check_open()
        if self._news is not None and not self._news.done():
            raise UsageError("one task at a time may receive from a WebSocket")
        self._news = asyncio.Future()
        return self._news

    def _read_on(self) -> None:
        """The last message is being taken. What the network has for us by now comes behind it."""
        self._full = False
        self._direct.resume_reading()

    def _frame(self, data: Payload) -> bytes:
        """A longer message, framed; or its frame, if it was the latest one."""
        deflater = self._direct.deflater
        latest, of, frame = _DirectSocket._latest
        if latest is not data or of is not deflater:
            frame = frames.message(data, deflater)
            if type(data) in _LASTING:
                _DirectSocket._latest = (data, deflater, frame)
        return frame

    async def _writable(self) -> Callable[[bytes], None]:
        """Accepted, and once the network takes something again: how to write."""
        await self.accept()
        try:
            async with asyncio.timeout(self._limits.write):
                while (write := self._write) is None:
                    self._check_open()
                    await self._relieved()
                return write
        except TimeoutError:
            self._ended(_ABNORMAL, "")
            self._direct.abort()
            raise Closed(_ABNORMAL) from None

    async def _relieved(self) -> None:
        if self._relief is None:
            self._relief = asyncio.Event()
        await self._relief.wait()

    async def _serve(self, life: Coroutine[Any, Any, None]) -> None:
        """Run its *life* in a task of its own, and return when the upgrade is answered."""
        self._decided = decided = asyncio.get_running_loop().create_future()
        task = self._direct.start(life)
        try:
            await decided
        finally:
            if not decided.done() or decided.cancelled():
                task.cancel()

    def _over(self) -> None:
        self._decide()
        self._direct.close(_INTERNAL, "")

    def _decide(self) -> None:
        decided, self._decided = self._decided, None
        if decided is not None and not decided.done():
            decided.set_result(None)

    def _ended(self, code: int, reason: str) -> None:
        super()._ended(code, reason)
        self._write = None
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
        self._relieve()

    def _relieve(self) -> None:
        relief, self._relief = self._relief, None
        if relief is not None:
            relief.set()

    # Sink

    def received(self, message: Payload) -> None:
        """``Sink.received``."""
        self._inbox.append(message)
        news = self._news
        if news is not None and not news.done():
            news.set_result(None)
        elif len(message) > _LONG or len(self._inbox) >= _MOST_MESSAGES:
            self._full = True
            self._direct.pause_reading()

    def lost(self, code: int, reason: str) -> None:
        """``Sink.lost``."""
        self._ended(code, reason)

    def pause_writing(self) -> None:
        """``Sink.pause_writing``."""
        self._write = None

    def resume_writing(self) -> None:
        """``Sink.resume_writing``."""
        if self.state is _OPEN:
            self._write = self._direct.write
        self._relieve()


def open_socket(scope: Scope, receive: Receive, send: Send, incoming: Incoming, limits: Limits) -> WebSocket:
    """The socket of an upgrade, which has still to be accepted; by the shorter way where the server has one."""
    direct: Direct | None = scope.get("extensions", {}).get(DIRECT)
    if direct is None:
        return WebSocket(scope, receive, send, incoming, limits)
    return _DirectSocket(direct, scope, receive, send, incoming, limits)


class Guest(Protocol):
    """The sign-in behind a socket, which may end before the socket does."""

    def begin(self) -> None:
        """The socket is about to begin.

        :raises Disconnect: the sign-in has ended.
        """
        ...

    def end(self) -> None:
        """The socket has ended."""
        ...


async def serve_socket(
    ws: WebSocket, handler: Callable[[], Awaitable[object]], sessions: Sessions, guest: Guest | None = None
) -> None:
    """Run a route's socket *handler* from the upgrade to the end, whatever it raises.

    It returns: closed with 1000, or refused with 403 if it never used the socket. It raises an error that a page
    understands: the page's status before it accepted, 1008 after. Anything else is closed with 1011 and logged.
    It counts beside *sessions*; where there is no room it is refused as a line is.

    On a connection of our own server this returns with the upgrade, and *handler* goes on in a task of its own.
    """
    if await await_upgrade(ws._receive):
        await ws._serve(_live(ws, handler, sessions, guest))


async def _live(
    ws: WebSocket, handler: Callable[[], Awaitable[object]], sessions: Sessions, guest: Guest | None
) -> None:
    try:
        sessions.admit(ws.incoming.client)
    except Crowded as crowded:
        try:
            await ws._refuse(crowded.status)
        finally:
            ws._over()
        return
    sessions.enter(ws.incoming.client)
    try:
        if guest is not None:
            guest.begin()
        running = handler()
        del handler  # and with it what the arguments were taken from
        await running
    except Closed:
        await ws.close()
    except CommandError as error:
        await _turn_away(ws, error.status, _POLICY, error.code.name)
    except Disconnect as disconnect:
        await _turn_away(ws, 403, disconnect.code.number, disconnect.reason)
    except Exception as error:
        observe.failure(observe.LINE, f"the socket of {ws.incoming.path} failed", error)
        await _turn_away(ws, 500, _INTERNAL, "internal error")
    else:
        await ws.close()
    finally:
        if guest is not None:
            guest.end()
        sessions.leave(ws.incoming.client)
        ws._over()


async def _turn_away(ws: WebSocket, status: int, code: int, reason: str) -> None:
    if ws.state is _CONNECTING:
        await ws._refuse(status)
    await ws.close(code, reason)
