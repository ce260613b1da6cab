"""Handshakes that SDKs have made, byte for byte, against ``offhook serve``."""

import socket
from collections.abc import Iterator

import pytest

from tests.servers import Server

HANDSHAKE = (
    "GET /connection/websocket HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)


@pytest.fixture
def server() -> Iterator[Server]:
    """With one channel."""
    with Server("tests.apps.ticks:app") as running:
        yield running


@pytest.mark.parametrize(
    ("more", "chosen"),
    [
        ("", b""),
        ("Sec-WebSocket-Protocol: \r\n", b""),  # centrifuge-python up to 0.5
        ("Sec-WebSocket-Protocol: centrifuge-protobuf\r\n", b"centrifuge-protobuf"),
        ("Sec-WebSocket-Protocol: other\r\n", b""),
    ],
)
def test_1_a_subprotocol_that_is_empty_or_unknown_is_no_reason_to_refuse(
    server: Server, more: str, chosen: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(HANDSHAKE.format(more=more).encode())
        answer = connection.recv(4096)
    head, _, rest = answer.partition(b"\r\n")
    assert head.startswith(b"HTTP/1.1 101")
    assert (b"sec-websocket-protocol: " + chosen in rest.lower()) is bool(chosen)
