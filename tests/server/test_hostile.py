"""Hostile input against ``offhook serve``: each ends with its code, and the log has no traceback."""

from collections.abc import Iterator

import pytest

from tests.server.raw import BINARY, CLOSE, CONTINUATION, HANDSHAKE, PING, PONG, TEXT, RawClient, frame
from tests.servers import Server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Server("tests.server.applications:echo") as server:
        yield server.port
        assert "ERROR" not in _with_a_healthy_client(server)


def _with_a_healthy_client(server: Server) -> str:
    """The log so far, after somebody else was served as if nothing had happened."""
    with RawClient(server.port) as client:
        client.upgrade()
        client.send(frame(TEXT, b"still here"))
        assert client.frame() == (TEXT, b"still here")
    return server.log


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"x", masked=False), 1002),
        (frame(TEXT, b"x", reserved=0x40), 1002),
        (frame(TEXT, b"x", reserved=0x20), 1002),
        (frame(BINARY, b"x", reserved=0x10), 1002),
        (frame(3, b"x"), 1002),
        (frame(11), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, b"x", fin=False), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, b"\x03\xed"), 1002),
        (frame(CLOSE, b"\x00\x01"), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
        (frame(TEXT, b"\xc3\x28"), 1007),
        (frame(TEXT, b"\xf0\x9f", fin=False) + frame(CONTINUATION, b"ab"), 1007),
        (frame(CLOSE, b"\x03\xe8\xff"), 1007),
        (b"\x82\xff" + b"\xff" * 8, 1002),
        (b"\x82\xff" + (2**40).to_bytes(8), 1009),
        (frame(BINARY, b"x" * (1 << 20) + b"y"), 1009),
        (frame(BINARY, b"x" * (1 << 20), fin=False) + frame(CONTINUATION, b"y"), 1009),
        (frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 5000, 1008),
        (b"\xde\xad\xbe\xef" * 4, 1002),
    ],
)
def test_a_malformed_frame_closes_with_its_code(port: int, sent: bytes, code: int) -> None:
    with RawClient(port) as client:
        client.upgrade()
        client.send(sent)

        assert client.close_code() == code
        assert client.rest() == b""


def test_what_follows_a_malformed_frame_is_not_heard(port: int) -> None:
    with RawClient(port) as client:
        client.upgrade()
        client.send(frame(TEXT, b"before") + frame(3) + frame(TEXT, b"after"))

        assert b"after" not in client.rest()


@pytest.mark.parametrize(
    "payload", [b"", b"x", b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536, b"x" * (1 << 20)]
)
def test_a_message_up_to_the_limit_comes_back(port: int, payload: bytes) -> None:
    with RawClient(port) as client:
        client.upgrade()
        client.send(frame(BINARY, payload))

        assert client.frame() == (BINARY, payload)


def test_a_ping_between_fragments_is_answered(port: int) -> None:
    with RawClient(port) as client:
        client.upgrade()
        client.send(frame(TEXT, b"a", fin=False) + frame(PING, b"?") + frame(CONTINUATION, b"b"))

        assert [client.frame(), client.frame()] == [(PONG, b"?"), (TEXT, b"ab")]


def test_compression_is_not_offered(port: int) -> None:
    with RawClient(port) as client:
        head = client.upgrade(b"Sec-WebSocket-Extensions: permessage-deflate\r\n")

    assert head.startswith(b"HTTP/1.1 101")
    assert b"extensions" not in head.lower()


def test_the_server_does_not_introduce_itself(port: int) -> None:
    with RawClient(port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")

        assert b"\r\nserver:" not in client.rest().lower()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (HANDSHAKE.replace(b"Version: 13", b"Version: 12") + b"\r\n", b"426"),
        (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short") + b"\r\n", b"400"),
        (HANDSHAKE.replace(b"GET /", b"POST /") + b"\r\n", b"405"),
        (HANDSHAKE + b"X: " + b"y" * 17_000 + b"\r\n\r\n", b"431"),
        (HANDSHAKE + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (HANDSHAKE.replace(b"GET /", b"GET /" + b"y" * 17_000) + b"\r\n", b"414"),
        (HANDSHAKE.replace(b"GET /", b"GET /\xff") + b"\r\n", b"400"),
    ],
)
def test_a_malformed_request_is_answered_and_closed(port: int, sent: bytes, status: bytes) -> None:
    with RawClient(port) as client:
        client.send(sent)

        assert client.rest().split(b" ", 2)[1] == status


@pytest.mark.parametrize(
    "sent",
    [
        HANDSHAKE,
        HANDSHAKE + b"\r\n" + frame(PING) + frame(TEXT, b"early"),
        HANDSHAKE + b"\r\n" + frame(CLOSE) + b"\xff" * 100,
        HANDSHAKE + b"\r\n" + frame(TEXT, b"half of it")[:-4],
        HANDSHAKE + b"\r\n" + frame(3),
    ],
)
def test_a_peer_that_vanishes_leaves_nothing_behind(port: int, sent: bytes) -> None:
    with RawClient(port) as client:
        client.send(sent)
