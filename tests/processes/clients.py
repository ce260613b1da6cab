"""A crowd of line clients in one event loop, each with a real connection."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Self

from tests.server.raw import CLOSE, HANDSHAKE, TEXT, frame

_HEAD = HANDSHAKE.replace(b"GET / ", b"GET /connection/websocket ") + b"\r\n"
_CONNECT = frame(TEXT, b'{"id":1,"connect":{}}')
_AT_ONCE = 50


@dataclass(slots=True)
class Client:
    """One line."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def connect(cls, port: int) -> Self:
        """A line that the server has welcomed."""
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client.writer.write(_HEAD)
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        client.writer.write(_CONNECT)
        assert b'"connect"' in (await client.frame())[1]
        return client

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2))
        return first & 15, await self.reader.readexactly(size)

    async def end(self) -> int:
        """The code with which the server closes, answered as a browser does."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                self.writer.write(frame(CLOSE, payload[:2]))
                self.writer.close()
                return int.from_bytes(payload[:2])


async def crowd(port: int, number: int) -> list[Client]:
    """So many lines."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one() -> Client:
        async with gate:
            return await Client.connect(port)

    return await asyncio.gather(*(one() for _ in range(number)))


async def ends(clients: list[Client]) -> Counter[int]:
    """How often each code came."""
    return Counter(await asyncio.gather(*(client.end() for client in clients)))
