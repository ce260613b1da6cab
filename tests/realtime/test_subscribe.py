"""The subscribe algorithm in every order that its steps can meet (protocol §6.3, §9.2, §9.3)."""

import asyncio
from typing import Any

import pytest

from offhook.base.errors import Denied
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import run
from offhook.wire.publication import Publication
from offhook.wire.replies import EmptyResult, Reply
from tests.realtime.peers import News, Peer, Room, connected, running

HISTORY = History(100, 600)


def test_the_reply_says_where_the_stream_stands() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            position = await engine.line.publish(Room(name="a"), 1)
            peer = await connected(engine)

            assert await peer.subscribe("room:a") == {
                "recoverable": True,
                "positioned": True,
                "offset": 1,
                "epoch": position.epoch,
            }
            assert await peer.subscribe("news") == {}

    run(scenario())


def test_publications_after_the_reply_arrive_once_and_in_order() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            for number in range(40):
                await engine.line.publish(Room(name="a"), number)
            await asyncio.sleep(1)

            assert peer.published("room:a") == list(range(40))
            first, second = [push["pub"] for push in peer.pushes if "pub" in push][:2]
            assert set(first) == {"data", "offset", "epoch"}  # the epoch is told with the first one only
            assert set(second) == {"data", "offset"}

    run(scenario())


@pytest.mark.parametrize("method", ["subscribe", "history", "add_presence"])
def test_what_is_published_while_a_step_is_slow_comes_after_the_reply(method: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            other = await connected(engine)
            if method != "subscribe":
                await other.subscribe("room:a")
            await engine.line.publish(Room(name="a"), 1)
            peer = await connected(engine)
            broker.hold(method)
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            await engine.line.publish(Room(name="a"), 2)
            await engine.line.publish(Room(name="a"), 3)
            assert len(peer.wire.lines) == 1  # the reply to connect
            broker.release(method)
            reply = await peer.answer(number)
            await engine.line.publish(Room(name="a"), 4)
            await asyncio.sleep(1)

            # Every publication is below the reply's offset, or comes as a push after it.
            assert peer.published("room:a") == [2, 3, 4][reply["offset"] - 1 :]
            assert "subscribe" in peer.wire.lines[1]

    run(scenario())


@pytest.mark.parametrize("method", ["subscribe", "history", "add_presence"])
def test_recovery_while_a_step_is_slow_misses_nothing(method: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            position = await engine.line.publish(Room(name="a"), 1)
            await engine.line.publish(Room(name="a"), 2)
            peer = await connected(engine)
            broker.hold(method)
            number = peer.begin(
                subscribe={"channel": "room:a", "recover": True, "offset": 1, "epoch": position.epoch}
            )
            await asyncio.sleep(0.1)
            await engine.line.publish(Room(name="a"), 3)
            broker.release(method)
            reply = await peer.answer(number)
            await engine.line.publish(Room(name="a"), 4)
            await asyncio.sleep(1)

            assert peer.published("room:a") == [2, 3, 4]
            assert (reply["recovered"], reply["was_recovering"], reply["offset"]) == (True, True, 1)

    run(scenario())


@pytest.mark.parametrize(
    ("options", "recovered"),
    [
        ({"offset": 2}, True),  # an empty epoch matches any
        ({"offset": 0}, True),
        ({}, True),
        ({"offset": 3}, True),
        ({"offset": 4}, False),  # ahead of the stream
        ({"offset": 2, "epoch": "other"}, False),
        ({"offset": 3, "epoch": "other"}, False),
    ],
)
def test_whether_it_recovers(options: dict[str, Any], recovered: bool) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            for number in (1, 2, 3):
                await engine.line.publish(Room(name="a"), number)
            peer = await connected(engine)
            reply = await peer.subscribe("room:a", recover=True, **options)

            assert reply["was_recovering"]
            assert reply.get("recovered", False) is recovered
            missed = [1, 2, 3][options.get("offset", 0) :] if recovered else []
            assert [each["data"] for each in reply.get("publications", [])] == missed
            assert reply.get("offset", 0) == (options.get("offset", 0) if recovered else 3)

    run(scenario())


def test_what_cannot_be_recovered_is_refused_on_request() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            await engine.line.publish(Room(name="a"), 1)
            peer = await connected(engine)

            assert await peer.subscribe("room:a", recover=True, offset=9, flag=3) == {"error": 112}
            assert peer.session.subscriptions == {}
            assert (await peer.subscribe("room:a", recover=True, offset=1, flag=3))["recovered"]

    run(scenario())


def test_more_than_a_page_of_missed_publications_is_not_recovered() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(history_page=3)) as (engine, _):
            for number in range(5):
                await engine.line.publish(Room(name="a"), number)
            peer = await connected(engine)

            reply = await peer.subscribe("room:a", recover=True, offset=1)
            assert not reply.get("recovered")
            assert "publications" not in reply

    run(scenario())


def test_a_hole_behind_the_history_is_read_again() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            other = await connected(engine)
            await other.subscribe("room:a")
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            broker.losing = True
            await engine.line.publish(Room(name="a"), 1)
            broker.losing = False
            await engine.line.publish(Room(name="a"), 2)
            broker.release("history")
            reply = await peer.answer(number)

            assert reply["offset"] == 2
            assert broker.calls.count(("history", "room:a")) == 3

    run(scenario())


def test_a_buffer_that_overflows_is_read_again_and_loses_nothing() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(recovery_buffer=3)) as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a", "recover": True})
            await asyncio.sleep(0.1)
            for each in range(6):
                await engine.line.publish(Room(name="a"), each)
            broker.release("history")
            reply = await peer.answer(number)

            assert reply["recovered"]
            assert peer.published("room:a") == list(range(6))

    run(scenario())


def test_a_buffer_that_overflows_without_history_begins_anew() -> None:
    async def scenario() -> None:
        async with running(Crowd, limits=Limits(recovery_buffer=3)) as (engine, broker):
            other, peer = await connected(engine), await connected(engine)
            await other.subscribe("crowd")
            broker.hold("add_presence")
            number = peer.begin(subscribe={"channel": "crowd"})
            await asyncio.sleep(0.1)
            for each in range(4):
                await engine.line.publish(Crowd(), each)
            broker.release("add_presence")

            # What was held back is lost, and only that: nothing was promised yet.
            assert await peer.answer(number) == {}
            await engine.line.publish(Crowd(), 4)
            await asyncio.sleep(0.1)
            assert peer.published("crowd") == [4]

    run(scenario())


def test_an_epoch_that_changes_on_the_way_is_noticed() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            await engine.line.publish(Room(name="a"), 1)
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            await engine.line.invalidate(Room(name="a"))
            after = await engine.line.publish(Room(name="a"), 2)
            broker.release("history")
            reply = await peer.answer(number)

            assert (reply["epoch"], reply["offset"]) == (after.epoch, 1)

    run(scenario())


def test_a_stream_that_never_connects_is_refused_for_a_moment() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            # Announced, but in no stream: a broker that lost its data between the two.
            engine.hub.on_publication("room:a", Publication(b"1", 7, "gone"))
            broker.release("history")

            assert await peer.answer(number) == {"error": 100}
            assert await engine.line.presence(Room(name="a")) == {}
            assert (await peer.subscribe("room:a"))["positioned"]

    run(scenario())


def test_a_second_subscribe_is_refused_also_while_the_first_is_under_way() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("subscribe")
            first = peer.begin(subscribe={"channel": "room:a"})
            second = peer.begin(subscribe={"channel": "room:a"})
            assert await peer.answer(second) == {"error": 105}
            broker.release("subscribe")

            assert (await peer.answer(first))["positioned"]
            assert await peer.subscribe("room:a") == {"error": 105}

    run(scenario())


def test_unsubscribe_waits_for_the_subscribe_and_the_next_subscribe_for_both() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("subscribe")
            peer.say(
                {"id": 2, "subscribe": {"channel": "room:a"}},
                {"id": 3, "unsubscribe": {"channel": "room:a"}},
                {"id": 4, "subscribe": {"channel": "room:a"}},
            )
            await asyncio.sleep(1)
            broker.release("subscribe")
            await peer.answer(4)
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(1)

            answered = [line["id"] for line in peer.wire.lines if "id" in line]
            assert answered == [1, 2, 3, 4]
            assert peer.published("room:a") == [1]
            assert list(await engine.line.presence(Room(name="a"))) == [peer.session.client.id]

    run(scenario())


def test_unsubscribing_ends_deliveries_and_presence() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            assert await peer.ask(unsubscribe={"channel": "room:a"}) == {}
            await engine.line.publish(Room(name="a"), 1)

            assert peer.published("room:a") == []
            assert await engine.line.presence(Room(name="a")) == {}
            assert await peer.ask(unsubscribe={"channel": "room:a"}) == {}
            assert await peer.ask(unsubscribe={"channel": "no such channel"}) == {}

    run(scenario())


@pytest.mark.parametrize("method", ["subscribe", "history", "add_presence"])
def test_a_client_that_goes_while_a_step_is_slow_leaves_nothing(method: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold(method)
            peer.begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(0.1)
            peer.session.lost()
            broker.release(method)
            await asyncio.sleep(5)

            assert await engine.line.presence(Room(name="a")) == {}
            assert (len(engine.hub), len(engine.background), len(engine.sessions)) == (0, 0, 0)

    run(scenario())


@pytest.mark.parametrize("method", ["subscribe", "history", "add_presence"])
def test_a_broker_that_fails_is_answered_for_a_moment_and_undone(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.fail(method)
            assert await peer.subscribe("room:a") == {"error": 100}
            broker.heal()
            assert await engine.line.presence(Room(name="a")) == {}
            assert (await peer.subscribe("room:a"))["positioned"]

    run(scenario())
    [record] = [each for each in caplog.records if "commands fail" in each.getMessage()]
    assert "as asked for" in record.getMessage()


def test_a_broker_that_does_not_answer_is_not_waited_for() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("subscribe")
            began = asyncio.get_running_loop().time()
            assert await peer.subscribe("room:a") == {"error": 100}
            assert 4 <= asyncio.get_running_loop().time() - began < 4.1
            broker.release("subscribe")
            assert (await peer.subscribe("room:a"))["positioned"]

    run(scenario())


class Crowd(Channel[int], pattern="crowd", presence=True):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Guarded(Channel[int], pattern="guarded:{kind}", history=History(10, 60), presence=True):
    kind: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        match self.kind:
            case "no":
                raise Denied("not you")
            case "slow":
                await asyncio.sleep(60)
            case "broken":
                raise ValueError("secret")


class Deaf(Channel[int], pattern="deaf"):
    pass


@pytest.mark.parametrize(
    ("channel", "code"),
    [("guarded:no", 103), ("guarded:slow", 100), ("guarded:broken", 100), ("deaf", 103), ("nothing", 102)],
)
def test_a_refused_subscribe_reserves_nothing(channel: str, code: int) -> None:
    async def scenario() -> None:
        async with running(Guarded, Deaf) as (engine, _):
            peer = await connected(engine)
            assert await peer.subscribe(channel) == {"error": code}
            assert peer.session.subscriptions == {}
            assert await peer.subscribe(channel) == {"error": code}

    run(scenario())


def test_what_a_handler_says_is_told_and_what_it_breaks_is_not(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> list[dict[str, Any]]:
        async with running(Guarded) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("guarded:no")
            await peer.subscribe("guarded:broken")
            return peer.wire.lines

    _, denied, broken = run(scenario())
    assert denied["error"] == {"code": 103, "message": "not you"}
    assert broken["error"] == {"code": 100, "message": "internal server error", "temporary": True}
    [record] = caplog.records
    assert "ValueError" in record.getMessage()
    assert "secret" not in record.getMessage()


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"type": 1}, {"error": 108}),
        ({"tf": {"key": "a", "cmp": "eq", "val": "b"}}, {"error": 107}),
        ({"tf": None, "type": 0, "delta": ""}, {}),
        ({"delta": "fossil"}, {}),
        ({"recover": True}, {"was_recovering": True}),
    ],
)
def test_options(options: dict[str, Any], answer: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            assert await (await connected(engine)).subscribe("news", **options) == answer

    run(scenario())


def test_an_unknown_kind_of_delta_closes() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            peer.begin(subscribe={"channel": "news", "delta": "xdelta"})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())


def test_the_limit_of_channels() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(channels=2)) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await peer.subscribe("room:b")
            assert await peer.subscribe("room:c") == {"error": 106}
            assert await peer.subscribe("room:a") == {"error": 105}
            await peer.ask(unsubscribe={"channel": "room:a"})
            assert "error" not in await peer.subscribe("room:c")

    run(scenario())


def test_join_and_leave_are_told_to_the_others_and_in_that_order() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            watcher, peer = await connected(engine), await connected(engine)
            await watcher.subscribe("room:a", join_leave=True)
            peer.say(
                {"id": 2, "subscribe": {"channel": "room:a"}}, {"id": 3, "unsubscribe": {"channel": "room:a"}}
            )
            await peer.answer(3)
            await asyncio.sleep(1)
            assert peer.pushes == []  # it did not ask

            info = {"user": "ann", "client": peer.session.client.id, "conn_info": {"name": "Ann"}}
            own, *theirs = watcher.pushes
            assert own["join"]["info"]["client"] == watcher.session.client.id
            assert theirs == [
                {"channel": "room:a", "join": {"info": info}},
                {"channel": "room:a", "leave": {"info": info}},
            ]

    run(scenario())


def test_a_queue_that_breaks_while_the_reply_is_queued_leaves_nothing() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(queue=300)) as (engine, _):
            for number in range(50):
                await engine.line.publish(Room(name="a"), number)
            watcher = await connected(engine)
            await watcher.subscribe("room:a")
            peer = await connected(engine)
            peer.wire.stall()
            peer.session.send(Reply(99, publish=EmptyResult()))
            peer.begin(subscribe={"channel": "room:a", "recover": True})
            await asyncio.sleep(30)

            assert peer.session.state == "closed"
            assert list(await engine.line.presence(Room(name="a"))) == [watcher.session.client.id]
            assert len(engine.sessions) == 1

    run(scenario())


def test_a_client_can_say_everything_in_its_first_frame() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine)
            peer.say({"connect": {}, "id": 1}, {"subscribe": {"channel": "news"}, "id": 2})
            assert await peer.answer(2) == {}
            assert [line["id"] for line in peer.wire.lines] == [1, 2]

    run(scenario())


def test_news_reaches_everybody() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peers = [await connected(engine) for _ in range(3)]
            for peer in peers:
                await peer.subscribe("news")
            await engine.line.publish(News(), 5)
            await asyncio.sleep(1)
            assert [peer.pushes for peer in peers] == [[{"channel": "news", "pub": {"data": 5}}]] * 3

    run(scenario())
