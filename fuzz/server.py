"""The server's two protocol classes on a network in memory: whatever comes, nothing is raised and nothing left."""

import logging
from collections.abc import Sequence

from offhook.testing.clock import run
from tests.server.applications import echo
from tests.server.network import House, settle
from tests.server.raw import HANDSHAKE, frame

_UPGRADE = HANDSHAKE + b"\r\n"
REQUEST_SEEDS: Sequence[bytes] = (
    b"GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\n\r\n" * 2,
    b"POST / HTTP/1.1\r\nHost: x:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    _UPGRADE + frame(1, b"hello") + frame(9, b"?") + frame(8, b"\x03\xe8"),
    _UPGRADE + frame(2, b"hel", fin=False) + frame(0, b"lo"),
    HANDSHAKE + b"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: a, b\r\n\r\n",
)


class _Errors(logging.Handler):
    """What the server complains about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


def requests(data: bytes) -> None:
    """Requests, upgrades and what follows them, at once and in two pieces."""
    errors = _Errors()
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(errors)
    try:
        run(_say([data]))
        run(_say([data[: len(data) // 2], data[len(data) // 2 :]]))
    finally:
        logger.removeHandler(errors)
    assert not errors.found, errors.found


async def _say(pieces: Sequence[bytes]) -> None:
    house = House(echo, ws_per_message_deflate=True)
    network = house.connect()
    for piece in pieces:
        if network.reading and not network.is_closing():
            network.say(piece)
        await settle()
    answer = network.take()
    assert not answer or answer.startswith(b"HTTP/1.1 "), answer
    network.vanish()
    await settle()
    assert not house.state.tasks
    assert not house.state.connections
