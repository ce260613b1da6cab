"""WebSocket frames (RFC 6455, section 5): what came in, read by a ``Reader``; what goes out, made by functions."""

from codecs import IncrementalDecoder, getincrementaldecoder
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import Struct

from offhook.wire.closing import CloseCode, FrameError, close_payload, parse_close
from offhook.wire.deflate import Deflater, Inflater
from offhook.wire.mask import apply_mask

FRAGMENTS = 4096
"""Frames of one message; a flood of empty ones would cost time without ever reaching a limit of bytes."""

TURN = 256
"""Messages or fragments that one call reads: a budget for one connection, so that others have their turn."""

# What a frame is (section 5.2). From 8 on it controls the connection.
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

_FIN = 0x80
_COMPRESSED = 0x40
"""The first reserved bit, in the first frame of a message (RFC 7692, section 6)."""
_RESERVED = 0x30
_MASKED = 0x80
_SIZE_IN_16_BITS = 126
_SIZE_IN_64_BITS = 127
_LONGEST_CONTROL = 125
_WHOLE_TEXT = _FIN | TEXT
_WHOLE_BINARY = _FIN | BINARY
_KEY = 4
_SMALLEST = 2 + _KEY
"""Bytes of an empty frame from a client."""

_Utf8 = getincrementaldecoder("utf-8")


class Control(Struct, frozen=True, gc=False):
    """A Ping, a Pong or a Close. The last of them has a code, which is ``NO_STATUS`` without one, and a reason."""

    opcode: int
    payload: bytes
    code: int = CloseCode.NO_STATUS
    reason: str = ""


Received: TypeAlias = str | bytes | Control
"""A text, a binary message, or a control frame."""


@dataclass(slots=True)
class _Message:
    """The message whose last frame has not come. ``utf8`` checks it as it arrives, if it is text as it is."""

    opcode: int
    inflater: Inflater | None
    utf8: IncrementalDecoder | None
    payload: bytearray = field(default_factory=bytearray)
    fragments: int = 1


@dataclass(slots=True)
class _Frame:
    """The frame of which ``left`` bytes have not come; ``key`` is turned to the first of them.

    ``payload`` is where they go: into the message, whose ``utf8`` it has too, or into a control frame's own.
    """

    opcode: int
    final: bool
    key: bytes
    left: int
    payload: bytearray
    utf8: IncrementalDecoder | None


class Reader:
    """Reads what a peer sends, cut anywhere, and keeps it to the RFCs. What is over a limit is never kept.

    ``limit``, ``inflater`` and ``text_as_bytes`` may be changed between two calls of ``feed``.

    :param limit: bytes of one message, as it comes and as it is when inflated.
    :param fragments: frames of one message.
    :param inflater: where compression was agreed on.
    :param masked: whether the peer is a client, which has to mask its frames; a server must not.
    :param text_as_bytes: whether texts stay UTF-8, for those who decode it themselves; it is checked even so.
    :param turn: how many messages or fragments one call reads, or twice as many at most. It inflates no more than
        ``limit`` and one message.
    """

    __slots__ = (
        "_frame",
        "_inflated",
        "_kept",
        "_message",
        "_resting",
        "_turn",
        "closed",
        "error",
        "fragments",
        "inflater",
        "limit",
        "masked",
        "more",
        "text_as_bytes",
    )

    def __init__(
        self,
        limit: int,
        *,
        fragments: int = FRAGMENTS,
        inflater: Inflater | None = None,
        masked: bool = True,
        text_as_bytes: bool = False,
        turn: int = TURN,
    ) -> None:
        self.limit = limit
        self.fragments = fragments
        self.inflater = inflater
        self.masked = masked
        self.text_as_bytes = text_as_bytes
        self.error: FrameError | None = None
        """What the peer did wrong, if anything."""
        self.closed = False
        """Whether the end has come: a Close, or an error. What comes after it is dropped (section 1.4)."""
        self.more = False
        """Whether the turn was over too early: ``feed(b"")`` reads on. Do not read from the network meanwhile."""
        self._turn = range(turn)
        self._resting = masked  # Nothing is kept or open, so that the fast path may try.
        self._kept = b""
        self._frame: _Frame | None = None
        self._message: _Message | None = None
        self._inflated = 0

    def feed(self, data: bytes) -> list[Received]:
        """What is complete with *data*, in order. It never raises.

        What came before an error is returned; the error is in ``error`` then, and ``closed`` is true.
        """
        received: list[Received] = []
        at = 0
        try:
            if self._resting:
                at = self._take_whole(data, 0, received)
            if at < len(data) or self.more:
                self._take_parts(data, at, received)
        except FrameError as error:
            self._end(error)
        except UnicodeDecodeError:
            self._end(FrameError(CloseCode.INVALID_DATA, "not UTF-8"))
        return received

    @property
    def unfinished(self) -> int:
        """Bytes that are kept of a message whose end has not come."""
        return 0 if self._message is None else len(self._message.payload)

    def whole(self, data: bytes) -> str | bytes | None:
        """The message, if *data* is one whole short frame, masked, not compressed, and nothing stands before it.

        None: nothing was read; ``feed`` knows what it is. It takes two thirds of the time that ``feed`` does.
        """
        start, size = _SMALLEST, len(data) - _SMALLEST
        if size < 0 or not self._resting:
            return None
        first, said = data[0], data[1] - _MASKED
        if said >= _SIZE_IN_16_BITS:
            start, size = start + 2, size - 2
            if said > _SIZE_IN_16_BITS or size < _SIZE_IN_16_BITS:
                return None
            said = data[2] << 8 | data[3]
        if said != size or size > self.limit or (first != _WHOLE_TEXT and first != _WHOLE_BINARY):
            return None
        payload = apply_mask(data[start:], data[start - _KEY : start])
        if first == _WHOLE_BINARY:
            return payload
        try:
            decoded = payload.decode()
        except UnicodeDecodeError:
            return None
        return payload if self.text_as_bytes else decoded

    def _take_whole(self, data: bytes, at: int, received: list[Received]) -> int:
        """The fast path: whole messages in one short masked frame, not compressed; where they end."""
        end = len(data)
        for _ in self._turn:
            if end - at < _SMALLEST:
                break
            first, size, start = data[at], data[at + 1] - _MASKED, at + _SMALLEST
            if size >= _SIZE_IN_16_BITS:
                size = data[at + 2] << 8 | data[at + 3] if size == _SIZE_IN_16_BITS else 0
                start += 2
                if size < _SIZE_IN_16_BITS:
                    break
            stop = start + size
            if stop > end or not 0 <= size <= self.limit:
                break
            if first == _WHOLE_TEXT:
                payload = apply_mask(data[start:stop], data[start - _KEY : start])
                decoded = payload.decode()
                received.append(payload if self.text_as_bytes else decoded)
            elif first == _WHOLE_BINARY:
                received.append(apply_mask(data[start:stop], data[start - _KEY : start]))
            else:
                break
            at = stop
        return at

    def _take_parts(self, data: bytes, at: int, received: list[Received]) -> None:
        """The general path: frame by frame, and what there is of the last one."""
        if self._kept:
            data, at = self._kept + data, 0
        begun, parts = -1, 0
        self.more = False
        while begun < at < len(data) and not (self.closed or self.more):
            begun, parts = at, parts + 1
            if self._frame is None:
                at = self._begin_frame(data, at)
            if self._frame is not None:
                at = self._take_payload(self._frame, data, at, received)
            self.more = max(parts, len(received)) >= len(self._turn) or self._inflated > self.limit
            if self._is_between() and not self.more:
                at = self._take_whole(data, at, received)
        if self.more:
            self._inflated = 0
        self._kept = b"" if self.closed else data[at:]
        self.more = self.more and bool(self._kept)
        self._resting = not self._kept and self._is_between()

    def _is_between(self) -> bool:
        """Whether the fast path may try: the next byte begins a message, of a client."""
        return self.masked and self._frame is None and self._message is None and not self.closed

    def _begin_frame(self, data: bytes, at: int) -> int:
        """Read the head that stands at *at*; where its payload begins, or *at* again while a part is missing.

        :raises FrameError: it is forbidden, or the message gets too big with it.
        """
        if len(data) - at < 2:
            return at
        first, second = data[at], data[at + 1]
        opcode = self._opcode(first, second)
        start, size = at + 2, second & ~_MASKED
        if size > _LONGEST_CONTROL:
            start += 2 if size == _SIZE_IN_16_BITS else 8
            if len(data) < start:
                return at
            size = _long_size(data[at + 2 : start])
        if opcode < CLOSE:
            self._check_size(size)
        stop = start + (_KEY if self.masked else 0)
        if len(data) < stop:
            return at
        payload, utf8 = bytearray(), None
        if opcode < CLOSE:
            message = self._continued(opcode, bool(first & _COMPRESSED))
            payload, utf8 = message.payload, message.utf8
        self._frame = _Frame(opcode, first >= _FIN, data[start:stop], size, payload, utf8)
        return stop

    def _opcode(self, first: int, second: int) -> int:
        """The opcode in the first two bytes of a frame, checked with all that they say."""
        opcode = first & 0x0F
        if BINARY < opcode < CLOSE or opcode > PONG:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "unknown opcode")
        begins = opcode in (TEXT, BINARY)
        if first & _RESERVED or (first & _COMPRESSED and not (begins and self.inflater is not None)):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved bit set")
        if (second >= _MASKED) is not self.masked:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "frame not masked" if self.masked else "masked frame")
        if opcode >= CLOSE and (first < _FIN or second & ~_MASKED > _LONGEST_CONTROL):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "control frame fragmented or too long")
        if begins and self._message is not None:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "message within a message")
        if opcode == CONTINUATION and self._message is None:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "nothing to continue")
        return opcode

    def _check_size(self, size: int) -> None:
        """Whether the message may have one more frame of that *size*; before anything is allocated for it."""
        message = self._message
        if message is not None and message.fragments >= self.fragments:
            raise FrameError(CloseCode.POLICY_VIOLATION, "too many fragments")
        if size + (0 if message is None else len(message.payload)) > self.limit:
            raise FrameError(CloseCode.TOO_BIG, "message too big")

    def _continued(self, opcode: int, compressed: bool) -> _Message:
        """The message that a frame belongs to, which it may begin."""
        message = self._message
        if message is None:
            utf8 = _Utf8() if opcode == TEXT and not compressed else None
            self._message = message = _Message(opcode, self.inflater if compressed else None, utf8)
        else:
            message.fragments += 1
        return message

    def _take_payload(self, frame: _Frame, data: bytes, at: int, received: list[Received]) -> int:
        """Take what there is of a frame's payload; where it ends."""
        piece = data[at : at + frame.left]
        taken = len(piece)
        if frame.key:
            shift = taken % _KEY
            piece, frame.key = apply_mask(piece, frame.key), frame.key[shift:] + frame.key[:shift]
        frame.payload += piece
        if frame.utf8 is not None:
            frame.utf8.decode(piece)
        frame.left -= taken
        if not frame.left:
            self._frame = None
            self._end_frame(frame, received)
        return at + taken

    def _end_frame(self, frame: _Frame, received: list[Received]) -> None:
        """Add what the *frame* was the end of."""
        if frame.opcode == CLOSE:
            received.append(Control(frame.opcode, bytes(frame.payload), *parse_close(bytes(frame.payload))))
            self._end(None)
        elif frame.opcode > CLOSE:
            received.append(Control(frame.opcode, bytes(frame.payload)))
        elif frame.final and self._message is not None:
            message, self._message = self._message, None
            received.append(self._content(message))

    def _content(self, message: _Message) -> str | bytes:
        payload = bytes(message.payload)
        if message.inflater is not None:
            payload = message.inflater.inflate(payload, self.limit)
            self._inflated += len(payload)
        if message.opcode == BINARY:
            return payload
        decoded = payload.decode()
        return payload if self.text_as_bytes else decoded

    def _end(self, error: FrameError | None) -> None:
        """Nothing is read any more, and nothing kept."""
        self.error, self.closed, self.more, self._resting = error, True, False, False
        self._kept, self._frame, self._message = b"", None, None


def _long_size(field: bytes) -> int:
    """The size that follows the second byte, in as few bytes as it can be (section 5.2)."""
    size = int.from_bytes(field, "big")
    if size < (_SIZE_IN_16_BITS if len(field) == 2 else 1 << 16) or size >> 63:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "invalid length")
    return size


def frame(opcode: int, payload: bytes, *, fin: bool = True, compressed: bool = False) -> bytes:
    """One frame as a server sends it. What it has to keep to is up to the caller.

    :param compressed: whether *payload* was compressed; said by the first frame of a message alone.
    """
    return _frame(opcode | (_FIN if fin else 0) | (_COMPRESSED if compressed else 0), payload)


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _SIZE_IN_16_BITS:
        return b"%c%c%b" % (first, size, payload)
    if size < 1 << 16:
        return b"%c%c%c%c%b" % (first, _SIZE_IN_16_BITS, size >> 8, size & 0xFF, payload)
    return b"%c%c%b%b" % (first, _SIZE_IN_64_BITS, size.to_bytes(8, "big"), payload)


def message(data: str | bytes, deflater: Deflater | None = None) -> bytes:
    """A whole message, text or binary. The same bytes go to everybody with an equal *deflater*."""
    if deflater is not None:
        return text(data.encode(), deflater) if isinstance(data, str) else binary(data, deflater)
    return _frame(_WHOLE_TEXT, data.encode()) if isinstance(data, str) else _frame(_WHOLE_BINARY, data)


def text(payload: bytes, deflater: Deflater | None = None) -> bytes:
    """A whole text message; *payload* is UTF-8. The same bytes go to everybody with an equal *deflater*."""
    return _whole(TEXT, payload, deflater)


def binary(payload: bytes, deflater: Deflater | None = None) -> bytes:
    """A whole binary message. The same bytes go to everybody with an equal *deflater*."""
    return _whole(BINARY, payload, deflater)


def _whole(opcode: int, payload: bytes, deflater: Deflater | None) -> bytes:
    deflated = None if deflater is None else deflater.deflate(payload)
    return frame(opcode, payload) if deflated is None else frame(opcode, deflated, compressed=True)


def ping(payload: bytes = b"") -> bytes:
    """A Ping; the answer carries the same *payload*, of at most 125 bytes."""
    return frame(PING, payload)


def pong(payload: bytes) -> bytes:
    """The answer to a Ping with that *payload*."""
    return frame(PONG, payload)


def close(code: int = CloseCode.NO_STATUS, reason: str = "") -> bytes:
    """A Close, after which nothing may be sent. It can answer one with the code that came, ``NO_STATUS`` too.

    :raises UsageError: *code* may not be sent.
    """
    return frame(CLOSE, close_payload(code, reason))
