"""Bodies that come slowly, or not at all."""

import asyncio
from collections.abc import Sequence

import pytest

from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage
from offhook.pages.body import Body, BodyTooLarge, BodyTooSlow
from offhook.pages.routes import route
from offhook.testing.clock import run

from .support import FORM, Exchange, site


def arriving(pieces: Sequence[tuple[float, bytes]], *, end: bool = True) -> Body:
    """A body whose pieces come after these pauses; without an end it never does."""
    waiting = list(pieces)

    async def receive() -> AsgiMessage:
        if not waiting:
            await asyncio.sleep(100_000)
        pause, piece = waiting.pop(0)
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting) or not end}

    return Body(receive, limit=1024 * 1024, seconds=10)


async def read(body: Body) -> int:
    size = 0
    while (message := await body.receive())["more_body"]:
        size += len(message["body"])
    return size + len(message["body"])


@pytest.mark.parametrize(
    "pieces",
    [
        [(0, b"")],
        [(9, b"all")],
        [(3, b"x"), (3, b"x"), (3, b"x")],
        [(9, b"x" * 65_536), (9, b"x" * 65_536), (9, b"x")],
    ],
)
def test_a_body_that_is_fast_enough(pieces: Sequence[tuple[float, bytes]]) -> None:
    assert run(read(arriving(pieces))) == sum(len(piece) for _, piece in pieces)


@pytest.mark.parametrize(
    "pieces",
    [[], [(11, b"all")], [(1, b"x")] * 12, [(9, b"x" * 65_536), (12, b"x")]],
    ids=["nothing", "late", "slow", "stalls"],
)
def test_a_body_that_is_too_slow(pieces: Sequence[tuple[float, bytes]]) -> None:
    with pytest.raises(BodyTooSlow):
        run(read(arriving(pieces, end=False)))


def test_after_the_body_there_is_no_hurry() -> None:
    async def scenario() -> None:
        body = arriving([(1, b"x")])
        await body.receive()
        async with asyncio.timeout(50_000):
            await body.receive()

    with pytest.raises(TimeoutError) as timeout:
        run(scenario())
    assert not isinstance(timeout.value, BodyTooSlow)


def test_the_limit_may_be_raised_before_the_first_byte() -> None:
    small, large = arriving([(0, b"x" * 20)]), arriving([(0, b"x" * 20)])
    small.limit = 10

    with pytest.raises(BodyTooLarge):
        run(read(small))
    assert run(read(large)) == 20


class Silent(Exchange):
    """A client that announces a body and does not send it."""

    async def _receive(self) -> AsgiMessage:
        await asyncio.sleep(100)
        return {"type": "http.disconnect"}


def test_a_slow_form_is_answered_with_408() -> None:
    async def action(form: dict[str, str]) -> None: ...

    app = site([route("a", "a")], {"limits": Limits(body_pace=5)}, a={"action": action})
    exchange = Silent("POST", "/a", {"content-type": FORM})
    run(exchange.run(app))

    assert (exchange.reply.status, exchange.reply.header("connection")) == (408, "close")
