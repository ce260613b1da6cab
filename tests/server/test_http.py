"""HTTP: what a stranger may send, how much of it, and how long it may take."""

import asyncio
from contextlib import suppress

import pytest

from offhook.base.limits import Limits
from offhook.base.types import Receive, Scope, Send
from offhook.server.http import HttpProtocol
from offhook.testing.clock import run
from tests.server.network import House, Network, settle

GET = b"GET / HTTP/1.1\r\nHost: test\r\n"
POST = b"POST / HTTP/1.1\r\nHost: test\r\n"


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body and the number of header fields."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    body = b"%d bytes, %d headers" % (size, len(scope["headers"]))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def status(network: Network) -> bytes:
    """The status of the answer."""
    return network.take().split(b" ", 2)[1]


# Deadlines


@pytest.mark.parametrize("pieces", [[], [b"GET / HT"], [b"GET / HTTP/1.1\r\n", b"Host: test\r\n", b"X: y\r\n"]])
def test_a_head_has_ten_seconds_in_all(pieces: list[bytes]) -> None:
    async def scenario() -> None:
        house = House(reader)
        network = house.connect()
        for piece in pieces:
            network.say(piece)
            await asyncio.sleep(3)
        assert not network.lost
        await asyncio.sleep(10.5)
        assert network.lost
        assert network.take().startswith(b"HTTP/1.1 408 ") is bool(pieces)
        assert not house.state.connections

    run(scenario())


def test_blank_lines_are_no_request_and_keep_nothing_open() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET + b"\r\n")
        await settle()
        assert status(network) == b"200"
        for _ in range(4):
            assert not network.lost
            network.say(b"\r\n")
            await asyncio.sleep(3)
        assert network.lost

    run(scenario())


def test_a_later_request_has_ten_seconds_too() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET + b"\r\n")
        await asyncio.sleep(4)
        assert status(network) == b"200"
        network.say(b"GET")
        await asyncio.sleep(10.5)
        assert status(network) == b"408"

    run(scenario())


def test_an_answer_that_takes_its_time_is_not_disturbed() -> None:
    async def scenario() -> None:
        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(100)
            await reader(scope, receive, send)

        network = House(slow).connect()
        network.say(GET + b"\r\n")
        network.say(b"\r\n")
        await asyncio.sleep(101)
        assert status(network) == b"200"

    run(scenario())


def test_a_body_may_rest_for_ten_seconds() -> None:
    async def scenario() -> None:
        house = House(reader)
        network = house.connect()
        network.say(POST + b"Content-Length: 4\r\n\r\n")
        for byte in (b"a", b"b", b"c"):
            await asyncio.sleep(9)
            network.say(byte)
        assert not network.lost
        await asyncio.sleep(10.5)
        assert status(network) == b"408"
        assert network.lost
        assert not house.state.tasks

    run(scenario())


def test_a_body_that_the_application_does_not_take_is_not_late() -> None:
    async def scenario() -> None:
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(60)
            await reader(scope, receive, send)

        network = House(late).connect()
        network.say(POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 70_000)
        assert not network.reading
        await asyncio.sleep(60)
        network.say(b"x" * 30_000)
        await settle()
        assert network.take().endswith(b"100000 bytes, 2 headers")

    run(scenario())


def test_who_waits_for_100_continue_is_not_late() -> None:
    async def scenario() -> None:
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(60)
            await reader(scope, receive, send)

        network = House(late).connect()
        network.say(POST + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        await asyncio.sleep(61)
        assert status(network) == b"100"
        network.say(b"x")
        await settle()
        assert status(network) == b"200"

    run(scenario())


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_a_peer_that_never_reads_its_answer_is_cut(connection: bytes) -> None:
    async def scenario() -> None:
        house = House(reader)
        network = house.connect()
        network.stall()
        network.say(GET + b"Connection: " + connection + b"\r\n\r\n")
        await asyncio.sleep(70)
        assert network.aborted
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_a_peer_that_reads_slowly_is_not() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        for _ in range(3):
            network.stall()
            network.say(GET + b"\r\n")
            await asyncio.sleep(4)
            network.read()
            await settle()
            assert status(network) == b"200"
        assert not network.lost

    run(scenario())


# Limits


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (GET + b"X: y\r\n" * 99, b"200"),
        (GET + b"X: y\r\n" * 100, b"431"),
        (GET + b"X: " + b"y" * 16_000 + b"\r\n", b"200"),
        (GET + b"X: " + b"y" * 17_000 + b"\r\n", b"431"),
        (GET + b"y" * 17_000 + b": x\r\n", b"431"),
        (GET + (b"X: " + b"y" * 15_000 + b"\r\n") * 8, b"431"),
        (GET.replace(b"/ ", b"/" + b"y" * 16_000 + b" "), b"200"),
        (GET.replace(b"/ ", b"/" + b"y" * 17_000 + b" "), b"414"),
        (GET.replace(b"/ ", b"/" + b"y" * 200_000 + b" "), b"414"),
        (GET + b"X: " + b"y" * 200_000 + b"\r\n", b"431"),
    ],
)
@pytest.mark.parametrize("size", [1 << 20, 1000])
def test_the_size_of_a_head(head: bytes, answer: bytes, size: int) -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        data = head + b"\r\n"
        for at in range(0, len(data), size):
            if not network.is_closing():
                network.say(data[at : at + size])
        await settle()
        assert status(network) == answer

    run(scenario())


def test_a_head_without_an_end_is_not_kept() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        sent = 0
        while not network.is_closing():
            network.say(b"GET /" if not sent else b"y" * 1000)
            sent += 1000
        assert sent < 80_000
        assert status(network) == b"414"

    run(scenario())


def test_limits_can_be_set() -> None:
    async def scenario() -> None:
        network = House(reader, Limits(headers=2)).connect()
        network.say(GET + b"A: 1\r\nB: 2\r\n\r\n")
        assert status(network) == b"431"

    run(scenario())


def test_a_large_body_beside_a_later_head_is_not_part_of_it() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(POST + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000 + GET[:10])
        await settle()
        network.reading = True
        network.say(GET[10:] + b"\r\n")
        await settle()
        assert network.take().count(b"HTTP/1.1 200 ") == 2

    run(scenario())


def test_a_pipeline_has_an_end() -> None:
    async def scenario() -> None:
        async def never(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        house = House(never)
        network = house.connect()
        network.say((GET + b"\r\n") * 10_000)
        assert network.is_closing()
        assert len(house.state.tasks) == 1
        for task in house.state.tasks:
            task.cancel()

    run(scenario())


def test_a_short_pipeline_is_answered_in_order() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say((GET + b"\r\n") * 16)
        await asyncio.sleep(1)
        assert network.take().count(b"HTTP/1.1 200 ") == 16

    run(scenario())


def test_the_first_of_a_pipeline_hears_that_the_client_is_gone() -> None:
    """uvicorn tells the latest, which has not begun; the one that is being answered would write to nobody."""
    heard: list[str] = []

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        heard.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def scenario() -> None:
        network = House(patient).connect()
        network.say((GET + b"\r\n") * 3)
        await settle()
        network.vanish()
        await settle()
        assert (heard, network.take()) == (["http.disconnect"], b"")

    run(scenario())


def test_an_answer_that_is_given_up_while_nobody_reads_is_cut_off() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                while True:
                    await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def scenario() -> None:
        house = House(endless)
        network = house.connect()
        network.stall()
        network.say(GET + b"\r\n")
        await asyncio.sleep(2)
        assert not network.lost
        await asyncio.sleep(2)
        assert network.aborted
        assert not house.state.tasks

    run(scenario())


def test_a_connection_that_is_reset_leaves_no_timer() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET + b"\r\n")
        await settle()
        assert network.take().startswith(b"HTTP/1.1 200 ")
        protocol = network.get_protocol()
        assert isinstance(protocol, HttpProtocol)
        assert protocol.timeout_keep_alive_task is not None
        protocol.connection_lost(ConnectionResetError())
        assert protocol.timeout_keep_alive_task is None

    run(scenario())


# Bodies

FORM = POST + b"Content-Type: multipart/form-data; boundary=x\r\n"
SMALL = Limits(body=1000, uploads=5000)


@pytest.mark.parametrize(
    ("head", "size", "answer"),
    [
        (POST, 1000, b"200"),
        (POST, 1001, b"413"),
        (POST, 10**15, b"413"),
        (FORM, 5000, b"200"),
        (FORM, 5001, b"413"),
    ],
)
def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(
    head: bytes, size: int, answer: bytes
) -> None:
    async def scenario() -> None:
        network = House(reader, SMALL).connect()
        network.say(head + b"Content-Length: %d\r\n\r\n" % size)
        await settle()
        if answer == b"200":
            network.say(b"x" * size)
            await settle()
        assert status(network) == answer

    run(scenario())


def test_nobody_is_told_to_go_on_with_a_body_that_is_too_large() -> None:
    async def scenario() -> None:
        network = House(reader, SMALL).connect()
        network.say(POST + b"Content-Length: 2000\r\nExpect: 100-continue\r\n\r\n")
        await settle()
        assert status(network) == b"413"

    run(scenario())


@pytest.mark.parametrize(("head", "most"), [(POST, 1000), (FORM, 5000)])
def test_a_body_in_chunks_is_cut_where_it_is_too_large(head: bytes, most: int) -> None:
    async def scenario() -> None:
        house = House(reader, SMALL)
        network = house.connect()
        network.say(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(most // 100):
            network.say(b"64\r\n" + b"x" * 100 + b"\r\n")
            await settle()
        assert network.take() == b""
        network.say(b"1\r\nx\r\n")
        await settle()
        assert status(network) == b"413"
        assert not house.state.tasks

    run(scenario())


def test_a_request_that_has_its_answer_gets_no_second_one() -> None:
    async def scenario() -> None:
        async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        for rest in (b"7d0\r\n" + b"x" * 2000 + b"\r\n", b"nonsense", b""):
            network = House(hasty, SMALL).connect()
            network.say(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            await settle()
            assert status(network) == b"204"
            network.say(rest)
            await asyncio.sleep(11)
            assert (network.take(), network.lost) == (b"", True)

    run(scenario())


def test_who_sends_too_much_gets_to_read_why() -> None:
    """A connection closed while bytes arrive is reset, and the answer lost. So they may go on, for a while."""

    async def scenario() -> None:
        house = House(reader, SMALL)
        network = house.connect()
        network.stubborn = True
        network.say(POST + b"Content-Length: 100000\r\n\r\n")
        assert (status(network), network.ended) == (b"413", True)
        for _ in range(4):
            network.say(b"x" * 1000 + GET + b"\r\n")
            await asyncio.sleep(1)
        assert (network.take(), network.lost) == (b"", False)
        await asyncio.sleep(1.5)
        assert network.lost
        assert not house.state.connections

    run(scenario())


# Smuggling


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        POST + b"Content-Length: 1, 1\r\n\r\nx",
        POST + b"Content-Length: +1\r\n\r\nx",
        POST + b"Content-Length: 0x1\r\n\r\nx",
        POST + b"Content-Length: -1\r\n\r\nx",
        POST + b"Content-Length : 1\r\n\r\nx",
        POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: identity\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"X: a\r\n folded\r\nContent-Length: 1\r\n\r\nx",
        POST.replace(b"\r\n", b"\n") + b"\n",
        POST + b"X\x00: y\r\n\r\n",
        POST + b"X: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        GET + b"Host: other\r\n\r\n",
        b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff HTTP/1.1\r\nHost: test\r\n\r\n",
    ],
)
def test_a_request_that_two_servers_could_read_differently_is_refused(request_: bytes) -> None:
    async def scenario() -> None:
        house = House(reader)
        network = house.connect()
        network.say(request_)
        await settle()
        assert status(network) == b"400"
        assert network.lost
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_another_version_of_http() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET.replace(b"1.1", b"2.0") + b"\r\n")
        assert status(network) == b"505"

    run(scenario())


def test_trailers_are_neither_passed_on_nor_without_a_limit() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-User: root\r\n\r\n")
        await settle()
        assert network.take().endswith(b"1 bytes, 2 headers")

        network = House(reader).connect()
        network.say(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        network.say(b"X: " + b"y" * 65_000 + b"\r\nX: " + b"y" * 5_000 + b"\r\n\r\n")
        await settle()
        assert status(network) == b"431"

    run(scenario())


def test_nothing_is_written_into_an_answer_that_has_begun() -> None:
    async def scenario() -> None:
        async def early(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            while (await receive())["type"] == "http.request":
                pass

        house = House(early)
        network = house.connect()
        network.say(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        await settle()
        network.say(b"nonsense\r\n")
        await settle()
        assert network.take().endswith(b"begun\r\n")
        assert network.lost
        assert not house.state.tasks

    run(scenario())
