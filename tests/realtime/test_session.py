"""What is legal, in which order, and for how long (protocol §3, §5, §8.2, §16)."""

import asyncio
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from offhook.base import codes
from offhook.base.errors import Disconnect
from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import run
from offhook.wire.publication import Publication
from offhook.wire.replies import Push, pub_push
from tests.realtime.peers import ANN, News, Peer, Room, connected, running


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "\n",
        "{",
        "[]",
        "{}\n\n{}",
        '{"id":1}',
        '{"id":1,"ping":{}}',
        '{"id":"1","connect":{}}',
        '{"connect":{}}',
        "{}",
        '{"id":1,"subscribe":{"channel":"news"}}',
        '{"id":1,"rpc":{"method":"x"}}',
        '{"send":{"data":1}}',
        '{"id":1,"connect":{}}\n{"id":2,"connect":{}}',
        '{"id":1,"connect":{}}\n{"subscribe":{"channel":"news"}}',
        '{"id":1,"connect":{}}\n{"id":2,"ping":{}}',
        '{"id":1,"connect":{}}\n{"id":2}',
        '{"id":1,"connect":{}}\n{}',
        '{"id":1,"connect":{}}\n{"id":2,"subscribe":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":""}}',
        '{"id":1,"connect":{}}\n{"id":2,"unsubscribe":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"publish":{"data":1}}',
        '{"id":1,"connect":{}}\n{"id":2,"history":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"presence":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"presence_stats":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"refresh":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"refresh":{"token":"x"}}',
        '{"id":1,"connect":{}}\n{"id":2,"sub_refresh":{}}',
        '{"id":1,"connect":{}}\n{"id":2,"sub_refresh":{"channel":"news"}}',
    ],
)
def test_what_no_sdk_sends_closes(frame: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine)
            peer.session.receive(frame)
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3501, "bad request")
            assert len(engine.sessions) == 0

    run(scenario())
    assert caplog.records == []


@given(frames=st.lists(st.one_of(st.text(max_size=40), st.binary(max_size=40)), max_size=4))
@settings(max_examples=100, deadline=None)
def test_random_frames_close_and_nothing_else(frames: list[Any]) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            for frame in frames:
                peer.session.receive(frame)
            await asyncio.sleep(0.1)
            assert not frames or peer.wire.closed == (3501, "bad request")

    run(scenario())


_NAMES = st.sampled_from(["room:a", "room:b", "news", "nothing", "", None, 5])
_REQUESTS = st.fixed_dictionaries(
    {"id": st.integers(0, 9)},
    optional={
        "subscribe": st.fixed_dictionaries(
            {"channel": _NAMES}, optional={"recover": st.booleans(), "offset": st.integers(-1, 5)}
        ),
        "unsubscribe": st.fixed_dictionaries({"channel": _NAMES}),
        "publish": st.fixed_dictionaries({"channel": _NAMES, "data": st.integers() | st.text()}),
        "history": st.fixed_dictionaries({"channel": _NAMES}, optional={"limit": st.integers(-5, 5)}),
        "presence": st.fixed_dictionaries({"channel": _NAMES}),
        "presence_stats": st.fixed_dictionaries({"channel": _NAMES}),
    },
)


@given(commands=st.lists(_REQUESTS, max_size=8))
@settings(max_examples=200, deadline=None)
def test_random_commands_leave_nothing_behind(commands: list[dict[str, Any]]) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            peer.say(*commands) if commands else None
            await asyncio.sleep(6)
            assert peer.wire.closed in (None, (3501, "bad request"))
            peer.session.lost()
            await asyncio.sleep(6)
            assert (len(engine.hub), len(engine.background), len(engine.sessions)) == (0, 0, 0)
            assert await engine.line.presence(Room(name="a")) == {}

    run(scenario())


def test_what_follows_in_a_frame_that_closed_is_not_done() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            watcher, peer = await connected(engine), await connected(engine)
            await watcher.subscribe("room:a")
            peer.say({"id": 2}, {"id": 3, "publish": {"channel": "room:a", "data": 1}})
            peer.say({"id": 4, "publish": {"channel": "room:a", "data": 2}})
            await asyncio.sleep(1)
            assert watcher.published("room:a") == []

    run(scenario())


def test_the_reply_to_connect() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            first = await Peer(engine).connect()
            engine.connect_data = {"build": "abc"}
            second = await Peer(engine).connect()

            assert set(first) == {"client", "version", "ping", "pong"}
            assert (first["ping"], first["pong"]) == (25, True)
            assert second["data"] == {"build": "abc"}
            assert first["client"] != second["client"]

    run(scenario())


@pytest.mark.parametrize(("anonymous", "closed"), [(False, (3501, "bad request")), (True, None)])
def test_nobody_in_particular(anonymous: bool, closed: tuple[int, str] | None) -> None:
    async def scenario() -> None:
        async with running(anonymous=anonymous) as (engine, _):
            peer = Peer(engine, None)
            peer.begin(connect={})
            await asyncio.sleep(1)
            assert peer.wire.closed == closed
            assert (peer.session.user_id, peer.session.client.user) == ("", None)

    run(scenario())


def test_a_connect_that_fails_makes_the_connection_useless(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            engine.connect_data = {"build": math.nan}
            peer = Peer(engine)
            assert await peer.connect() == {"error": 100}
            assert peer.wire.closed is None
            peer.begin(connect={})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())
    assert "NaN" in caplog.text


def test_a_connection_that_says_nothing_is_stale() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine)
            await asyncio.sleep(9.9)
            assert peer.wire.closed is None
            await asyncio.sleep(0.2)
            assert peer.wire.closed == (3502, "stale")

    run(scenario())


def test_pings_go_out_on_time_and_pongs_keep_the_line() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await asyncio.sleep(250)
            assert peer.wire.closed is None
            assert sum(line == {} for line in peer.wire.lines) == 10

    run(scenario())


def test_no_pong() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine, pong=False)
            peer.begin(connect={})
            await asyncio.sleep(12.4)
            assert peer.wire.lines[-1] != {}
            await asyncio.sleep(12.6 + 8.1)
            assert peer.wire.lines[-1] == {}
            assert peer.wire.closed == (3012, "no pong")

    run(scenario())


def test_a_second_pong_was_not_asked_for() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await asyncio.sleep(30)
            peer.say({})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())


def test_a_sign_in_that_runs_out_ends_the_line() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peers = [await connected(engine, Identity("ann", "Ann", expires=at)) for at in (5.0, 7300.0, math.inf)]
            await asyncio.sleep(4.9)
            assert peers[0].wire.closed is None
            await asyncio.sleep(0.2)
            assert peers[0].wire.closed == (3005, "connection expired")
            await asyncio.sleep(7290)
            assert peers[1].wire.closed is None
            await asyncio.sleep(10)
            assert peers[1].wire.closed == (3005, "connection expired")
            assert peers[2].wire.closed is None

    run(scenario())


class Slow(Channel[str], pattern="slow:{name}", without_subscription=("publish",)):
    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: float) -> str:
        await asyncio.sleep(data)
        return f"after {data}"


def test_commands_on_one_channel_are_not_reordered_and_others_do_not_wait() -> None:
    async def scenario() -> None:
        async with running(Slow) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("slow:a")
            peer.say(
                {"id": 3, "publish": {"channel": "slow:a", "data": 3.0}},
                {"id": 4, "publish": {"channel": "slow:a", "data": 0.5}},
                {"id": 5, "publish": {"channel": "slow:b", "data": 1.0}},
            )
            await peer.answer(4)

            assert [line["id"] for line in peer.wire.lines if "publish" in line] == [5, 3, 4]
            assert peer.published("slow:a") == ["after 3.0", "after 0.5"]

    run(scenario())


def test_only_so_many_commands_are_under_way_and_the_rest_waits_unread() -> None:
    async def scenario() -> None:
        async with running(Slow, limits=Limits(commands_in_flight=2)) as (engine, _):
            peer = await connected(engine)
            await peer.session.ready()
            peer.say(
                *({"id": number, "publish": {"channel": f"slow:{number}", "data": 1.0}} for number in range(2, 8))
            )
            waiting = asyncio.ensure_future(peer.session.ready())
            await asyncio.sleep(1.5)
            assert len(peer.wire.lines) == 1 + 2
            assert not waiting.done()
            await asyncio.sleep(1)
            assert waiting.done()
            await asyncio.sleep(1)
            assert len(peer.wire.lines) == 1 + 6

    run(scenario())


def test_a_close_lets_the_reader_go_on() -> None:
    async def scenario() -> None:
        async with running(Slow, limits=Limits(commands_in_flight=1)) as (engine, _):
            peer = await connected(engine)
            peer.say(*({"id": number, "publish": {"channel": "slow:a", "data": 1.0}} for number in (2, 3, 4)))
            waiting = asyncio.ensure_future(peer.session.ready())
            await asyncio.sleep(0.1)
            peer.session.close(Disconnect(codes.FORCE_RECONNECT))
            await asyncio.sleep(0.1)
            assert waiting.done()
            assert peer.wire.closed == (3011, "force reconnect")
            peer.session.close(Disconnect(codes.SHUTDOWN))
            peer.session.lost()
            assert peer.wire.closed == (3011, "force reconnect")

    run(scenario())


class Ending(Channel[int], pattern="ending"):
    async def on_subscribe(self, client: Client[Any]) -> None:
        raise Disconnect(codes.DISCONNECT_DENIED)


def test_a_handler_can_end_the_connection() -> None:
    async def scenario() -> None:
        async with running(Ending) as (engine, _):
            peer = await connected(engine)
            peer.begin(subscribe={"channel": "ending"})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3507, "permission denied")

    run(scenario())


def test_what_is_queued_is_sent_before_the_close() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            peer.wire.stall()
            for number in range(40):
                await engine.line.publish(News(), number)
            peer.session.close(Disconnect(codes.FORCE_RECONNECT))
            await asyncio.sleep(1)
            assert peer.wire.closed is None
            peer.wire.flow()
            await asyncio.sleep(1)
            assert peer.published("news") == list(range(40))
            assert peer.wire.closed == (3011, "force reconnect")
            assert peer.wire.aborted

    run(scenario())


def test_a_network_that_takes_nothing_does_not_hold_up_the_close() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            peer.wire.stall()
            await engine.line.publish(News(), 1)
            peer.session.close(Disconnect(codes.FORCE_RECONNECT))
            await asyncio.sleep(10.5)
            assert peer.wire.closed is None
            assert peer.wire.aborted
            assert len(engine.background) == 0

    run(scenario())


def test_a_write_that_is_not_taken_in_time_is_not_followed_by_a_close_that_waits_as_long() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(write=10)) as (engine, _):
            peer = await connected(engine)
            peer.wire.stall()
            peer.session.send(_push())
            await asyncio.sleep(9.9)
            assert not peer.wire.aborted
            await asyncio.sleep(0.2)
            assert (peer.wire.aborted, peer.wire.closed) == (True, None)
            assert (len(engine.sessions), len(engine.background)) == (0, 0)
            assert engine.metrics.disconnects[3009] == 1

    run(scenario())


@pytest.mark.parametrize("ending", ["lost", "close", "fail"])
def test_the_end_takes_presence_and_subscriptions_along(ending: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            watcher, peer = await connected(engine), await connected(engine)
            await watcher.subscribe("room:a", join_leave=True)
            await peer.subscribe("room:a")
            match ending:
                case "lost":
                    peer.session.lost()
                case "close":
                    peer.session.close(Disconnect(codes.FORCE_DISCONNECT))
                case "fail":
                    peer.wire.stall()
                    peer.session.send(_push())
                    await asyncio.sleep(0)
                    peer.wire.break_off()
            assert await _members(engine, peer, 15) is False
            assert [list(push)[1] for push in watcher.pushes] == ["join", "join", "leave"]

    run(scenario())


async def _members(engine: Any, peer: Peer, seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return peer.session.client.id in await engine.line.presence(Room(name="a"))


def _push() -> Push:
    return pub_push("room:a", Publication(b"1"))


def test_a_client_that_misses_something_is_told_and_recovers() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            reply = await peer.subscribe("room:a")
            await engine.line.publish(Room(name="a"), 1)
            broker.losing = True
            await engine.line.publish(Room(name="a"), 2)
            broker.losing = False
            await engine.line.publish(Room(name="a"), 3)
            await asyncio.sleep(1)

            assert peer.pushes[-1] == {
                "channel": "room:a",
                "unsubscribe": {"code": 2500, "reason": "insufficient state"},
            }
            assert peer.session.subscriptions == {}
            again = await peer.subscribe("room:a", recover=True, offset=1, epoch=reply["epoch"])
            assert again["recovered"]
            assert peer.published("room:a") == [1, 2, 3]
            assert len(await engine.line.presence(Room(name="a"))) == 1

    run(scenario())


def test_what_others_see_of_a_client_is_what_its_identity_says() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine, ANN)
            await peer.subscribe("room:a")
            [info] = (await engine.line.presence(Room(name="a"))).values()
            assert (info.user, info.client, json.loads(info.conn_info or b"")) == (
                "ann",
                peer.session.client.id,
                {"name": "Ann"},
            )

    run(scenario())


def test_a_network_that_breaks_while_it_is_closed() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await asyncio.sleep(1)
            peer.wire.stall()
            peer.session.send(_push())
            peer.wire.break_off()
            peer.session.close(Disconnect(codes.FORCE_RECONNECT))
            await asyncio.sleep(20)
            assert peer.wire.aborted

    run(scenario())


def test_a_loss_that_is_noticed_while_the_client_unsubscribes_is_none() -> None:
    async def scenario() -> None:
        async with running(Slow, Room) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            peer.say({"id": 3, "publish": {"channel": "room:a", "data": 1}})
            number = peer.begin(unsubscribe={"channel": "room:a"})
            engine.hub.on_publication("room:a", Publication(b"9", 9, "other"))
            assert await peer.answer(number) == {}
            assert all("unsubscribe" not in push for push in peer.pushes)

    run(scenario())


def test_reading_goes_on_when_the_last_command_of_a_frame_has_begun() -> None:
    async def scenario() -> None:
        async with running(Slow, limits=Limits(commands_in_flight=1)) as (engine, _):
            peer = await connected(engine)
            peer.say(*({"id": number, "publish": {"channel": "slow:a", "data": 1.0}} for number in (2, 3)))
            began = asyncio.get_running_loop().time()
            await peer.session.ready()
            assert asyncio.get_running_loop().time() - began == pytest.approx(1)
            await peer.answer(3)
            peer.say(*({"id": number, "publish": {"channel": "slow:a", "data": 1.0}} for number in (4, 5)))
            await peer.session.ready()
            await peer.answer(5)

    run(scenario())


def test_work_that_is_cancelled_while_it_waits_for_its_turn_never_begins() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            session = (await connected(engine)).session
            begun: list[str] = []

            async def work(name: str) -> None:
                begun.append(name)
                await asyncio.sleep(1)

            session.after("x", work("first"))
            second = session.after("x", work("second"))
            await asyncio.sleep(0.1)
            second.cancel()
            await asyncio.sleep(5)
            assert (second.cancelled(), begun) == (True, ["first"])

    run(scenario())
