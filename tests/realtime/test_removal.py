"""What was removed, or revoked, cannot become live: whatever runs when the application removes it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel, Subscribed
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.realtime.hooks import Connecting, Welcome
from offhook.realtime.tokens import Claims, SubscriptionClaims
from offhook.testing.clock import run
from offhook.testing.faults import FaultyBroker
from tests.realtime.peers import Peer, Room, connected, running

A = Room(name="a")
LAPTOP = Identity("ann", "Ann", session="laptop")
STEPS = ("the rule", "subscribe", "add_presence", "history")


class Guarded(Channel[int], pattern="guarded", history=History(100, "10m"), presence=True):
    """Its rule takes a second."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        await asyncio.sleep(1)


class Brief(Channel[int], pattern="brief", history=History(100, "10m")):
    """Its rule lets in for two seconds."""

    async def on_subscribe(self, client: Client[Any]) -> Subscribed:
        return Subscribed(expires=client_now() + 2)


class SlowTokens:
    """Tokens that take a second to read; each is the name of a user's sign-in."""

    async def connection(self, token: str) -> Claims:
        await asyncio.sleep(1)
        return Claims(Identity("ann", "Ann", session=token), ["guarded"])

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        await asyncio.sleep(1)
        return SubscriptionClaims(expires=client_now() + 3600)


def client_now() -> float:
    """The engine's wall clock, which is the loop's in virtual time."""
    return _now[0]()


_now: list[Callable[[], float]] = [lambda: 0.0]


async def nothing_is_left(engine: Engine, broker: FaultyBroker, channel: Channel[int]) -> None:
    """Return if neither hub, presence nor broker has a subscription to *channel*."""
    await asyncio.sleep(5)
    assert len(engine.hub) == 0
    assert await engine.line.presence(channel) == {}
    assert ("unsubscribe", channel.format()) in broker.calls or ("subscribe", channel.format()) not in broker.calls


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["unsubscribe", "disconnect", "lost"])
def test_a_removal_while_a_subscribe_is_under_way(step: str, how: str) -> None:
    channel = Guarded() if step == "the rule" else A

    async def scenario() -> None:
        async with running(Guarded, Room) as (engine, broker):
            peer = await connected(engine)
            await engine.line.publish(channel, 1)
            if step != "the rule":
                broker.hold(step)
            number = peer.begin(subscribe={"channel": channel.format(), "recover": True, "offset": 0, "epoch": ""})
            await asyncio.sleep(0.5)
            match how:
                case "unsubscribe":
                    await engine.line.unsubscribe("ann", channel)
                case "disconnect":
                    await engine.line.disconnect("ann")
                case "lost":
                    peer.session.lost()
            if step != "the rule":
                broker.release(step)
            await engine.line.publish(channel, 2)
            if how == "unsubscribe":
                assert await peer.answer(number) == {"error": 103}
                assert peer.pushes == []
            await nothing_is_left(engine, broker, channel)
            assert peer.published(channel.format()) == []

    run(scenario())


@pytest.mark.parametrize("step", ["subscribe", "add_presence", "history"])
def test_a_subscribe_after_a_removal_is_a_new_one(step: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold(step)
            first = peer.begin(subscribe={"channel": "room:a"})
            await engine.line.unsubscribe("ann", A)
            second = peer.begin(subscribe={"channel": "room:a"})
            broker.release(step)
            assert await peer.answer(first) == {"error": 103}
            assert (await peer.answer(second))["positioned"]
            await engine.line.publish(A, 1)
            await asyncio.sleep(0.1)
            assert peer.published("room:a") == [1]
            await engine.line.unsubscribe("ann", A)
            await engine.line.publish(A, 2)
            await nothing_is_left(engine, broker, A)
            assert peer.published("room:a") == [1]

    run(scenario())


def test_the_application_removes_what_the_client_is_about_to_leave() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            first = peer.begin(subscribe={"channel": "room:a"})
            second = peer.begin(unsubscribe={"channel": "room:a"})
            await engine.line.unsubscribe("ann", A)
            broker.release("history")
            assert (await peer.answer(first), await peer.answer(second)) == ({"error": 103}, {})
            assert peer.pushes == []
            await nothing_is_left(engine, broker, A)

    run(scenario())


@pytest.mark.parametrize("held", [None, "subscribe", "history", "add_presence"])
def test_the_application_subscribes_and_unsubscribes_at_once(held: str | None) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            if held is not None:
                broker.hold(held)
            await engine.line.subscribe("ann", A)
            await engine.line.unsubscribe("ann", A)
            if held is not None:
                broker.release(held)
            await engine.line.publish(A, 1)
            await nothing_is_left(engine, broker, A)
            assert peer.published("room:a") == []
            assert peer.pushes == []

    run(scenario())


def test_orders_of_the_application_end_where_the_last_one_says() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("subscribe")
            for _ in range(3):
                await engine.line.subscribe("ann", A)
                await engine.line.unsubscribe("ann", A)
            await engine.line.subscribe("ann", A)
            broker.release("subscribe")
            await asyncio.sleep(5)
            await engine.line.publish(A, 1)
            await asyncio.sleep(0.1)
            assert peer.published("room:a") == [1]

    run(scenario())


Order = Callable[[Engine], Awaitable[None]]
ENDING: dict[str, Order] = {
    "revoke the user": lambda engine: engine.line.revoke(user="ann"),
    "revoke the sign-in": lambda engine: engine.line.revoke(session="laptop"),
    "disconnect": lambda engine: engine.line.disconnect("ann"),
}


@pytest.mark.parametrize("order", ENDING)
@pytest.mark.parametrize("during", ["the token check", "on_connect", "the subscriptions"])
def test_a_sign_in_that_ends_while_a_client_connects(order: str, during: str) -> None:
    delays = {"the token check": 0.5, "on_connect": 1.5, "the subscriptions": 2.5}

    async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
        await asyncio.sleep(1)
        return Welcome(channels=[Guarded()])

    async def scenario() -> None:
        async with running(Guarded, tokens=SlowTokens(), on_connect=on_connect) as (engine, broker):
            if during == "the subscriptions":
                broker.hold("subscribe")
            peer = Peer(engine, None)
            peer.begin(connect={"token": "laptop"})
            await asyncio.sleep(delays[during])
            await ENDING[order](engine)
            await asyncio.sleep(3)
            if during == "the subscriptions":
                broker.release("subscribe")
            assert peer.wire.closed is not None
            assert peer.wire.lines == []
            await nothing_is_left(engine, broker, Guarded())

    run(scenario())


@pytest.mark.parametrize("during", ["the token check", "on_connect", "the subscriptions"])
def test_a_removal_while_a_client_connects_leaves_that_channel_out(during: str) -> None:
    delays = {"the token check": 0.5, "on_connect": 1.5, "the subscriptions": 2.5}

    async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
        await asyncio.sleep(1)
        return Welcome(channels=[A])

    async def scenario() -> None:
        async with running(Guarded, Room, tokens=SlowTokens(), on_connect=on_connect) as (engine, broker):
            if during == "the subscriptions":
                broker.hold("subscribe")
            peer = Peer(engine, None)
            number = peer.begin(connect={"token": "laptop"})
            await asyncio.sleep(delays[during])
            await engine.line.unsubscribe("ann", A)
            if during == "the subscriptions":
                broker.release("subscribe")
            assert list((await peer.answer(number))["subs"]) == ["guarded"]
            await engine.line.publish(A, 1)
            await asyncio.sleep(1)
            assert [push for push in peer.pushes if push["channel"] == A.format()] == []

    run(scenario())


def test_a_sign_in_that_a_refresh_brings_is_revoked_meanwhile() -> None:
    async def scenario() -> None:
        async with running(Guarded, tokens=SlowTokens()) as (engine, _):
            peer = Peer(engine, None)
            await peer.connect(token="phone")
            number = peer.begin(refresh={"token": "laptop"})
            await asyncio.sleep(0.5)
            await engine.line.revoke(session="laptop")
            await asyncio.sleep(2)
            assert peer.wire.closed == (3014, "state invalidated")
            assert all(line.get("id") != number for line in peer.wire.lines)

    run(scenario())


def test_an_admission_obeys_what_was_ordered_since_it_began_and_nothing_older() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            early, late = engine.control.mark(), None
            broker.losing = True
            await engine.line.revoke(session="laptop")
            await asyncio.sleep(1)
            late = engine.control.mark()
            broker.losing = False
            for mark, closed in ((early, True), (late, False)):
                peer = Peer(engine, LAPTOP, mark=mark)
                engine.control.catch_up(peer.session, mark)
                await asyncio.sleep(0.1)
                assert (peer.wire.closed is not None) == closed

    run(scenario())


def test_an_order_that_arrives_late_does_not_end_what_began_after_it() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            before = await connected(engine)
            broker.losing = True
            await engine.line.disconnect("ann")
            await asyncio.sleep(1)
            after = await connected(engine)
            broker.losing = False
            await asyncio.sleep(1)
            assert (before.wire.closed, after.wire.closed) == ((3503, "force disconnect"), None)

    run(scenario())


def test_orders_that_are_lost_have_every_connection_checked_again(caplog: pytest.LogCaptureFixture) -> None:
    users = {"ann", "bob"}

    async def authenticate(incoming: Any) -> Identity[str] | None:
        return Identity("ann", "Ann") if "ann" in users else None

    async def scenario() -> None:
        async with running(tokens=SlowTokens(), authenticate=authenticate, anonymous=True) as (engine, _):
            ann, anonymous = await connected(engine), await connected(engine, None)
            await ann.subscribe("room:a")
            engine.hub.on_orders_lost()
            await asyncio.sleep(1)
            assert (ann.wire.closed, anonymous.wire.closed) == (None, None)
            assert ann.pushes[-1]["unsubscribe"]["code"] == 2500  # so that the rule is asked again

            users.clear()
            token = Peer(engine, None)
            await token.connect(token="laptop")
            engine.hub.on_orders_lost()
            await asyncio.sleep(1)
            assert ann.wire.closed == (3005, "connection expired")
            assert token.wire.closed is not None
            assert anonymous.wire.closed is None

    run(scenario())
    assert "event=control.orders_lost" in caplog.text


def test_a_time_that_is_over_while_the_client_catches_up() -> None:
    async def scenario() -> None:
        async with running(Brief, Guarded, tokens=SlowTokens(), limits=Limits(handler=20)) as (engine, broker):
            _now[0] = engine.env.now
            await engine.line.publish(Brief(), 1)
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "brief", "recover": True, "offset": 0, "epoch": ""})
            await asyncio.sleep(3)
            broker.release("history")
            assert await peer.answer(number) == {"error": 100}
            assert peer.pushes == []

    run(scenario())


@pytest.mark.parametrize("again", [False, True])
def test_the_application_subscribes_while_the_client_does(again: bool) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "room:a"})
            await engine.line.subscribe("ann", A)
            if again:
                await engine.line.unsubscribe("ann", A)
                await engine.line.subscribe("ann", A)
            broker.release("history")
            await peer.answer(number)
            await engine.line.publish(A, 1)
            await asyncio.sleep(1)

            assert peer.published("room:a") == [1]
            assert list(peer.session.subscriptions) == ["room:a"]

    run(scenario())


def test_of_two_subscribes_behind_an_unsubscribe_the_second_is_one_too_many() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.hold("remove_presence")
            peer.begin(unsubscribe={"channel": "room:a"})
            numbers = [peer.begin(subscribe={"channel": "room:a"}) for _ in range(2)]
            await asyncio.sleep(0.1)
            broker.release("remove_presence")
            first, second = [await peer.answer(number) for number in numbers]

            assert "error" not in first
            assert second == {"error": 105}

    run(scenario())


def test_an_invitation_that_was_called_off_while_it_waited_does_not_count_for_a_later_one() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            broker.hold("remove_presence")
            peer.begin(unsubscribe={"channel": "room:a"})
            await engine.line.subscribe("ann", A)
            await engine.line.unsubscribe("ann", A)
            await engine.line.subscribe("ann", A)
            await asyncio.sleep(0.1)
            broker.release("remove_presence")
            await asyncio.sleep(1)
            await engine.line.publish(A, 1)
            await asyncio.sleep(1)

            assert peer.published("room:a") == [1]
            assert sum("subscribe" in push for push in peer.pushes) == 1

    run(scenario())
