"""Upgrades that come to nothing are no errors of the server."""

import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.servers import Server

HANDSHAKE = (
    "GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def test_the_log_of_a_denied_upgrade_and_of_one_whose_client_left() -> None:
    with Server("tests.apps.ticks:app") as server:
        for path, status in (("/nowhere", 403), ("/connection/websocket", 403)):
            with pytest.raises(InvalidStatus) as denied:
                connect(
                    f"ws://127.0.0.1:{server.port}{path}", additional_headers={"Origin": "https://evil.example"}
                )
            assert denied.value.response.status_code == status
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)) as leaving:
                leaving.sendall(HANDSHAKE.encode())
    assert "ERROR" not in server.log, server.log
