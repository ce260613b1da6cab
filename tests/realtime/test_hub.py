"""Deliveries, and the broker's subscriptions behind them."""

import asyncio
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.realtime.session import Session
from offhook.testing.clock import run
from offhook.wire.publication import Publication
from tests.realtime.peers import Room, connected, running


def _broker_calls(broker: Any) -> list[str]:
    return [method for method, channel in broker.calls if method in ("subscribe", "unsubscribe")]


def test_everybody_gets_the_very_same_object() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peers = [await connected(engine) for _ in range(3)]
            for peer in peers:
                await peer.subscribe("news")
            await engine.broker.publish("news", _publication(), history=None)
            await asyncio.sleep(0.1)

            assert peers[0].pushes == [{"channel": "news", "pub": {"data": 1}}]
            assert peers[0].wire.last is peers[1].wire.last is peers[2].wire.last

    run(scenario())


def _publication() -> Publication:
    return Publication(b"1")


def test_the_broker_is_asked_once_for_many() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peers = [await connected(engine) for _ in range(5)]
            broker.hold("subscribe")
            numbers = [peer.begin(subscribe={"channel": "room:a"}) for peer in peers]
            await asyncio.sleep(0.1)
            assert len(peers[0].wire.lines) == 1
            broker.release("subscribe")
            for peer, number in zip(peers, numbers, strict=True):
                assert (await peer.answer(number))["positioned"]
            assert _broker_calls(broker) == ["subscribe"]

    run(scenario())


def test_one_that_gives_up_does_not_end_it_for_the_others() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(handler=2)) as (engine, broker):
            first, second = await connected(engine), await connected(engine)
            broker.hold("subscribe")
            one = first.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(1.5)
            two = second.begin(subscribe={"channel": "room:a"})
            assert await first.answer(one) == {"error": 100}
            broker.release("subscribe")
            assert (await second.answer(two))["positioned"]
            assert _broker_calls(broker) == ["subscribe"]

    run(scenario())


def test_a_refusal_is_shared_and_not_remembered() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peers = [await connected(engine) for _ in range(3)]
            broker.hold("subscribe")
            broker.fail("subscribe")
            numbers = [peer.begin(subscribe={"channel": "room:a"}) for peer in peers]
            await asyncio.sleep(0.1)
            broker.release("subscribe")
            for peer, number in zip(peers, numbers, strict=True):
                assert await peer.answer(number) == {"error": 100}
            broker.heal()
            assert (await peers[0].subscribe("room:a"))["positioned"]
            assert _broker_calls(broker) == ["subscribe", "subscribe"]

    run(scenario())


def test_the_broker_hears_of_the_last_one_only_after_a_moment() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            for _ in range(3):
                await peer.subscribe("room:a")
                await peer.ask(unsubscribe={"channel": "room:a"})
                await asyncio.sleep(0.5)
            assert _broker_calls(broker) == ["subscribe"]
            await asyncio.sleep(1)
            assert _broker_calls(broker) == ["subscribe", "unsubscribe"]
            assert len(engine.hub) == 0

    run(scenario())


def test_one_of_two_may_go() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            first, second = await connected(engine), await connected(engine)
            await first.subscribe("room:a")
            await second.subscribe("room:a")
            first.session.lost()
            await asyncio.sleep(5)
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(0.1)
            assert second.published("room:a") == [1]
            assert _broker_calls(broker) == ["subscribe"]

    run(scenario())


def test_a_subscribe_waits_for_the_unsubscribe_before_it() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await peer.ask(unsubscribe={"channel": "room:a"})
            broker.hold("unsubscribe")
            await asyncio.sleep(1.1)
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            assert _broker_calls(broker) == ["subscribe", "unsubscribe"]
            broker.release("unsubscribe")
            assert (await peer.answer(number))["positioned"]
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(5)
            assert peer.published("room:a") == [1]
            assert _broker_calls(broker) == ["subscribe", "unsubscribe", "subscribe"]

    run(scenario())


def test_who_gives_up_waiting_for_an_unsubscribe_leaves_no_subscription_behind() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(handler=3)) as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await peer.ask(unsubscribe={"channel": "room:a"})
            broker.hold("unsubscribe")
            await asyncio.sleep(1.1)
            broker.hold("subscribe")
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(2.5)
            broker.release("unsubscribe")
            assert await peer.answer(number) == {"error": 100}
            broker.release("subscribe")
            await asyncio.sleep(5)

            assert _broker_calls(broker) == ["subscribe", "unsubscribe", "subscribe", "unsubscribe"]
            assert len(engine.hub) == 0

    run(scenario())


@pytest.mark.parametrize("fault", ["fail", "hold"])
def test_an_unsubscribe_that_fails_is_logged_and_forgotten(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            getattr(broker, fault)("unsubscribe")
            await peer.ask(unsubscribe={"channel": "room:a"})
            await asyncio.sleep(10)
            assert len(engine.hub) == 0

    run(scenario())
    assert "unsubscribing from the broker failed" in caplog.text


def test_announcements_for_nobody_are_ignored() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            engine.hub.on_publication("room:a", _publication())
            engine.hub.on_join("room:a", peer.session.info)
            engine.hub.on_leave("room:a", peer.session.info)
            assert peer.pushes == []

    run(scenario())


def test_doubt_makes_those_recover_who_miss_something_and_only_those() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            behind, whole = await connected(engine), await connected(engine)
            await behind.subscribe("room:a")
            await whole.subscribe("room:b")
            await whole.subscribe("news")
            broker.losing = True
            await engine.line.publish(Room(name="a"), 1)
            broker.losing = False
            engine.hub.on_doubt(None)
            await asyncio.sleep(1)

            assert behind.pushes[-1]["unsubscribe"]["code"] == 2500
            assert whole.session.subscriptions.keys() == {"room:b", "news"}
            engine.hub.on_doubt(["nothing"])

    run(scenario())


def test_another_epoch_is_noticed_at_once() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await engine.line.invalidate(Room(name="a"))
            await asyncio.sleep(1)
            assert peer.pushes[-1]["unsubscribe"]["code"] == 2500
            reply = await peer.subscribe("room:a", recover=True, offset=0, epoch="old")
            assert reply["was_recovering"]
            assert "recovered" not in reply

    run(scenario())


def test_a_silent_loss_is_noticed_by_the_periodic_check() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.losing = True
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(40)
            checks = broker.calls.count(("positions", "room:a"))
            await asyncio.sleep(40)
            assert peer.pushes[-1]["unsubscribe"]["code"] == 2500
            assert checks == 0

    run(scenario())


def test_a_channel_that_is_published_to_is_not_checked() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            for number in range(10):
                await engine.line.publish(Room(name="a"), number)
                await asyncio.sleep(20)
            assert ("positions", "room:a") not in broker.calls
            await asyncio.sleep(100)
            assert broker.calls.count(("positions", "room:a")) in (1, 2)
            assert "room:a" in peer.session.subscriptions

    run(scenario())


@pytest.mark.parametrize("fault", ["fail", "hold"])
def test_a_check_that_fails_ends_nothing(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            getattr(broker, fault)("positions")
            await asyncio.sleep(100)
            assert "room:a" in peer.session.subscriptions

    run(scenario())
    assert "checking positions failed" in caplog.text


def test_a_publication_on_its_way_is_no_loss() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.losing = True
            position = await engine.line.publish(Room(name="a"), 1)
            broker.hold("positions")
            engine.hub.on_doubt(["room:a"])
            await asyncio.sleep(0.1)
            broker.release("positions")
            broker.hold("positions")  # the second look
            await asyncio.sleep(0.1)
            [late] = (await engine.line.history(Room(name="a"))).publications
            assert late.offset == position.offset
            engine.hub.on_publication("room:a", late)
            broker.release("positions")
            await asyncio.sleep(1)
            assert "room:a" in peer.session.subscriptions

    run(scenario())


def test_stopping_while_the_broker_unsubscribes() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.hold("unsubscribe")
            await peer.ask(unsubscribe={"channel": "room:a"})
            await asyncio.sleep(1.5)
        assert len(engine.hub) == 0

    run(scenario())


def test_stopping_waits_for_no_confirmation() -> None:
    async def scenario() -> Session:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("subscribe")
            peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
        return peer.session

    assert run(scenario()).state == "closed"


def test_closing_a_hub_in_use() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            engine.hub.close()
            assert len(engine.hub) == 0

    run(scenario())


def test_a_client_that_comes_while_the_last_one_is_about_to_be_forgotten() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(handler=60)) as (engine, broker):
            first, second = await connected(engine), await connected(engine)
            broker.hold("subscribe")
            first.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            first.session.lost()
            await asyncio.sleep(2)  # what gives the channel up waits for the broker
            number = second.begin(subscribe={"channel": "room:a"})
            broker.release("subscribe")
            await second.answer(number)
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(5)

            assert second.published("room:a") == [1]
            assert "unsubscribe" not in _broker_calls(broker)

    run(scenario())
