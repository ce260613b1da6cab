"""Cache recovery, reads that are shared, doubt, and many who come back at once (protocol §9.4, §10)."""

import asyncio
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.subscribe import enlist
from offhook.testing.clock import run
from offhook.wire.commands import SubscribeRequest
from tests.realtime.peers import Peer, Room, connected, running

A = Room(name="a")


class Price(Channel[int], pattern="price", history=History(3, "10m"), recovery="cache"):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


@pytest.mark.parametrize(
    ("since", "publications"),
    [
        ({}, [3]),
        ({"offset": 1}, [3]),
        ({"offset": 9, "epoch": "other"}, [3]),
        ({"offset": 3}, [3]),  # without an epoch nobody knows of which stream that is
    ],
)
def test_9_4_who_comes_back_gets_the_newest(since: dict[str, Any], publications: list[int]) -> None:
    async def scenario() -> None:
        async with running(Price) as (engine, _):
            for number in (1, 2, 3):
                await engine.line.publish(Price(), number)
            reply = await (await connected(engine)).subscribe("price", recover=True, **since)

            assert (reply["recovered"], reply["was_recovering"], reply["offset"]) == (True, True, 3)
            assert [each["data"] for each in reply["publications"]] == publications

    run(scenario())


def test_9_4_who_has_the_newest_gets_nothing() -> None:
    async def scenario() -> None:
        async with running(Price) as (engine, _):
            top = await engine.line.publish(Price(), 1)
            peer = await connected(engine)
            reply = await peer.subscribe("price", recover=True, offset=top.offset, epoch=top.epoch)

            assert reply["recovered"]
            assert "publications" not in reply

    run(scenario())


def test_9_4_where_nothing_was_published_nothing_is_recovered() -> None:
    async def scenario() -> None:
        async with running(Price) as (engine, _):
            peer = await connected(engine)
            assert await peer.subscribe("price", recover=True, flag=2) == {"error": 112}
            reply = await peer.subscribe("price", recover=True)

            assert reply["was_recovering"]
            assert "recovered" not in reply

    run(scenario())


def test_9_4_what_was_held_back_is_newer() -> None:
    async def scenario() -> None:
        async with running(Price) as (engine, broker):
            await engine.line.publish(Price(), 1)
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "price", "recover": True})
            await asyncio.sleep(0.1)
            await engine.line.publish(Price(), 2)
            await engine.line.publish(Price(), 3)
            broker.release("history")
            reply = await peer.answer(number)
            await engine.line.publish(Price(), 4)
            await asyncio.sleep(0.1)

            assert (reply["offset"], [each["data"] for each in reply["publications"]]) == (3, [3])
            assert peer.published("price") == [3, 4]

    run(scenario())


def test_9_4_a_plain_subscribe_begins_with_what_follows() -> None:
    async def scenario() -> None:
        async with running(Price) as (engine, _):
            await engine.line.publish(Price(), 1)
            reply = await (await connected(engine)).subscribe("price")
            assert (reply["offset"], reply["positioned"], "publications" in reply) == (1, True, False)

    run(scenario())


def test_112_also_where_nothing_is_kept() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            assert await peer.subscribe("news", recover=True, flag=3) == {"error": 112}
            assert await peer.subscribe("news", recover=True, flag=1) == {"was_recovering": True}

    run(scenario())


async def _returning(peers: list[Peer], **since: Any) -> list[int]:
    return [peer.begin(subscribe={"channel": "room:a", "recover": True, **since}) for peer in peers]


def test_equal_reads_at_one_time_are_one() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            for number in range(5):
                await engine.line.publish(A, number)
            peers = [await connected(engine) for _ in range(20)]
            same, others = peers[:15], peers[15:]
            asked = [*await _returning(same, offset=2), *await _returning(others, offset=3)]
            replies = [await peer.answer(number) for peer, number in zip(peers, asked, strict=True)]

            assert [len(reply["publications"]) for reply in replies] == [3] * 15 + [2] * 5
            assert broker.calls.count(("history", "room:a")) == 2

    run(scenario())


def test_a_read_that_has_begun_is_not_shared() -> None:
    """Who comes after it began was not registered when the broker looked."""

    async def scenario() -> None:
        async with running() as (engine, broker):
            peers = [await connected(engine) for _ in range(3)]
            await peers[2].subscribe("room:a")
            broker.hold("history")
            [first] = await _returning(peers[:1])
            await asyncio.sleep(0.1)
            await engine.line.publish(A, 1)
            [second] = await _returning(peers[1:2])
            await asyncio.sleep(0.1)
            broker.release("history")

            assert (await peers[0].answer(first))["publications"][0]["data"] == 1  # it was held back
            assert (await peers[1].answer(second))["publications"][0]["data"] == 1  # it was read
            assert peers[1].published("room:a") == [1]

    run(scenario())


def test_one_that_gives_up_reading_does_not_end_it_for_the_others() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(handler=2)) as (engine, broker):
            gone, patient = await connected(engine), await connected(engine)
            broker.hold("history")
            [one] = await _returning([gone])
            await asyncio.sleep(1.5)
            [two] = await _returning([patient])
            assert await gone.answer(one) == {"error": 100}
            broker.release("history")
            assert (await patient.answer(two))["recovered"]

    run(scenario())


def test_15_6_a_loss_while_somebody_catches_up_is_read_again() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            broker.losing = True
            await engine.line.publish(A, 1)
            broker.losing = False
            engine.hub.on_doubt(None)
            broker.release("history")

            assert (await peer.answer(number))["offset"] == 1

    run(scenario())


def test_15_6_doubt_is_not_forgotten_while_the_broker_is_away() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.losing = True
            await engine.line.publish(A, 1)
            broker.losing = False
            broker.fail("positions")
            engine.hub.on_doubt(None)
            engine.hub.on_doubt(["room:a", "unknown"])
            await asyncio.sleep(5)
            assert peer.pushes == []
            broker.heal()
            await asyncio.sleep(1.5)

            assert [push["unsubscribe"]["code"] for push in peer.pushes] == [2500]

    run(scenario())


def test_10_a_check_under_steady_traffic_ends_nothing() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.hold("positions")
            engine.hub.on_doubt(None)
            for number in range(6):
                await asyncio.sleep(0.1)
                await engine.line.publish(A, number)
                if number in (2, 4):
                    broker.release("positions")
                    broker.hold("positions")
            broker.release("positions")
            await asyncio.sleep(1)
            assert peer.published("room:a") == list(range(6))
            assert all("pub" in push for push in peer.pushes)

    run(scenario())


def test_10_many_who_have_to_recover_are_told_one_after_the_other() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(connections_of_user=1000)) as (engine, broker):
            peers = [await connected(engine) for _ in range(300)]
            for peer in peers:
                await peer.subscribe("room:a")
            broker.losing = True
            await engine.line.publish(A, 1)
            broker.losing = False
            await engine.line.publish(A, 2)
            await asyncio.sleep(0.01)
            told = []
            for _ in range(7):
                told.append(sum("unsubscribe" in push for peer in peers for push in peer.pushes))
                await asyncio.sleep(0.05)
            await engine.line.publish(A, 3)

            assert told == [100, 200, 300, 300, 300, 300, 300]
            # Until then nothing was delivered that would follow a hole.
            assert not any(peer.published("room:a") for peer in peers)

    run(scenario())


def test_10_no_more_have_to_recover_while_the_broker_is_slow_to_answer_those_who_do() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(connections_of_user=1000, handler=60)) as (engine, broker):
            peers = [await connected(engine) for _ in range(300)]
            for peer in peers:
                await peer.subscribe("room:a")
            broker.hold("history")
            engine.hub.on_doubt(None)
            await engine.line.invalidate(A)
            told: set[Peer] = set()
            for _ in range(100):
                await asyncio.sleep(0.05)
                for peer in {peer for peer in peers if any("unsubscribe" in push for push in peer.pushes)} - told:
                    told.add(peer)
                    peer.begin(subscribe={"channel": "room:a"})
            assert len(told) == 100

            broker.release("history")
            await asyncio.sleep(1)
            assert all(any("unsubscribe" in push for push in peer.pushes) for peer in peers)

    run(scenario())


@pytest.mark.parametrize("how", ["unsubscribes", "is lost", "is undone"])
def test_8_4_what_was_enlisted_and_ends_before_it_begins_leaves_nothing(how: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            enlisted = await enlist(peer.session, "room:a", SubscribeRequest())
            if how == "unsubscribes":
                await peer.ask(unsubscribe={"channel": "room:a"})
            elif how == "is lost":
                peer.session.lost()
            else:
                enlisted.undo()
            assert not enlisted.go_live()
            await engine.line.publish(A, 1)
            await asyncio.sleep(5)

            assert (peer.published("room:a"), len(engine.hub)) == ([], 0)
            assert await engine.line.presence(A) == {}

    run(scenario())


def test_2502_a_slow_client_of_a_channel_that_says_so_takes_a_new_snapshot() -> None:
    class Rows(Channel[str], pattern="rows", history=History(100, "10m"), slow="resync"):
        async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def scenario() -> None:
        async with running(Rows, Room, limits=Limits(queue=1000)) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("rows")
            await peer.subscribe("room:a")
            peer.wire.stall()
            await engine.line.publish(Rows(), "under way")
            await asyncio.sleep(0.1)
            for _ in range(20):
                await engine.line.publish(Rows(), "x" * 100)
            await engine.line.publish(A, 1)
            await asyncio.sleep(0.1)
            peer.wire.flow()
            await asyncio.sleep(0.1)

            assert peer.published("rows") == ["under way"]
            assert peer.published("room:a") == [1]
            assert peer.pushes[1] == {
                "channel": "rows",
                "unsubscribe": {"code": 2502, "reason": "state invalidated"},
            }
            assert (await peer.subscribe("rows"))["offset"] == 21

    run(scenario())
