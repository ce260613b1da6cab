"""One application and one WebSocket, in the words of ASGI's websocket scope (specification 2.4)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from uvicorn.protocols.utils import ClientDisconnected

from offhook.base.types import AsgiApp, AsgiMessage, Payload, Scope
from offhook.server.stage import Stage
from offhook.server.upgrade import Headers
from offhook.wire import frames
from offhook.wire.deflate import Deflater

_LOG = logging.getLogger("uvicorn.error")
_NORMAL, _ABNORMAL, _INTERNAL = 1000, 1006, 1011

_MOST_BYTES = 64 * 1024
_MOST_MESSAGES = 64
"""So much waits for an application that does not read; beyond it the network is not read."""


class Upgrade(Protocol):
    """The connection, as a conversation needs it."""

    stage: Stage
    deflater: Deflater | None

    @property
    def write(self) -> Callable[[bytes], None]:
        """Sends bytes."""
        ...

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        """Complete the upgrade."""
        ...

    def deny(self, status: int, headers: Headers) -> None:
        """Begin an answer that is no upgrade."""
        ...

    def hang_up(self) -> None:
        """That answer is complete."""
        ...

    def pause_reading(self) -> None:
        """Pass on nothing more."""
        ...

    def resume_reading(self) -> None:
        """Go on."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        ...

    def finish(self, code: int) -> None:
        """Nothing more will be said: close with *code*, or refuse the upgrade."""
        ...

    def fail(self, code: int, reason: str) -> None:
        """Close at once, and tell whoever took the connection over."""
        ...


class Conversation:
    """The sink of a connection that an application serves by ``receive`` and ``send``."""

    __slots__ = (
        "_bytes",
        "_denial",
        "_end",
        "_inbox",
        "_left",
        "_over",
        "_told",
        "_upgrade",
        "_waiters",
        "_writable",
    )

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        self._told = False
        """Whether the application knows of the connection."""
        self._inbox: list[Payload] = []
        self._bytes = 0
        """How much is in there."""
        self._end: AsgiMessage | None = None
        """How it ended, as the application is told."""
        self._left = False
        """Whether somebody took the connection over."""
        self._over = False
        """Whether the application itself has ended it."""
        self._denial: AsgiMessage | None = None
        """The head of an answer, which goes with the first part of its body."""
        self._waiters: list[asyncio.Future[None]] = []
        self._writable: asyncio.Event | None = None
        """Set when the network takes something again."""

    async def run(self, app: AsgiApp, scope: Scope) -> None:
        """Ask *app* until it returns. Then the connection is closed, unless somebody took it over."""
        try:
            await app(scope, self._receive, self._send)
        except ClientDisconnected:
            pass  # Said by our own ``send``.
        except asyncio.CancelledError:
            self._finish(_INTERNAL)
            raise
        except Exception:
            _LOG.exception("Exception in ASGI application\n")
            self._finish(_INTERNAL)
        else:
            if self._upgrade.stage < Stage.DENIED:
                _LOG.error("ASGI callable returned without answering the handshake.")
            self._finish(_NORMAL)

    def _finish(self, code: int) -> None:
        if not self._left:
            self._upgrade.finish(code)
        elif code != _NORMAL:
            self._upgrade.fail(code, "")

    def leave(self) -> list[Payload]:
        """Somebody else is the sink from now on. What the application has not received, in order."""
        self._left = True
        inbox, self._inbox = self._inbox, []
        self._conclude(_ABNORMAL, "")
        return inbox

    # ASGI

    async def _receive(self) -> AsgiMessage:
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        while not self._inbox:
            if self._end is not None:
                return self._end
            await self._wait()
        data = self._inbox.pop(0)
        self._bytes -= len(data)
        if not self._inbox:
            self._upgrade.resume_reading()
        return {"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data}

    async def _wait(self) -> None:
        """Until something happened; several tasks may wait, and each may be cancelled."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    async def _send(self, message: AsgiMessage) -> None:
        if self._writable is not None:
            await self._writable.wait()
        match self._upgrade.stage, message["type"]:
            case Stage.OPEN, "websocket.send":
                self._send_data(message)
            case Stage.OPEN, "websocket.close":
                self._close(message.get("code", _NORMAL), message.get("reason") or "")
            case Stage.ASKED, "websocket.accept":
                self._upgrade.accept(message.get("subprotocol"), _pairs(message))
            case Stage.ASKED, "websocket.close":
                self._deny({"status": 403}, {"body": b""})
            case Stage.ASKED, "websocket.http.response.start" if self._denial is None:
                self._denial = message
            case ((Stage.ASKED | Stage.DENIED), "websocket.http.response.body") if self._denial is not None:
                self._deny(self._denial, message)
            case ((Stage.CLOSING | Stage.CLOSED), _) if not self._over:
                raise ClientDisconnected
            case stage, kind:
                raise RuntimeError(f"unexpected ASGI message {kind!r} ({stage.name.lower()})")

    def _send_data(self, message: AsgiMessage) -> None:
        data = message.get("bytes")
        data = message["text"] if data is None else data
        self._upgrade.write(frames.message(data, self._upgrade.deflater))

    def _close(self, code: int, reason: str) -> None:
        self._upgrade.close(code, reason)
        self._over = True
        self._conclude(code, reason)

    def _deny(self, head: AsgiMessage, part: AsgiMessage) -> None:
        """Answer with something else than an upgrade, of whose body this is one *part*."""
        body, more = part.get("body", b""), part.get("more_body", False)
        if self._upgrade.stage == Stage.ASKED:
            headers = _pairs(head)
            if not more and all(name.lower() != b"content-length" for name, _ in headers):
                headers.append((b"content-length", b"%d" % len(body)))
            self._upgrade.deny(head["status"], headers)
        self._upgrade.write(body)
        if not more:
            self._over = True
            self._conclude(_ABNORMAL, "")
            self._upgrade.hang_up()

    # Sink

    def received(self, message: Payload) -> None:
        """``Sink.received``."""
        self._inbox.append(message)
        self._bytes += len(message)
        if self._bytes > _MOST_BYTES or len(self._inbox) >= _MOST_MESSAGES:
            self._upgrade.pause_reading()
        self._wake()

    def lost(self, code: int, reason: str) -> None:
        """``Sink.lost``."""
        self._conclude(code, reason)
        self.resume_writing()

    def pause_writing(self) -> None:
        """``Sink.pause_writing``."""
        self._writable = self._writable or asyncio.Event()

    def resume_writing(self) -> None:
        """``Sink.resume_writing``."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def _conclude(self, code: int, reason: str) -> None:
        """The application receives what is there, and then how it ended; the first end counts."""
        if self._end is None:
            self._end = {"type": "websocket.disconnect", "code": code, "reason": reason}
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def _pairs(message: AsgiMessage) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in message.get("headers") or ()]
