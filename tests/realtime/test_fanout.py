"""The way to many: joined once, in chunks, in order, and nothing after the end."""

import asyncio
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime import fanout
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.send_queue import LARGEST
from offhook.testing.clock import run
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.replies import join_push, pub_push
from tests.realtime.peers import JSON, News, connected, running
from tests.realtime.stage import BYTES, Stage


class Latest(Channel[str], pattern="room:{name}", history=History(10, "10m"), recovery="cache", slow="latest"):
    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Resync(Channel[str], pattern="room:{name}", history=History(10, "10m"), slow="resync"):
    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


async def _turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_one_turn_publishes_is_one_write_whose_bytes_all_share() -> None:
    async def scenario() -> None:
        stage = Stage()
        members = [stage.member() for _ in range(3)]
        stage.publish(16)
        assert [each.got for each in members] == [[]] * 3
        await _turns()
        assert [each.got for each in members] == [list(range(1, 17))] * 3
        assert [each.wire.frames for each in members] == [1] * 3
        assert len({id(each.wire.last) for each in members}) == 1

    run(scenario())


def test_a_frame_has_its_most_messages_and_those_of_a_websocket_are_written_together() -> None:
    async def scenario() -> None:
        stage = Stage()
        streams, socket = stage.member(JSON), stage.member(BYTES)
        stage.publish(40)
        await _turns()
        assert streams.got == socket.got == list(range(1, 41))
        assert (streams.wire.frames, socket.wire.frames) == (3, 1)

    run(scenario())


@pytest.mark.parametrize(("size", "writes"), [(1000, 4), (LARGEST - 200, 200), (LARGEST, 200)])
def test_a_write_has_a_bound_of_bytes(size: int, writes: int) -> None:
    async def scenario() -> None:
        stage = Stage()
        member = stage.member(BYTES)
        stage.publish(200, size)
        await _turns(300)
        assert member.got == list(range(1, 201))
        assert member.wire.frames == writes

    run(scenario())


def test_between_two_chunks_others_have_their_turn() -> None:
    async def scenario() -> None:
        stage = Stage()
        members = [stage.member() for _ in range(3 * fanout.CHUNK)]
        stage.publish()
        for chunks in range(1, 4):
            await asyncio.sleep(0)
            assert sum(each.wire.frames for each in members) == chunks * fanout.CHUNK
        assert stage.fanout.weight == 0

    run(scenario())


def test_a_small_channel_does_not_wait_for_a_large_one() -> None:
    async def scenario() -> None:
        stage = Stage()
        large = [stage.member() for _ in range(10 * fanout.CHUNK)]
        small = Stage()
        small.fanout, small.turn = stage.fanout, stage.turn
        small.audience = small.another()
        member = small.member()
        stage.publish()
        small.publish()
        await _turns(2)
        assert member.got == [1]
        assert sum(each.wire.frames for each in large) < 3 * fanout.CHUNK

    run(scenario())


def test_what_is_published_while_it_is_under_way_follows_as_one() -> None:
    async def scenario() -> None:
        stage = Stage()
        members = [stage.member() for _ in range(2 * fanout.CHUNK)]
        stage.publish()
        await asyncio.sleep(0)
        stage.publish(5)
        await asyncio.sleep(0)
        stage.publish(5)
        await _turns()
        assert all(each.got == list(range(1, 12)) for each in members)
        assert {each.wire.frames for each in members} == {2}

    run(scenario())


def test_who_comes_meanwhile_gets_what_follows() -> None:
    async def scenario() -> None:
        stage = Stage()
        first = stage.member()
        stage.publish(2)
        second = stage.member()
        stage.publish(2)
        third = stage.member()
        await _turns()
        assert (first.got, second.got, third.got) == ([1, 2, 3, 4], [3, 4], [])
        assert first.wire.frames == 1
        stage.publish()
        await _turns()
        assert (second.got, third.got) == ([3, 4, 5], [5])

    run(scenario())


def test_who_comes_between_two_chunks_gets_nothing_of_what_is_under_way() -> None:
    async def scenario() -> None:
        stage = Stage()
        for _ in range(2 * fanout.CHUNK):
            stage.member()
        stage.publish()
        await asyncio.sleep(0)
        late = stage.member()
        await _turns()
        assert late.got == []
        [group] = stage.audience.cohorts[0].groups.values()
        assert group.open is None, "nothing is kept of what was delivered"

    run(scenario())


def test_who_goes_has_what_was_published_before_and_nothing_later() -> None:
    async def scenario() -> None:
        stage = Stage()
        goes, stays = stage.member(), stage.member()
        stage.publish(2)
        stage.discard(goes)
        assert goes.wire.lines != []
        goes.queue.put(JSON.encode(join_push("room:a", ClientInfo("last", ""))))
        stage.publish()
        await _turns()
        assert goes.got == [1, 2, "last"]
        assert stays.got == [1, 2, 3]

    run(scenario())


def test_nothing_is_kept_of_those_who_have_gone() -> None:
    async def scenario() -> None:
        stage = Stage()
        members = [stage.member() for _ in range(3 * fanout.CHUNK)]
        stage.publish(3)
        await asyncio.sleep(0)
        for each in members:
            each.queue.close()
            stage.discard(each)
        await asyncio.sleep(0)
        assert (stage.fanout.weight, len(stage.fanout._outboxes)) == (0, 0)
        assert sum(each.wire.frames for each in members) == fanout.CHUNK

    run(scenario())


def test_who_is_busy_gets_it_later_and_delays_nobody() -> None:
    async def scenario() -> None:
        stage = Stage()
        busy, free = stage.member(), stage.member()
        busy.wire.stall()
        for _ in range(3):
            stage.publish(2)
            await _turns()
        assert (busy.got, free.got) == ([], [1, 2, 3, 4, 5, 6])
        busy.wire.flow()
        await _turns()
        assert busy.got == [1, 2, 3, 4, 5, 6]

    run(scenario())


def test_who_is_busy_in_a_lossy_channel_gets_what_its_policy_says() -> None:
    async def scenario() -> None:
        stage = Stage(Latest)
        busy, free = stage.member(), stage.member()
        busy.wire.stall()
        stage.publish()
        await _turns()
        stage.publish(5)
        await _turns()
        busy.wire.flow()
        await _turns()
        assert (busy.got, free.got) == ([1, 6], [1, 2, 3, 4, 5, 6])

    run(scenario())


@pytest.mark.parametrize("count", [9, 20])  # one delivery, and several
def test_after_it_was_told_to_take_a_new_snapshot_nothing_follows(count: int) -> None:
    async def scenario() -> None:
        async with running(Resync, limits=Limits(queue=1000)) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            peer.wire.stall()
            await engine.line.publish(Resync(name="a"), "first")
            await asyncio.sleep(0.1)
            await asyncio.gather(*(engine.line.publish(Resync(name="a"), "x" * 150) for _ in range(count)))
            await asyncio.sleep(0.1)
            peer.wire.flow()
            await asyncio.sleep(0.1)

            assert [next(iter(each.keys() - {"channel"})) for each in peer.pushes] == ["pub", "unsubscribe"]
            assert peer.pushes[-1]["unsubscribe"]["code"] == 2502

    run(scenario())


@pytest.mark.parametrize("channel", [Latest, Resync])
def test_whoever_is_unsubscribed_hears_of_it_last(channel: type[Channel[str]]) -> None:
    async def scenario() -> None:
        async with running(channel) as (engine, _):
            peer = await connected(engine)
            reply = await peer.subscribe("room:a")
            engine.hub.on_publication("room:a", Publication(b"1", 1, reply["epoch"]))
            peer.session.drop(peer.session.subscriptions["room:a"], codes.UNSUBSCRIBED)
            await asyncio.sleep(0.1)
            assert [next(iter(each.keys() - {"channel"})) for each in peer.pushes] == ["pub", "unsubscribe"]

    run(scenario())


def test_what_follows_a_delivery_in_its_turn_is_joined() -> None:
    async def scenario() -> None:
        stage = Stage()
        member = stage.member()
        stage.publish()
        await asyncio.sleep(0)
        for user in ("ann", "bob"):
            member.queue.put(JSON.encode(join_push("room:a", ClientInfo(user, ""))))
        assert member.wire.frames == 1
        await asyncio.sleep(0)
        assert (member.got, member.wire.frames) == ([1, "ann", "bob"], 2)

    run(scenario())


def test_joins_and_publications_keep_their_order() -> None:
    async def scenario() -> None:
        stage = Stage()
        hears, deaf = stage.member(hears=True), stage.member()
        stage.publish()
        stage.join("ann")
        stage.join("bob")
        stage.publish(2)
        stage.join("eve")
        await _turns()
        assert hears.got == [1, "ann", "bob", 2, 3, "eve"]
        assert deaf.got == [1, 2, 3]

    run(scenario())


def test_a_crowd_of_joins_is_joined() -> None:
    async def scenario() -> None:
        stage = Stage()
        first = stage.member(hears=True)
        members = []
        for number in range(32):
            members.append(stage.member(hears=True))
            stage.join(str(number))
        await _turns()
        assert first.got == [str(number) for number in range(32)]
        assert first.wire.frames == 2
        for number, member in enumerate(members):
            assert member.got == [str(each) for each in range(number, 32)]

    run(scenario())


def test_too_much_under_way_is_written_before_more_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_AHEAD", 300_000)

    async def scenario() -> None:
        stage = Stage()
        members = [stage.member() for _ in range(300)]
        for size in [30_000] * 20 + [200_000]:
            stage.publish(1, size)
            assert stage.fanout.weight <= 300_000
        assert members[0].got[:10] == list(range(1, 11))
        await _turns()
        assert all(each.got == list(range(1, 22)) for each in members)

    run(scenario())


def test_those_who_go_while_others_are_served() -> None:
    """An application may close connections as soon as one breaks."""

    async def scenario() -> None:
        stage = Stage(limits=Limits(queue=250))
        members = [stage.member() for _ in range(10)]
        last = members[-1]

        def end_all(code: object) -> None:
            for each in members[5:]:
                stage.discard(each)

        last.queue._fail = end_all
        last.wire.stall()
        stage.publish()
        await _turns()
        stage.publish(2, 100)
        await _turns()
        assert [each.got for each in members] == [[1, 2, 3]] * 9 + [[]]

    run(scenario())


def test_those_who_publish_too_much_while_others_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_AHEAD", 1000)

    async def scenario() -> None:
        stage = Stage(limits=Limits(queue=100))
        other = Stage()
        other.fanout, other.turn = stage.fanout, stage.turn
        other.audience = other.another()
        breaks, member, listener = stage.member(), stage.member(), other.member()
        breaks.queue._fail = lambda code: other.publish(2, 1000)
        breaks.wire.stall()
        for size in (0, 100, 100):
            stage.publish(1, size)
            other.publish()
            await _turns()
        assert (member.got, listener.got) == ([1, 2, 3], [1, 2, 3, 4, 5])
        assert stage.fanout.weight == 0

    run(scenario())


def test_who_is_closed_gets_what_was_published_before() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            await engine.line.publish(News(), 1)
            await engine.line.disconnect("ann")
            await asyncio.sleep(0.1)
            assert peer.published("news") == [1]
            assert peer.wire.closed is not None

    run(scenario())


def test_each_delivery_counts() -> None:
    async def scenario() -> None:
        stage = Stage()
        for variant in (JSON, JSON, BYTES):
            stage.member(variant, hears=True)
        stage.publish(2)
        stage.join("ann")
        await _turns()
        metrics = stage.turn.metrics
        pushes = [pub_push("room:a", Publication(b'""', offset, "e")) for offset in (1, 2)]
        size = sum(len(JSON.encode(push).data) for push in pushes)
        assert (metrics.deliveries, metrics.delivered_bytes) == (6, 3 * size)

    run(scenario())


def test_a_network_that_takes_everything_may_be_given_more_than_a_queue_holds() -> None:
    async def scenario() -> None:
        stage = Stage(limits=Limits(queue=1000))
        member = stage.member()
        stage.publish(400, 60_000)
        await _turns(500)
        assert (len(member.got), member.failures) == (400, [])

    run(scenario())
