"""The server's protocol classes on a network in memory, so that hours of silence take no time."""

import asyncio
from typing import Any

from uvicorn.server import ServerState

from offhook.base.limits import Limits
from offhook.base.types import AsgiApp
from offhook.server.http import Config, HttpProtocol
from offhook.server.websocket import WebSocketProtocol
from tests.server.raw import HANDSHAKE


class Network(asyncio.Transport):
    """What uvicorn's classes see of the network. The peer reads at once, unless it is stalled."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self.sent = b""
        """What the peer has read and nobody took yet."""
        self.written: Any = b""
        """The object that the server wrote last."""
        self.reading = True
        self.lost = False
        self.aborted = False
        self.stubborn = False
        """Whether the peer does not close when the server has ended its side."""
        self.tls = False
        self.ended = False
        """Whether the server will say nothing more."""
        self._protocol = protocol
        self._buffer = b""
        self._high = 0
        """So much may be in there before the server is told."""
        self._stalled = False
        self._closing = False

    # The peer

    def say(self, data: bytes) -> None:
        """Send *data* to the server."""
        assert self.reading, "the server does not read"
        self._current().data_received(data)

    def take(self) -> bytes:
        """What the server has sent since the last time."""
        taken, self.sent = self.sent, b""
        return taken

    def stall(self) -> None:
        """Read nothing more."""
        self._stalled = True

    def read(self) -> None:
        """Read again."""
        self._stalled = False
        self.sent, self._buffer = self.sent + self._buffer, b""
        self._current().resume_writing()
        if self._closing:
            self._lose()

    def vanish(self) -> None:
        """Be gone, without a word."""
        self._closing = True
        self._lose()

    def _current(self) -> asyncio.Protocol:
        assert isinstance(self._protocol, asyncio.Protocol)
        return self._protocol

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            asyncio.get_running_loop().call_soon(lambda: self._current().connection_lost(None))

    # asyncio.Transport

    def write(self, data: Any) -> None:
        self.written = data
        if self._stalled:
            was, self._buffer = len(self._buffer), self._buffer + bytes(data)
            if len(self._buffer) > self._high >= was:
                self._current().pause_writing()
        elif not self.lost:
            self.sent += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high or 0

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def close(self) -> None:
        self._closing = True
        if not self._buffer:
            self._lose()

    def abort(self) -> None:
        self.aborted = self._closing = True
        self._buffer = b""
        self._lose()

    def can_write_eof(self) -> bool:
        return not self.tls

    def write_eof(self) -> None:
        """The peer reads the end and closes, unless it is stalled or goes on sending."""
        self.ended = True
        if not (self._buffer or self.stubborn):
            self.close()

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 8000), "peername": ("192.0.2.7", 4711)}.get(name, default)


class House:
    """A server without a port: its settings and what its connections share."""

    def __init__(self, app: AsgiApp, limits: Limits | None = None, **settings: Any) -> None:
        settings = {"ws_per_message_deflate": False, "log_config": None, "lifespan": "off", **settings}
        self.config = Config(
            app, limits=limits, http=HttpProtocol, ws=WebSocketProtocol, interface="asgi3", **settings
        )
        self.config.load()
        self.state = ServerState()

    def connect(self) -> Network:
        """A new connection."""
        protocol = HttpProtocol(config=self.config, server_state=self.state, app_state={"shared": 1})
        network = Network(protocol)
        protocol.connection_made(network)
        return network

    async def upgrade(self, extra: bytes = b"") -> Network:
        """A new WebSocket, whose application has accepted it."""
        network = self.connect()
        network.say(HANDSHAKE + extra + b"\r\n")
        await settle()
        assert network.take().startswith(b"HTTP/1.1 101 ")
        return network


async def settle() -> None:
    """Let everything happen that needs no time."""
    for _ in range(10):
        await asyncio.sleep(0)
