"""What clients send: frames byte by byte, right and wrong ones."""

from collections.abc import Iterable
from typing import Any

from offhook.wire.closing import CloseCode
from offhook.wire.deflate import Inflater
from offhook.wire.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Control, Reader, Received
from offhook.wire.mask import xor

KEY = b"\x37\xfa\x21\x3d"  # of the examples in RFC 6455, section 5.7
RSV1, RSV2, RSV3 = 0x40, 0x20, 0x10


def sent(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    key: bytes | None = KEY,
    size_bytes: int | None = None,
) -> bytes:
    """A frame of a client. *size_bytes* (0, 2, 8) writes the size in more bytes than it needs."""
    size = len(payload)
    width = size_bytes if size_bytes is not None else 0 if size < 126 else 2 if size < 65536 else 8
    short = {0: size, 2: 126, 8: 127}[width]
    head = bytes(((0x80 if fin else 0) | reserved | opcode, (0 if key is None else 0x80) | short))
    head += size.to_bytes(width, "big") if width else b""
    return head + payload if key is None else head + key + xor(payload, key)


def text(payload: str | bytes, **parts: Any) -> bytes:
    """A frame of text."""
    return sent(TEXT, payload.encode() if isinstance(payload, str) else payload, **parts)


def binary(payload: bytes = b"", **parts: Any) -> bytes:
    """A frame of bytes."""
    return sent(BINARY, payload, **parts)


def more(payload: str | bytes = b"", **parts: Any) -> bytes:
    """A continuation."""
    return sent(CONTINUATION, payload.encode() if isinstance(payload, str) else payload, **parts)


def ping(payload: bytes = b"", **parts: Any) -> bytes:
    """A Ping."""
    return sent(PING, payload, **parts)


def pong(payload: bytes = b"", **parts: Any) -> bytes:
    """A Pong."""
    return sent(PONG, payload, **parts)


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """A Close, with whatever code."""
    return sent(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


def pinged(payload: bytes = b"") -> Control:
    """A Ping that was received."""
    return Control(PING, payload)


def ponged(payload: bytes = b"") -> Control:
    """A Pong that was received."""
    return Control(PONG, payload)


def closed(code: int = CloseCode.NO_STATUS, reason: str = "") -> Control:
    """A Close that was received."""
    payload = b"" if code == CloseCode.NO_STATUS else code.to_bytes(2, "big") + reason.encode()
    return Control(CLOSE, payload, code, reason)


def read(reader: Reader, pieces: Iterable[bytes]) -> tuple[list[Received], int | None, str | None]:
    """All that comes out of the *reader*, and the error that ended it, as code and reason."""
    received: list[Received] = []
    for piece in pieces:
        received += reader.feed(piece)
        while reader.more:
            received += reader.feed(b"")
    if reader.error is None:
        return received, None, None
    return received, int(reader.error.code), reader.error.reason


def reader(limit: int = 1 << 20, *, compressed: bool = False, **parts: Any) -> Reader:
    """A server's."""
    return Reader(limit, inflater=Inflater() if compressed else None, **parts)
