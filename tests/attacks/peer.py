"""A stranger's end of a TCP connection: bytes out, and how the server ended it."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.wire.mask import apply_mask

_FROM = "127.0.0.2"
"""Strangers have another address than those who are served meanwhile."""
_SMALL = 4096
"""Bytes that the network holds for a peer that does not read."""
_ESTABLISHED = "01"
PATIENCE = 60.0
"""Seconds for what has to happen at some time."""

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """One masked frame (RFC 6455, section 5.2)."""
    size, key = len(payload), os.urandom(4)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = b"\xfe" + size.to_bytes(2)
    else:
        length = b"\xff" + size.to_bytes(8)
    return bytes([(0x80 if fin else 0) | reserved | opcode]) + length + key + apply_mask(payload, key)


def upgrade(path: str = "/echo", extra: str = "") -> bytes:
    """The head that opens a WebSocket, without the empty line that ends it."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}"
    ).encode()


class Peer:
    """One connection, from ``connected``. It reads only when it is asked to."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._place: tuple[str, int] = end.getsockname()
        self._unread = bytearray()
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> bool:
        """Send *data*; False: the server takes nothing any more."""
        try:
            await self._loop.sock_sendall(self._end, data)
        except OSError:
            return False
        return True

    def half_close(self) -> None:
        """Have nothing more to say."""
        self._end.shutdown(socket.SHUT_WR)

    async def status(self) -> str:
        """The status of the next answer; or that the connection ended without one."""
        while (stop := self._unread.find(b"\r\n\r\n")) < 0:
            if not await self._more():
                return "closed"
        head = self._take(stop + 4)
        return head.split(b" ", 2)[1].decode()

    async def line_with(self, text: bytes) -> bytes:
        """The first line with *text* in it, as JSON stands in it."""
        while True:
            head, found, rest = self._unread.partition(text)
            if found and b"\n" in rest:
                line = head.rpartition(b"\n")[2] + found + rest.partition(b"\n")[0]
                return bytes(line[line.index(b"{") :])
            assert await self._more()

    async def answers(self) -> list[str]:
        """The statuses of all answers, up to the end of the connection."""
        while await self._more():
            pass
        return re.findall(r"^HTTP/1\.1 (\d+)", self._unread.decode("latin-1"), re.MULTILINE)

    async def swallow(self) -> None:
        """Read to the end, and keep nothing."""
        while await self._more():
            self._unread.clear()

    async def open(self, path: str = "/echo", extra: str = "") -> None:
        """Open a WebSocket."""
        await self.send(upgrade(path, extra) + b"\r\n")
        assert await self.status() == "101"

    async def frame(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame; None: there is none."""
        while len(self._unread) < (whole := sum(_sizes(self._unread))):
            if not await self._more():
                return None
        content = self._take(whole)
        return content[0] & 0x0F, content[_sizes(content)[0] :]

    async def closed(self) -> str:
        """The code that the server closed with, after whatever else it says; or that it had none."""
        while (found := await self.frame()) is not None:
            opcode, payload = found
            if opcode == CLOSE:
                return str(int.from_bytes(payload[:2]))
        return "closed"

    def held(self, port: int) -> str | None:
        """How much the kernel holds for it of what the server at *port* wrote; None: the server let go.

        See proc(5), /proc/net/tcp.
        """
        theirs = f"{_hexadecimal('127.0.0.1', port)} {_hexadecimal(*self._place)} {_ESTABLISHED} "
        _, found, rest = Path("/proc/net/tcp").read_text().partition(theirs)
        return rest.partition(":")[0] if found else None

    async def _more(self) -> bool:
        try:
            data = await self._loop.sock_recv(self._end, 1 << 16)
        except OSError:
            return False
        self._unread += data
        return bool(data)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken


def _sizes(data: bytes | bytearray) -> tuple[int, int]:
    """Of the frame that begins with *data*: where its payload begins, and how long that is, as far as is known."""
    size = data[1] if len(data) > 1 else 0
    if size < 126:
        return 2, size
    start = 4 if size == 126 else 10
    return start, int.from_bytes(data[2:start]) if len(data) >= start else 0


def _hexadecimal(address: str, port: int) -> str:
    return f"{socket.inet_aton(address)[::-1].hex().upper()}:{port:04X}"


@asynccontextmanager
async def connected(port: int, *, small: bool = False) -> AsyncIterator[Peer]:
    """A new connection. *small* ones have room for a few kilobytes that they have not read."""
    with socket.socket() as end:
        end.setblocking(False)
        if small:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
        end.bind((_FROM, 0))
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", port))
        yield Peer(end)
