"""A WebSocket client that may break every rule: bytes out, bytes in, each with a deadline."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

DEADLINE = 10.0
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """One frame (RFC 6455, section 5.2)."""
    first = (0x80 if fin else 0) | reserved | opcode
    mark, length = (0x80 if masked else 0), len(payload)
    if length < 126:
        head = struct.pack("!BB", first, mark | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, mark | 126, length)
    else:
        head = struct.pack("!BBQ", first, mark | 127, length)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class RawClient:
    """One TCP connection to a server under test."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """All of *data*; what the server does not take any more is its own business."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def upgrade(self, extra: bytes = b"") -> bytes:
        """A correct handshake (with further headers); returns the head of the answer."""
        self.send(HANDSHAKE + extra + b"\r\n")
        return self.head()

    def head(self) -> bytes:
        """The head of an HTTP response."""
        while b"\r\n\r\n" not in self._buffer and self._more():
            pass
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, length = self._take(2)
        size = struct.unpack("!H", self._take(2))[0] if length == 126 else length
        if length == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        return first & 0x0F, self._take(size)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """All that come up to the Close, and of that the code alone; nothing may come after it."""
        opcode = TEXT
        while opcode != CLOSE:
            opcode, payload = self.frame()
            yield opcode, payload[:2] if opcode == CLOSE else payload
        assert self.rest() == b""

    def close_code(self) -> int:
        """The code of the close frame that comes next (after pongs and echoes)."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                code: int = struct.unpack("!H", payload[:2])[0]
                return code

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        while self._more():
            pass
        return self._buffer

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            assert self._more(), "the server closed the connection"
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _more(self) -> bool:
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        self._buffer += data
        return bool(data)
