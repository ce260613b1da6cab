"""Presence stays as long as the connection does, and goes with it."""

import asyncio

import pytest

from offhook.base.limits import Limits
from offhook.testing.clock import run
from tests.realtime.peers import Room, connected, running

A = Room(name="a")


def test_who_stays_is_present_for_longer_than_an_entry_lives() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await peer.subscribe("news")
            await asyncio.sleep(600)
            assert list(await engine.line.presence(A)) == [peer.session.client.id]

    run(scenario())


def test_a_process_that_vanishes_takes_its_members_along() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            engine._upkeep.cancel()
            await asyncio.sleep(61)
            assert await engine.line.presence(A) == {}

    run(scenario())


def test_an_entry_that_is_renewed_while_it_goes_is_removed_again() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.hold("renew_presence")
            await asyncio.sleep(24.1)
            await peer.ask(unsubscribe={"channel": "room:a"})
            await broker.inner.add_presence("room:a", [peer.session.info], ttl=60)  # the renewal arrives late
            broker.release("renew_presence")
            await asyncio.sleep(0.1)
            assert await engine.line.presence(A) == {}

    run(scenario())


@pytest.mark.parametrize("fault", ["fail", "hold"])
def test_a_renewal_that_fails_is_tried_again(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            getattr(broker, fault)("renew_presence")
            await asyncio.sleep(30)
            if fault == "hold":
                broker.release("renew_presence")
            broker.heal()
            await asyncio.sleep(60)
            assert list(await engine.line.presence(A)) == [peer.session.client.id]

    run(scenario())
    assert "renewing presence failed" in caplog.text


@pytest.mark.parametrize("method", ["remove_presence", "announce_leave", "announce_join"])
@pytest.mark.parametrize("fault", ["fail", "hold"])
def test_what_the_broker_does_not_take_holds_nobody_up(
    method: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            getattr(broker, fault)(method)
            assert "error" not in await peer.subscribe("room:a")
            assert await peer.ask(unsubscribe={"channel": "room:a"}) == {}
            peer.session.lost()
            await asyncio.sleep(10)
            assert len(engine.background) == 0

    run(scenario())
    assert "did not take who joined or left" in caplog.text


def test_the_renewal_of_many_channels_is_spread() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(channels=250)) as (engine, broker):
            peer = await connected(engine)
            for number in range(200):
                await peer.subscribe(f"room:{number}")
            before = len([each for each in broker.calls if each[0] == "renew_presence"])
            await asyncio.sleep(200)

            present = [await engine.line.presence(Room(name=str(number))) for number in range(200)]
            assert all(list(each) == [peer.session.client.id] for each in present)
            assert len([each for each in broker.calls if each[0] == "renew_presence"]) - before >= 2 * 6

    run(scenario())
