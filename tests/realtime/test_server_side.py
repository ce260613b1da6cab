"""Server-side subscriptions (protocol §8.4)."""

import asyncio
from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.hooks import Connecting, OnConnect, Welcome
from offhook.testing.clock import run
from tests.realtime.peers import News, Peer, Room, connected, running

A = Room(name="a")


class Closed(Channel[int], pattern="closed", history=History(10, "10m")):
    """No client may subscribe by itself."""


def welcoming(*channels: Channel[Any]) -> OnConnect:
    async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
        return Welcome(channels=channels)

    return on_connect


def test_8_4_a_client_is_subscribed_when_it_connects_and_hears_everything() -> None:
    async def scenario() -> None:
        async with running(Room, News, Closed, on_connect=welcoming(Closed(), News())) as (engine, _):
            await engine.line.publish(Closed(), 1)
            peer = Peer(engine)
            subs = (await peer.connect())["subs"]
            await engine.line.publish(Closed(), 2)
            await engine.line.publish(News(), 3)
            await asyncio.sleep(0.1)

            assert set(subs) == {"closed", "news"}
            assert (subs["closed"]["offset"], subs["closed"]["positioned"], subs["closed"]["recoverable"]) == (
                1,
                True,
                True,
            )
            assert subs["news"] == {}
            assert (peer.published("closed"), peer.published("news")) == ([2], [3])

    run(scenario())


def test_8_4_a_client_that_comes_back_gets_what_it_missed_in_the_reply() -> None:
    async def scenario() -> None:
        async with running(Closed, on_connect=welcoming(Closed())) as (engine, _):
            first = Peer(engine)
            epoch = (await first.connect())["subs"]["closed"]["epoch"]
            first.session.lost()
            for number in (1, 2):
                await engine.line.publish(Closed(), number)

            again = Peer(engine)
            wanted = {
                "closed": {"recover": True, "offset": 0, "epoch": epoch},
                "room:a": {"recover": True, "offset": 0, "epoch": "x"},  # nobody subscribes it to that one
            }
            subs = (await again.connect(subs=wanted))["subs"]
            assert set(subs) == {"closed"}
            assert subs["closed"]["recovered"] is True
            assert [each["data"] for each in subs["closed"]["publications"]] == [1, 2]

    run(scenario())


def test_2_4_what_is_published_while_it_connects_follows_the_reply() -> None:
    async def scenario() -> None:
        async with running(Closed, on_connect=welcoming(Closed())) as (engine, broker):
            broker.hold("history")
            peer = Peer(engine)
            peer.begin(connect={})
            await asyncio.sleep(0.1)
            await engine.line.publish(Closed(), 1)
            broker.release("history")
            await asyncio.sleep(0.1)
            assert ["connect" in line for line in peer.wire.lines] == [True, False]
            assert peer.published("closed") == [1]

    run(scenario())


def test_4_too_many_channels_close() -> None:
    async def scenario() -> None:
        rooms = [Room(name=str(number)) for number in range(4)]
        async with running(limits=Limits(channels=3), on_connect=welcoming(*rooms)) as (engine, _):
            peer = Peer(engine)
            peer.begin(connect={})
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3505, "channel limit")
            assert len(engine.hub) == 0

    run(scenario())


def test_a_channel_that_is_named_twice_is_one() -> None:
    async def scenario() -> None:
        async with running(on_connect=welcoming(News(), News())) as (engine, _):
            assert set((await Peer(engine).connect())["subs"]) == {"news"}

    run(scenario())


def test_6_1_a_client_cannot_subscribe_to_what_it_has_already() -> None:
    async def scenario() -> None:
        async with running(on_connect=welcoming(News())) as (engine, _):
            peer = await connected(engine)
            assert await peer.subscribe("news") == {"error": 105}

    run(scenario())


def test_8_1_the_line_subscribes_all_connections_of_a_user() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            await engine.line.publish(A, 1)
            peers = [await connected(engine), await connected(engine)]
            other = await connected(engine, Identity("bob", "Bob"))
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            await engine.line.publish(A, 2)
            await asyncio.sleep(0.1)

            epoch = (await engine.line.position(A)).epoch
            told = {"recoverable": True, "epoch": epoch, "offset": 1, "positioned": True}
            for peer in peers:
                assert peer.pushes[0] == {"channel": "room:a", "subscribe": told}
                assert peer.published("room:a") == [2]
            assert other.pushes == []

    run(scenario())


def test_subscribing_again_changes_nothing() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            for _ in range(3):
                await engine.line.subscribe("ann", A)
                await engine.line.subscribe("ann", News())
            await asyncio.sleep(0.1)
            assert [push["channel"] for push in peer.pushes if "subscribe" in push] == ["room:a"]

    run(scenario())


def test_a_client_that_is_about_to_connect_is_subscribed_when_it_has() -> None:
    async def slow(client: Client[Any], connecting: Connecting) -> None:
        await asyncio.sleep(1)

    async def scenario() -> None:
        async with running(on_connect=slow) as (engine, _):
            peer = Peer(engine)
            await engine.line.subscribe("ann", A)  # before it asked anything: on_connect is to say it
            peer.begin(connect={})
            await engine.line.subscribe("ann", News())
            await asyncio.sleep(2)
            assert [push["channel"] for push in peer.pushes] == ["news"]

    run(scenario())


def test_3505_one_channel_too_many_by_the_line() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(channels=1)) as (engine, _):
            peer = await connected(engine)
            await engine.line.subscribe("ann", A)
            await engine.line.subscribe("ann", News())
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3505, "channel limit")

    run(scenario())


def test_8_1_the_line_unsubscribes_whoever_asked_for_it() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            for channel in (News(), A, Room(name="b")):
                await engine.line.unsubscribe("ann", channel)
            await asyncio.sleep(0.1)

            ended = [push for push in peer.pushes if "unsubscribe" in push]
            told = {"code": 2000, "reason": "server unsubscribe"}
            assert ended == [
                {"channel": "news", "unsubscribe": told},
                {"channel": "room:a", "unsubscribe": told},
            ]
            assert peer.session.subscriptions == {}
            assert await engine.line.presence(A) == {}
            assert "error" not in await peer.subscribe("news")

    run(scenario())


def test_8_4_what_is_missing_ends_the_connection() -> None:
    async def scenario() -> None:
        async with running(on_connect=welcoming(A)) as (engine, broker):
            peer = await connected(engine)
            broker.losing = True
            await engine.line.publish(A, 1)
            broker.losing = False
            await engine.line.publish(A, 2)
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3010, "insufficient state")

    run(scenario())


def test_a_broker_that_fails_meanwhile_sends_the_client_back(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.fail("subscribe")
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3004, "internal server error")
            await asyncio.sleep(5)
            assert (len(engine.hub), len(engine.background)) == (0, 0)

    run(scenario())
    assert caplog.messages == ["a server-side subscription failed: subscribe fails, as asked for"]


def test_a_client_that_goes_while_it_is_subscribed_leaves_nothing() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            peer.session.lost()
            broker.release("history")
            await asyncio.sleep(5)
            assert (len(engine.hub), len(engine.background)) == (0, 0)
            assert await engine.line.presence(A) == {}

    run(scenario())


def test_join_and_leave_are_told_of_it_too() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            watcher = await connected(engine, Identity("bob", "Bob"))
            await watcher.subscribe("room:a", join_leave=True)
            peer = await connected(engine)
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            peer.session.lost()
            await asyncio.sleep(0.1)
            heard = [(list(push)[1], list(push.values())[1]["info"]["user"]) for push in watcher.pushes]
            assert heard == [("join", "bob"), ("join", "ann"), ("leave", "ann")]

    run(scenario())


@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
def test_a_channel_that_the_application_does_not_have(verb: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            with pytest.raises(UsageError, match="add Closed to channels"):
                await getattr(engine.line, verb)("ann", Closed())

    run(scenario())


class Silent(Channel[int], pattern="silent", presence=True, join_leave=False):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Loud(Channel[int], pattern="loud", join_leave="always"):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


def _moves(peer: Peer) -> list[tuple[str, str]]:
    return [
        (kind, push[kind]["info"]["user"]) for push in peer.pushes for kind in ("join", "leave") if kind in push
    ]


@pytest.mark.parametrize(
    ("channel", "by_server", "asks", "hears"),
    [
        (A, False, False, False),
        (A, False, True, True),
        (A, True, False, True),
        (Loud(), False, False, True),
        (Loud(), True, False, True),
        (Silent(), False, True, False),
        (Silent(), True, False, False),
    ],
)
def test_who_receives_joins_and_leaves(channel: Channel[Any], by_server: bool, asks: bool, hears: bool) -> None:
    async def scenario() -> None:
        async with running(Room, Loud, Silent) as (engine, _):
            watcher, other = [await connected(engine, Identity(user, user)) for user in ("ann", "bob")]
            if by_server:
                await engine.line.subscribe("ann", channel)
            else:
                await watcher.subscribe(channel.format(), join_leave=asks)
            await asyncio.sleep(0.1)
            await other.subscribe(channel.format())
            await other.ask(unsubscribe={"channel": channel.format()})
            await asyncio.sleep(0.1)
            expected = [("join", "ann"), ("join", "bob"), ("leave", "bob")]
            assert _moves(watcher) == (expected if hears else [])

    run(scenario())


def test_channels_of_a_token_and_of_on_connect_receive_joins_and_leaves_after_the_connect_reply() -> None:
    async def scenario() -> None:
        async with running(Room, on_connect=welcoming(A)) as (engine, _):
            first, second = Peer(engine), Peer(engine, Identity("bob", "Bob"))
            await first.connect()
            await second.connect()
            second.session.lost()
            await asyncio.sleep(0.1)
            assert _moves(first) == [("join", "ann"), ("join", "bob"), ("leave", "bob")]
            assert "connect" in first.wire.lines[0]

    run(scenario())
