"""What a request is for: its target and its host, and upgrades to protocols that the server does not speak."""

import asyncio

import pytest

from offhook.base.types import Receive, Scope, Send
from offhook.testing.clock import run
from tests.server.network import House, settle
from tests.server.raw import HANDSHAKE
from tests.server.test_http import GET, POST, reader, status


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        (b"example.org", b"200"),
        (b"Example.Org:8000", b"200"),
        (b"[::1]:8000", b"200"),
        (b"[::1]", b"200"),
        (b"evil.example", b"400"),
        (b"example.org.evil.example", b"400"),
        (b"example.org:80@evil.example", b"400"),
        (b"", b"400"),
    ],
)
def test_hosts_that_are_answered(host: bytes, answer: bytes) -> None:
    async def scenario() -> None:
        network = House(reader, hosts=["example.org", "[::1]"]).connect()
        network.say(GET.replace(b"test", host) + b"\r\n")
        await settle()
        assert status(network) == answer

    run(scenario())


def test_an_upgrade_to_something_else_is_an_ordinary_request() -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n")
        await settle()
        answer = network.take()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert not network.lost

    run(scenario())


UPGRADES = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_upgrade_that_is_ignored_takes_no_body_away(body: bytes, size: int) -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        sent = POST + UPGRADES + body + GET + b"\r\n"
        for start in range(0, len(sent), size):
            network.say(sent[start : start + size])
            await settle()
        answers = network.take()
        assert answers.count(b"HTTP/1.1 200 ") == 2
        assert b"5 bytes, 5 headers" in answers
        assert b"0 bytes, 1 headers" in answers
        assert not network.lost

    run(scenario())


@pytest.mark.parametrize(
    "host",
    [
        b"a/b",
        b"a b",
        b"a@b",
        b"a,b",
        b"a:b",
        b"a:1:2",
        b"a:70000",
        b"[::1",
        b"[::g]",
        b"::1",
        b"a\x80",
        b"http://a",
        b"",
    ],
)
def test_a_malformed_host_is_refused(host: bytes) -> None:
    async def scenario() -> None:
        network = House(reader).connect()
        network.say(GET.replace(b"test", host) + b"\r\n")
        await settle()
        assert status(network) == b"400"

    run(scenario())


async def targeted(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what was asked for."""
    [host] = [value for name, value in scope["headers"] if name == b"host"]
    body = b"%b %b?%b" % (host, scope["raw_path"], scope["query_string"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (b"http://host:1234", b"host:1234 /?"),
        (b"http://host:1234?x=1", b"host:1234 /?x=1"),
        (b"HTTP://host/a?x=1", b"host /a?x=1"),
        (b"https://host/", b"host /?"),
        (b"*", b"test *?"),
        (b"http://user@host/", b"400"),
        (b"http:///a", b"400"),
        (b"ftp://host/a", b"400"),
        (b"@evil.example/x", b"400"),
        (b"host:80", b"400"),
    ],
)
def test_a_target_in_absolute_form_names_the_host(target: bytes, answer: bytes) -> None:
    async def scenario() -> None:
        network = House(targeted).connect()
        network.say(GET.replace(b" / ", b" %b " % target) + b"\r\n")
        await settle()
        assert answer in network.take()

    run(scenario())


@pytest.mark.parametrize("fields", [[(b"x", b"y" * 14_000)] * 3, [(b"x", b"y")] * 97])
def test_requests_that_wait_are_bounded_in_memory(fields: list[tuple[bytes, bytes]]) -> None:
    async def scenario() -> None:
        async def never(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        house = House(never)
        network = house.connect()
        request_ = GET + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"
        sent = 0
        while network.reading and not network.is_closing():
            network.say(request_ * 20)
            sent += 20
        assert network.is_closing()
        assert sent == 20
        for task in house.state.tasks:
            task.cancel()

    run(scenario())


def test_an_upgrade_behind_a_request_that_is_being_answered_closes() -> None:
    async def scenario() -> None:
        house = House(reader)
        network = house.connect()
        network.say(GET + b"\r\n" + HANDSHAKE + b"\r\n")
        await settle()
        assert b"101" not in network.take()
        assert network.lost

    run(scenario())


async def impatient(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers before the body is there."""
    await send({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b"no"})


def test_an_early_answer_of_the_application_is_not_lost_while_the_body_comes() -> None:
    async def scenario() -> None:
        network = House(impatient).connect()
        network.stubborn = True
        network.say(POST + b"Content-Length: 100000\r\n\r\n")
        await settle()
        assert status(network) == b"413"
        network.say(b"x" * 1000)
        assert (network.ended, network.lost) == (True, False)
        await asyncio.sleep(6)
        assert network.lost

    run(scenario())
