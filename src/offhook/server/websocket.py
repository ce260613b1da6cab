"""The WebSocket class for uvicorn: frames in, frames out, pings, and the end of a connection (RFC 6455).

It knows nothing of ASGI. What comes in goes to a ``Sink``: at first to a ``Conversation``, which asks the
application, and later to whoever took the connection over (``Direct``). Then nothing of the request is left in
memory, and no task.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from offhook.base.codes import Code
from offhook.base.errors import UsageError
from offhook.base.types import Scope
from offhook.server.conversation import Conversation
from offhook.server.http import log_refusal
from offhook.server.shared import Shared
from offhook.server.stage import Stage
from offhook.server.upgrade import Headers, answer, ends, named, parse, refusal, scope
from offhook.transports.base import DIRECT, Sink
from offhook.wire import frames
from offhook.wire.closing import CloseCode
from offhook.wire.deflate import Agreement, Deflater, negotiate
from offhook.wire.frames import Control, Reader, Received
from offhook.wire.handshake import BadHandshake, Opening, opening

_OPEN = Stage.OPEN
_PING = frames.ping()
_END_OF_HEAD = b"\r\n\r\n"
_LARGEST_HEAD = 128 * 1024
"""Bytes. The class for HTTP has its own limit, and gives the head as a whole."""

# Close codes (RFC 6455, section 7.4.1; 1012 was registered since).
_ABNORMAL, _INTERNAL, _RESTART = 1006, 1011, 1012


class WebSocketProtocol(asyncio.Protocol):
    """One connection, from uvicorn's ``ws=``. It is the ``Direct`` of its own scope.

    :param further: what a later uvicorn may pass.
    """

    __slots__ = (
        "_app_state",
        "_head",
        "_leaves",
        "_opening",
        "_oversize",
        "_paused",
        "_pong",
        "_pressed",
        "_reader",
        "_reading",
        "_shared",
        "_sink",
        "_transport",
        "_turning",
        "_waiting",
        "deflater",
        "stage",
    )

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], **further: object
    ) -> None:
        self.stage = Stage.HEAD
        self.deflater: Deflater | None = None
        self._shared = Shared.of(config, server_state)
        self._app_state: dict[str, Any] | None = app_state
        self._head = b""
        """What came before the application accepted: the head of the request, then what followed it too early."""
        self._opening: Opening | None = None
        self._transport: asyncio.Transport
        self._sink: Sink | None = None
        self._leaves = False
        self._oversize: Code | None = None
        """What closes instead of 1009."""
        """Whether the sink hears elsewhere that the server ends."""
        self._reader: Reader | None = None
        self._waiting: list[Received] = []
        """What came in while the sink paused, the oldest last."""
        self._reading = True
        """Whether the network is read."""
        self._paused = False
        """Whether the sink wants nothing more."""
        self._turning = False
        """Whether the reader goes on in the loop's next turn."""
        self._pressed = False
        """Whether the network takes nothing more."""
        self._pong: bytes | None = None
        """The answer to the latest ping, while the network takes nothing."""

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is ours; its first bytes are the request's head, as the class for HTTP read it."""
        self._transport = cast("asyncio.Transport", transport)
        self._shared.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        reader = self._reader
        if reader is None:
            if self.stage < Stage.CLOSING:
                self._take_head(data)
            return
        # Most of what comes is one short message that nothing stands before. ``bench echo`` sees each step here.
        if self._reading and self.stage is _OPEN and self._sink is not None:
            message = reader.whole(data)
            if message is not None:
                self._sink.received(message)
                return
        self._take_in(reader.feed(data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be done."""
        self._shared.connections.discard(self)
        self._shared.forget(self)
        self._shared.closings.end(self)
        self._shared.lingering.end(self)
        self._let_go()
        self._tell_lost(_ABNORMAL, "")

    def pause_writing(self) -> None:
        """Said by the transport: its buffer is full."""
        self._pressed = True
        if self._sink is not None:
            self._sink.pause_writing()

    def resume_writing(self) -> None:
        """Said by the transport: its buffer has room again."""
        self._pressed = False
        if self._pong is not None and self.stage == Stage.OPEN:
            self._transport.write(frames.pong(self._pong))
        self._pong = None
        if self._sink is not None:
            self._sink.resume_writing()

    def shutdown(self) -> None:
        """Said by uvicorn: the process ends."""
        if self.stage == Stage.OPEN:
            self._end(_RESTART, "", frames.close(_RESTART))
        elif self.stage < Stage.DENIED:
            self._end(_ABNORMAL, "", refusal(503))
        elif self.stage == Stage.CLOSING:
            self._hang_up()

    # The handshake

    def _take_head(self, data: bytes) -> None:
        self._head += data
        if len(self._head) > _LARGEST_HEAD:
            self._refuse(BadHandshake("too long", 431), self._head)
        elif self._opening is None and _END_OF_HEAD in self._head:
            head, _, self._head = self._head.partition(_END_OF_HEAD)
            try:
                self._ask(head)
            except BadHandshake as bad:
                self._refuse(bad, head)

    def _ask(self, head: bytes) -> None:
        """Ask the application. No frame is legal before it has accepted (section 4.1); nothing is read."""
        request = parse(head)
        self._opening = opening(request.method, request.version, request.headers)
        config, state = self._shared.config, self._app_state or {}
        extensions = {"websocket.http.response": {}, DIRECT: self}
        asgi = scope(request, self._opening.subprotocols, self._transport, config, state, extensions)
        self.stage, self._app_state = Stage.ASKED, None
        self._tune()
        self._converse(asgi)

    def _converse(self, asgi: Scope) -> None:
        conversation = Conversation(self)
        self._sink = conversation
        self._shared.start(conversation.run(self._shared.config.loaded_app, asgi))

    def _refuse(self, bad: BadHandshake, head: bytes) -> None:
        if self.stage == Stage.HEAD:  # Later the application has been asked, and its log tells of it.
            method, target = named(head)
            log_refusal(self._shared.config, get_remote_addr(self._transport), method, target, bad.status)
        self._end(_ABNORMAL, "", refusal(bad.status, bad.reason, bad.headers))

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        """Complete the upgrade.

        :raises RuntimeError: one of *headers* cannot be sent.
        """
        assert self._opening is not None
        agreement = negotiate(self._opening.offers, self._shared.terms) if self._shared.terms else None
        said = [
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", self._opening.accept.encode()),
            *([(b"sec-websocket-extensions", agreement.extension.encode())] if agreement else []),
            *([(b"sec-websocket-protocol", subprotocol.encode("latin-1"))] if subprotocol else []),
        ]
        self._transport.write(answer(101, [*said, *self._shared.default_headers, *headers]))
        self._open(agreement)

    def _open(self, agreement: Agreement | None) -> None:
        early, self._head, self._opening = self._head, b"", None
        self.stage = Stage.OPEN
        self.deflater = None if agreement is None else agreement.deflater
        inflater = None if agreement is None else agreement.inflater()
        self._reader = Reader(self._shared.config.ws_max_size, inflater=inflater)
        self._shared.watch(self)
        self._take_in(self._reader.feed(early) if early else [])

    def deny(self, status: int, headers: Headers) -> None:
        """Begin to answer with something else than an upgrade; ``write`` and ``hang_up`` do the rest.

        :raises RuntimeError: the status, or one of *headers*, cannot be sent.
        """
        headers = [*self._shared.default_headers, *headers]
        self._transport.write(answer(status, [*headers, *ends(headers)]))
        self.stage = Stage.DENIED

    # Direct

    @property
    def write(self) -> Any:
        """Sends finished frames: the transport's own method, with nothing in between."""
        return self._transport.write

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """``Direct.start``."""
        return self._shared.start(coroutine)

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
        """``Direct.take``: forget the conversation with the application, and its scope, queue and task."""
        if self.stage < Stage.OPEN:
            raise UsageError("accept the WebSocket before it is taken over")
        if self.stage > Stage.OPEN or self._reader is None:
            sink.lost(_ABNORMAL, "")
            return
        conversation, self._sink = self._sink, sink
        self._leaves, self._oversize = leaves, oversize
        self._reader.limit, self._reader.text_as_bytes = limit, text_as_bytes
        if backlog is not None:
            self._transport.set_write_buffer_limits(high=backlog)
        if not pings:
            self._shared.forget(self)
        if isinstance(conversation, Conversation):
            self._waiting += reversed(conversation.leave())
        if self._pressed:
            sink.pause_writing()
        self.resume_reading()

    @property
    def leaves(self) -> bool:
        """Whether whoever has taken it over ends it when the server ends."""
        return self._leaves

    @property
    def unsent(self) -> int:
        """``Direct.unsent``."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """``Direct.pause_reading``."""
        self._paused = True
        self._tune()

    def resume_reading(self) -> None:
        """``Direct.resume_reading``."""
        self._paused = False
        self._deliver()

    def close(self, code: int, reason: str) -> None:
        """``Direct.close``.

        :raises UsageError: *code* may not be sent.
        """
        if self.stage != Stage.OPEN:
            return
        self._transport.write(frames.close(code, reason))
        self.stage = Stage.CLOSING
        self._shared.forget(self)
        self._shared.closings.begin(self)
        self.resume_reading()

    def leave(self) -> None:
        """The peer had the time to read why."""
        self._transport.close()

    def abort(self) -> None:
        """``Direct.abort``."""
        self._transport.abort()

    # What comes in

    def _take_in(self, received: list[Received]) -> None:
        received.reverse()
        self._waiting = received + self._waiting if self._waiting else received
        self._deliver()
        if self._reader is not None:
            self._shared.unfinished.keeps(self, self._reader.unfinished)

    def _deliver(self) -> None:
        """Pass on what came in until the sink pauses, then what the reader found wrong."""
        while self._waiting and not self._paused:
            received = self._waiting.pop()
            if type(received) is Control:
                self._obey(received)
            elif self.stage == Stage.OPEN and self._sink is not None:
                self._sink.received(cast("str | bytes", received))
        reader = self._reader
        if reader is not None and not self._waiting:
            if reader.error is not None:
                self._break_off(reader.error.code, reader.error.reason)
            elif reader.more and not self._turning:
                self._turning = True
                asyncio.get_running_loop().call_soon(self._read_on)
        self._tune()

    def _break_off(self, code: int, reason: str) -> None:
        if code == CloseCode.TOO_BIG and self._oversize is not None:
            code, reason = self._oversize.number, self._oversize.name
        self.fail(code, reason)

    def _read_on(self) -> None:
        self._turning = False
        if self._reader is not None and self.stage < Stage.CLOSED and not self._waiting:
            self._take_in(self._reader.feed(b""))

    def _tune(self) -> None:
        """Read from the network, or do not: while there is something to be done first.

        In the end everything is read, and dropped.
        """
        reader = self._reader
        reads = reader is not None and not (self._waiting or self._paused or reader.more)
        reads = reads or self.stage is Stage.CLOSED
        if reads is not self._reading and not self._transport.is_closing():
            self._reading = reads
            if reads:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _obey(self, control: Control) -> None:
        if control.opcode == frames.PING:
            self._answer(control.payload)
        elif control.opcode == frames.PONG:
            self._shared.answered(self)
        elif self.stage == Stage.CLOSING:
            self._hang_up(hurry=True)
        else:
            self._end(control.code, control.reason, frames.close(control.code), hurry=True)

    def _answer(self, payload: bytes) -> None:
        """Of several pings the latest may be answered alone (section 5.5.3), and one waits at most."""
        if self._pressed:
            self._pong = payload
        elif self.stage == Stage.OPEN:
            self._transport.write(frames.pong(payload))

    # The end

    def ping(self) -> None:
        """The peer has been silent; a pong will show whether it is there."""
        self._transport.write(_PING)

    def is_deaf(self) -> bool:
        """Whether it is we who do not read; a pong that is not read proves nothing."""
        return not self._reading and not self._transport.get_write_buffer_size()

    def expire(self) -> None:
        """The peer did not answer a ping. What it has not read by now it will not read."""
        self.fail(_INTERNAL, "no pong")
        if self._transport.get_write_buffer_size():
            self._transport.abort()

    def finish(self, code: int) -> None:
        """The application has nothing more to say: the closing handshake, or nothing if that is under way."""
        if self.stage < Stage.OPEN:
            self._end(_ABNORMAL, "", b"" if self.stage == Stage.DENIED else refusal(500))
        self.close(code, "")

    def hang_up(self) -> None:
        """The answer that ``deny`` began is complete."""
        self._end(_ABNORMAL, "", b"")

    def fail(self, code: int, reason: str) -> None:
        """Close with *code* at once, and tell the sink."""
        if self.stage == Stage.OPEN:
            self._end(code, reason, frames.close(code, reason))
        elif self.stage == Stage.CLOSING:
            self._hang_up()

    def _end(self, code: int, reason: str, last: bytes, *, hurry: bool = False) -> None:
        """Send what is *last*, and tell the sink; nothing that comes in is used any more."""
        if last:
            self._transport.write(last)
        self._shared.forget(self)
        self._hang_up(hurry=hurry)
        self._tell_lost(code, reason)

    def _hang_up(self, *, hurry: bool = False) -> None:
        """Close when the peer has read what was written. It has some seconds for that.

        A connection that is closed while bytes arrive is reset, and what was written last is lost with it. So the
        server ends its own side alone, and drops what comes in until the peer closes.

        :param hurry: nothing can come in any more: the peer has said its Close.
        """
        self._let_go()
        if self not in self._shared.closings:
            self._shared.closings.begin(self)
        if hurry:
            self._transport.close()
        elif self._transport.can_write_eof():
            with suppress(OSError):  # the peer has gone already
                self._transport.write_eof()
        else:  # TLS cannot end one side alone
            self._shared.lingering.begin(self)
        self._tune()

    def _let_go(self) -> None:
        """Keep nothing of what came in, however long the end may take."""
        self.stage = Stage.CLOSED
        self._waiting, self._reader = [], None
        self._shared.unfinished.keeps(self, 0)

    def _tell_lost(self, code: int, reason: str) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.lost(code, reason)
