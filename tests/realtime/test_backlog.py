"""What waits is bounded in bytes, and a client that reads gets on: recoveries larger than a reply."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.realtime.hooks import Welcome
from offhook.realtime.send_queue import LARGEST, SendQueue
from offhook.testing.clock import run
from offhook.wire.codec import Outgoing
from tests.realtime.peers import Peer, connected, running


class Big(Channel[str], pattern="big:{name}", history=History(300, "10m")):
    """Publications of any size."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Newest(Channel[str], pattern="newest:{name}", history=History(300, "10m"), recovery="cache"):
    """The same, of which a client gets the newest."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


A = Big(name="a")


async def _filled(engine: Engine, channel: Channel[str], count: int, size: int) -> dict[str, Any]:
    """*count* publications of *size* bytes; how to recover all of them."""
    [start] = await engine.line.positions([channel])
    for number in range(count):
        await engine.line.publish(channel, f"{number:<{size}}")
    return {"recover": True, "offset": start.offset, "epoch": start.epoch}


def _numbers(peer: Peer, name: str = "big:a") -> list[int]:
    return [int(data[:9]) for data in peer.published(name)]


def test_what_does_not_fit_into_the_reply_follows_it_and_then_what_is_new() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            since = await _filled(engine, A, 100, 5000)
            peer = await connected(engine)
            reply = await peer.subscribe("big:a", **since)
            assert reply["recovered"]
            assert 0 < len(reply["publications"]) < 100
            await engine.line.publish(A, "100")
            await asyncio.sleep(1)
            await engine.line.publish(A, "101")
            await asyncio.sleep(1)
            assert _numbers(peer) == list(range(102))

    run(scenario())


def test_each_part_waits_until_the_network_has_taken_the_one_before() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            since = await _filled(engine, A, 100, 5000)
            peer = await connected(engine)
            peer.wire.stall()
            peer.begin(subscribe={"channel": "big:a", **since})
            for _ in range(20):
                await asyncio.sleep(1)
                assert peer.session.waiting < 2 * LARGEST
                peer.wire.flow()
                peer.wire.stall()
            peer.wire.flow()
            await asyncio.sleep(1)
            assert _numbers(peer) == list(range(100))

    run(scenario())


def test_a_client_that_comes_back_to_many_channels_with_much_is_not_too_slow() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            names = [f"{number}" for number in range(20)]
            since = [await _filled(engine, Big(name=name), 250, 400) for name in names]
            peer = await connected(engine)
            requests = zip(names, since, strict=True)
            peer.say(*({"id": 9, "subscribe": {"channel": f"big:{name}", **at}} for name, at in requests))
            await asyncio.sleep(1)
            assert all(_numbers(peer, f"big:{name}") == list(range(250)) for name in names[:1])
            assert sum(len(line.get("subscribe", {}).get("publications", ())) for line in peer.wire.lines) < 200
            assert sum("pub" in push for push in peer.pushes) > 20 * 250 - 200
            assert peer.wire.closed is None

    run(scenario())


@pytest.mark.parametrize("count", [1, 3])
def test_server_side_subscriptions_share_the_reply(count: int) -> None:
    async def scenario() -> None:
        async def welcome(client: Client[Any], said: Any) -> Any:
            return Welcome(channels=[Big(name=str(number)) for number in range(count)])

        async with running(Big, on_connect=welcome) as (engine, _):
            since = {f"big:{n}": await _filled(engine, Big(name=str(n)), 20, 5000) for n in range(count)}
            peer = Peer(engine)
            reply = await peer.connect(subs=since)
            sizes = [len(each["publications"]) for each in reply["subs"].values()]
            assert sum(sizes) * 5000 < LARGEST
            await asyncio.sleep(1)
            assert sum(sizes) + len(peer.pushes) == count * 20

    run(scenario())


def test_of_a_channel_in_cache_mode_the_newest_follows() -> None:
    async def scenario() -> None:
        async with running(Newest) as (engine, _):
            since = await _filled(engine, Newest(name="a"), 3, 100_000)
            peer = await connected(engine)
            reply = await peer.subscribe("newest:a", **since)
            await engine.line.publish(Newest(name="a"), "3")
            await asyncio.sleep(1)
            await engine.line.publish(Newest(name="a"), "4")
            await asyncio.sleep(1)
            assert (reply["recovered"], reply["offset"]) == (True, 2)
            assert _numbers(peer, "newest:a") in ([2, 3, 4], [3, 4])

    run(scenario())


@pytest.mark.parametrize("channel", [A, Newest(name="a")])
def test_when_the_history_is_gone_meanwhile_the_client_learns_it(channel: Channel[str]) -> None:
    async def scenario() -> None:
        async with running(Big, Newest) as (engine, _):
            since = await _filled(engine, channel, 40, 100_000)
            peer = await connected(engine)
            peer.wire.stall()
            peer.begin(subscribe={"channel": channel.format(), **since})
            await asyncio.sleep(1)
            await engine.line.invalidate(channel)
            peer.wire.flow()
            await asyncio.sleep(1)
            assert peer.pushes[-1]["unsubscribe"]["code"] == 2500
            reply = await peer.subscribe(channel.format(), **since)
            assert not reply.get("recovered")

    run(scenario())


def test_when_the_broker_fails_meanwhile_the_client_subscribes_again() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, broker):
            since = await _filled(engine, A, 40, 5000)
            peer = await connected(engine)
            peer.wire.stall()
            peer.begin(subscribe={"channel": "big:a", **since})
            await asyncio.sleep(1)
            broker.fail("history")
            peer.wire.flow()
            await asyncio.sleep(1)
            broker.heal()
            assert peer.pushes[-1]["unsubscribe"]["code"] == 2500

    run(scenario())


@pytest.mark.parametrize("end", ["unsubscribe", "disconnect", "lost"])
def test_a_recovery_that_is_not_wanted_any_more_ends(end: str) -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            since = await _filled(engine, A, 40, 5000)
            peer = await connected(engine)
            peer.wire.stall()
            peer.begin(subscribe={"channel": "big:a", **since})
            await asyncio.sleep(0.1)
            match end:
                case "unsubscribe":
                    number = peer.begin(unsubscribe={"channel": "big:a"})
                case "disconnect":
                    await engine.line.disconnect("ann")
                case _:
                    peer.session.lost()
            peer.wire.flow()
            await asyncio.sleep(5)
            assert len(peer.published("big:a")) < 40
            assert (len(engine.hub), len(engine.background)) == (0, 0)
            if end == "unsubscribe":
                assert await peer.answer(number) == {}

    run(scenario())


def test_a_subscription_that_still_recovers_may_read_and_is_present() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            since = await _filled(engine, A, 100, 5000)
            peer = await connected(engine)
            await peer.subscribe("big:a", **since)
            reply = await peer.ask(history={"channel": "big:a", "limit": 1})
            assert len(reply["publications"]) == 1
            assert [each.name for each in engine.hub.subscriptions()] == ["big:a"]

    run(scenario())


def test_a_history_reply_is_bounded_in_bytes_and_the_rest_can_be_asked_for() -> None:
    async def scenario() -> None:
        async with running(Big, limits=Limits(history_page_bytes=10_000)) as (engine, _):
            await _filled(engine, A, 5, 4000)
            peer = await connected(engine)
            await peer.subscribe("big:a")
            got: list[int] = []
            while True:
                since = {"offset": len(got), "epoch": ""}
                page = await peer.ask(history={"channel": "big:a", "limit": -1, "since": since})
                if not page["publications"]:
                    break
                assert len(page["publications"]) <= 2
                got += [int(each["data"][:9]) for each in page["publications"]]
            assert (got, page["offset"]) == ([0, 1, 2, 3, 4], 5)

    run(scenario())


def test_commands_with_large_replies_wait_for_the_network() -> None:
    async def scenario() -> None:
        async with running(Big) as (engine, _):
            await _filled(engine, A, 60, 5000)
            peer = await connected(engine)
            await peer.subscribe("big:a")
            peer.wire.stall()
            numbers = [peer.begin(history={"channel": "big:a", "limit": 60}) for _ in range(40)]
            await asyncio.sleep(1)
            assert peer.session.waiting < 2 * Limits().history_page_bytes
            assert peer.session.busy
            peer.wire.flow()
            assert all([await peer.answer(number) for number in numbers])
            assert peer.wire.closed is None

    run(scenario())


# The bound in bytes, over random sizes

_BOUNDS = Limits(queue=150_000, queues=170_000, history_page_bytes=20_000, recovery_buffer_bytes=50_000)
_ONE = 70_000
"""Bytes of the largest message in the scenario: a publication, or a history reply."""


def _check_bounds(engine: Engine, peers: list[Peer]) -> None:
    """Count what waits, by looking at every message, and compare it with what the limits allow."""
    everything: dict[int, int] = {}
    for peer in peers:
        waiting = [each.outgoing for each in peer.session.queue._waiting]
        own = sum(len(each.data) for each in waiting)
        assert own <= _BOUNDS.queue or len(waiting) == 1, own
        assert peer.wire.unsent <= LARGEST + _ONE
        everything |= {id(each): len(each.data) for each in waiting}
        for subscription in peer.session.subscriptions.values():
            held = sum(each.size for each in subscription._held or ())
            assert held <= _BOUNDS.recovery_buffer_bytes + _ONE, held
    assert sum(everything.values()) <= _BOUNDS.queues + _ONE
    assert engine.turn.bytes >= sum(everything.values())


async def _act(engine: Engine, peer: Peer, chance: random.Random, since: dict[str, Any]) -> None:
    match chance.choice(["publish", "publish", "send", "subscribe", "history", "stall", "flow", "pause"]):
        case "publish":
            size = chance.choice([1, 100, 10_000, 60_000])
            await engine.line.publish(Big(name=chance.choice("ab")), f"{'1' * chance.randrange(size)}1")
        case "subscribe":
            peer.begin(subscribe={"channel": chance.choice(["big:a", "big:b"]), **since})
        case "send":
            await engine.line.send("ann", "1" * chance.randrange(40_000))
        case "history":
            channel = chance.choice(["big:a", "big:b"])
            peer.say(*({"id": 900 + n, "history": {"channel": channel, "limit": 300}} for n in range(20)))
        case "stall" if peer.wire._stalled is None:
            peer.wire.stall()
        case "flow" if peer.wire._stalled is not None:
            peer.wire.flow()
        case "pause":
            await asyncio.sleep(chance.choice([0, 0.1, 3]))


async def _story(seed: int) -> None:
    """Clients that read or do not, publications of all sizes; after each step the bounds hold."""
    chance = random.Random(seed)
    async with running(Big, limits=_BOUNDS) as (engine, _):
        since = await _filled(engine, A, 60, 3000)
        peers = [await connected(engine) for _ in range(6)]
        for _ in range(150):
            number = chance.randrange(len(peers))
            if peers[number].session.ended:
                peers[number] = await connected(engine)
            await _act(engine, peers[number], chance, since)
            _check_bounds(engine, peers)
        for peer in peers:
            if peer.wire._stalled is not None:
                peer.wire.flow()
        await asyncio.sleep(60)
        assert engine.turn.bytes == 0


@pytest.mark.parametrize("seed", range(8))
def test_what_waits_is_bounded_in_bytes_whatever_the_sizes(seed: int) -> None:
    run(_story(seed))


def _in_items(queue: SendQueue, outgoing: Outgoing) -> None:
    queue._bytes += 1
    queue._turn.bytes += 1


def _planted_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SendQueue, "_count", _in_items)


def _planted_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.realtime.send_queue.Turn.bound", lambda turn: None)


def _planted_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.wire.publication.Publication.size", 1)


def _all_stories() -> None:
    for seed in range(8):
        run(_story(seed))


@pytest.mark.parametrize("plant", [_planted_queue, _planted_total, _planted_buffer])
def test_a_bound_that_counts_items_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _all_stories()


def test_what_is_published_during_the_last_part_may_be_more_than_is_held_back() -> None:
    async def scenario() -> None:
        async with running(Big, limits=Limits(recovery_buffer=3)) as (engine, broker):
            since = await _filled(engine, A, 20, 5000)
            peer = await connected(engine)
            peer.wire.stall()
            peer.begin(subscribe={"channel": "big:a", **since})
            await asyncio.sleep(1)
            broker.hold("history")
            peer.wire.flow()
            await asyncio.sleep(1)
            for number in range(20, 26):
                await engine.line.publish(A, str(number))
            broker.release("history")
            await asyncio.sleep(1)
            assert _numbers(peer) == list(range(26))

    run(scenario())
