"""A WebSocket by either door: plain ASGI in memory, or a connection of our own server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from offhook.base.types import AsgiApp, AsgiMessage, Payload
from offhook.testing.asgi import Denied, WebSocketClient, websocket
from tests.server.network import House, Network, settle
from tests.server.raw import BINARY, CLOSE, HANDSHAKE, PING, TEXT, frame

_DEADLINE = 10.0
_LOOK = 0.001


class _Flowing(asyncio.Event):
    """Set: the peer reads again."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def set(self) -> None:
        super().set()
        self._network.read()


class DirectClient(WebSocketClient):
    """The same client, whose messages are frames on a network in memory."""

    def __init__(self, house: House) -> None:
        super().__init__(_DEADLINE)
        self.house = house
        self.network = house.connect()
        self.flowing = _Flowing(self.network)
        self._bytes = b""

    async def send(self, data: Payload) -> None:
        is_text = isinstance(data, str)
        await self.say(frame(TEXT if is_text else BINARY, data.encode() if isinstance(data, str) else data))

    async def say(self, data: bytes) -> None:
        """Send bytes, as soon as the server reads."""
        while not self.network.reading and not self.network.lost:
            await asyncio.sleep(_LOOK)
        if not self.network.lost:
            self.network.say(data)
        await settle()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.flowing.set()
        await self.say(frame(CLOSE, code.to_bytes(2) + reason.encode()))

    def stall(self) -> None:
        self.network.stall()

    async def greet(self, subprotocols: Sequence[str]) -> None:
        """Ask for the upgrade, and return when it is answered."""
        offer = f"Sec-WebSocket-Protocol: {', '.join(subprotocols)}\r\n" if subprotocols else ""
        self.network.say(HANDSHAKE.replace(b"GET /", b"GET /echo") + offer.encode() + b"\r\n")
        head, _, self._bytes = (await self._until(b"\r\n\r\n")).partition(b"\r\n\r\n")
        status = int(head.split()[1])
        if status != 101:
            raise Denied(status)
        chosen = [line for line in head.split(b"\r\n") if line.startswith(b"sec-websocket-protocol: ")]
        self.subprotocol = chosen[0].split()[1].decode() if chosen else None

    async def _until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(_DEADLINE):
            while mark not in self._bytes:
                await asyncio.sleep(_LOOK)
                self._bytes += self.network.take()
        return self._bytes

    async def _next(self, within: float | None) -> AsgiMessage:
        async with asyncio.timeout(_DEADLINE if within is None else within):
            while not (self._bytes and self._is_complete()):
                await asyncio.sleep(_LOOK)
                self._bytes += self.network.take()
        start, size = self._bounds()
        opcode, payload = self._bytes[0] & 0x0F, self._bytes[start : start + size]
        self._bytes = self._bytes[start + size :]
        if opcode == CLOSE:
            return {"type": "websocket.close", "code": int.from_bytes(payload[:2]), "reason": payload[2:].decode()}
        assert opcode != PING, "these tests are shorter"
        return {"type": "websocket.send"} | ({"text": payload.decode()} if opcode == TEXT else {"bytes": payload})

    def _bounds(self) -> tuple[int, int]:
        short = self._bytes[1] if len(self._bytes) > 1 else 0
        head = {126: 4, 127: 10}.get(short, 2)
        return head, int.from_bytes(self._bytes[2:head]) if head > 2 else short

    def _is_complete(self) -> bool:
        return len(self._bytes) > 1 and len(self._bytes) >= sum(self._bounds())


@asynccontextmanager
async def by_asgi(app: AsgiApp, subprotocols: Sequence[str] = ()) -> AsyncIterator[WebSocketClient]:
    """Any server: ``receive`` and ``send``."""
    async with websocket(app, "/echo", subprotocols=subprotocols) as client:
        yield client


@asynccontextmanager
async def by_direct(app: AsgiApp, subprotocols: Sequence[str] = ()) -> AsyncIterator[DirectClient]:
    """Our own server, in memory. Nothing is left of the connection when the block has ended."""
    client = DirectClient(House(app))
    try:
        await client.greet(subprotocols)
        yield client
        await client.close()
    finally:
        await _gone(client.house)


async def _gone(house: House) -> None:
    async with asyncio.timeout(2 * _DEADLINE):
        while house.state.tasks or house.state.connections:
            await asyncio.sleep(_LOOK)
