"""What of an answer goes in one write, and what may not wait for the rest."""

import asyncio

import pytest

from offhook.base.types import Receive, Scope, Send
from offhook.testing.clock import run
from tests.server.network import House, settle

GET = b"GET / HTTP/1.1\r\nHost: test\r\n"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """A short answer, at once."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Something that is said after a minute, and more of it after another one."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for more in (True, False):
        await asyncio.sleep(60)
        await send({"type": "http.response.body", "body": b"news", "more_body": more})


def test_a_head_and_the_body_behind_it_are_one_write() -> None:
    async def scenario() -> None:
        network = House(answer).connect()
        network.say(GET + b"\r\n")
        await settle()
        assert network.written == network.take()
        assert network.written.endswith(b"\r\n\r\nok")

    run(scenario())


def test_a_head_that_is_followed_by_nothing_goes_alone() -> None:
    async def scenario() -> None:
        network = House(stream).connect()
        network.say(GET + b"\r\n")
        await settle()
        assert network.take().endswith(b"transfer-encoding: chunked\r\n\r\n")
        await asyncio.sleep(61)
        assert network.take() == b"4\r\nnews\r\n"
        await asyncio.sleep(60)
        assert network.take() == b"4\r\nnews\r\n0\r\n\r\n"

    run(scenario())


@pytest.mark.parametrize("further", [b"", b"Connection: close\r\n"])
def test_a_head_alone_is_a_whole_answer_to_head(further: bytes) -> None:
    async def scenario() -> None:
        network = House(answer).connect()
        network.say(GET.replace(b"GET", b"HEAD") + further + b"\r\n")
        await settle()
        assert network.take().startswith(b"HTTP/1.1 200 OK\r\n")
        assert network.lost is bool(further)

    run(scenario())


def test_a_head_that_nobody_waits_for_is_not_written() -> None:
    async def scenario() -> None:
        async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            network.vanish()

        network = House(leaves).connect()
        network.say(GET + b"\r\n")
        await settle()
        assert network.written == b""

    run(scenario())
