"""Commands of one connection: how many, how fast (protocol §16)."""

import asyncio

from offhook.base.limits import Limits
from offhook.testing.clock import run
from tests.realtime.peers import Peer, connected, running

LIMITS = Limits(commands_a_second=10, commands_at_once=5, channels=4)


def _ask(count: int) -> list[dict[str, object]]:
    return [{"id": 2 + each, "unsubscribe": {"channel": "news"}} for each in range(count)]


def test_16_more_commands_than_allowed_are_refused_and_later_ones_are_not() -> None:
    async def scenario() -> None:
        async with running(limits=LIMITS) as (engine, _):
            peer = await connected(engine)
            peer.say(*_ask(6))
            await asyncio.sleep(0.1)
            assert [line["id"] for line in peer.wire.lines if "unsubscribe" in line] == [2, 3, 4, 5]
            refused = [line for line in peer.wire.lines if "error" in line]
            assert [line["id"] for line in refused] == [6, 7]
            assert refused[0]["error"] == {"code": 111, "message": "too many requests", "temporary": True}

            await asyncio.sleep(1)
            peer.say({"id": 20, "unsubscribe": {"channel": "news"}})
            assert await peer.answer(20) == {}

    run(scenario())


def test_16_a_flood_closes() -> None:
    async def scenario() -> None:
        async with running(limits=LIMITS) as (engine, _):
            peer = await connected(engine)
            peer.say(*_ask(50))
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3013, "too many requests")
            assert sum("error" in line for line in peer.wire.lines) == 5

    run(scenario())


def test_whoever_keeps_to_the_rate_goes_on_for_ever() -> None:
    async def scenario() -> None:
        async with running(limits=LIMITS) as (engine, _):
            peer = await connected(engine)
            for number in range(100):
                peer.say({"id": 2 + number, "unsubscribe": {"channel": "news"}})
                await asyncio.sleep(0.11)
            assert not any("error" in line for line in peer.wire.lines)
            assert peer.wire.closed is None

    run(scenario())


def test_pongs_cost_nothing() -> None:
    async def scenario() -> None:
        async with running(
            limits=Limits(commands_a_second=0, commands_at_once=1, channels=0, ping=1, pong=0.5)
        ) as (
            engine,
            _,
        ):
            peer = await connected(engine)
            await asyncio.sleep(30)
            assert peer.wire.closed is None

    run(scenario())


def test_a_client_that_comes_back_may_ask_for_all_its_channels_at_once() -> None:
    limits = Limits()

    assert limits.commands_at_once > 2 * limits.channels


def test_17_a_connection_with_too_many_commands_in_its_first_frame_is_not_served_before_it_connected() -> None:
    async def scenario() -> None:
        async with running(limits=LIMITS) as (engine, _):
            peer = Peer(engine)
            peer.say({"id": 1, "connect": {}}, *_ask(3))
            await asyncio.sleep(0.1)
            assert [line["id"] for line in peer.wire.lines] == [1, 2, 3, 4]

    run(scenario())
