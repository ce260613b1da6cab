"""Subscriptions that run out (protocol §8.3)."""

import asyncio
import math
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel, Subscribed
from offhook.realtime.client import Client
from offhook.realtime.tokens import Claims, SubscriptionClaims
from offhook.testing.clock import run
from tests.realtime.peers import News, Peer, connected, running

HOUR = 3600.0


class Passes:
    """Tokens that say in plain text for how many seconds they are good."""

    def __init__(self) -> None:
        self.slow = False

    async def connection(self, token: str) -> Claims:
        raise Disconnect(codes.INVALID_TOKEN)

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        if self.slow:
            await asyncio.sleep(1)
        match token.split():
            case ["forged"]:
                raise Denied
            case ["expired"]:
                raise CommandError(code=codes.TOKEN_EXPIRED)
            case ["stolen"]:
                raise Disconnect(codes.INVALID_TOKEN)
            case ["until", seconds]:
                return SubscriptionClaims(expires=float(seconds), info={"seat": channel})
        return SubscriptionClaims()


class Private(Channel[int], pattern="private", history=History(10, "10m"), presence=True, join_leave=False):
    """No rule lets anybody in: a token has to."""


class Shift(Channel[int], pattern="shift", history=History(10, "10m")):
    async def on_subscribe(self, client: Client[Any]) -> Subscribed:
        return Subscribed(expires=HOUR)


def _codes(peer: Peer) -> list[int]:
    return [push["unsubscribe"]["code"] for push in peer.pushes if "unsubscribe" in push]


def test_8_3_a_token_lets_in_where_the_rule_would_not() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes()) as (engine, _):
            peer = await connected(engine)
            reply = await peer.subscribe("private", token="until 100")
            present = (await peer.ask(presence={"channel": "private"}))["presence"]

            assert (reply["expires"], reply["ttl"]) == (True, 100)
            assert present[peer.session.client.id]["chan_info"] == {"seat": "private"}

    run(scenario())


@pytest.mark.parametrize(("token", "answer"), [("forged", 103), ("expired", 109), ("", 103)])
def test_6_1_a_token_that_does_not_let_in(token: str, answer: int) -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes()) as (engine, _):
            peer = await connected(engine)
            assert await peer.subscribe("private", token=token) == {"error": answer}
            assert peer.session.subscriptions == {}

    run(scenario())


def test_6_1_somebody_elses_token_closes() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes()) as (engine, _):
            peer = await connected(engine)
            peer.begin(subscribe={"channel": "private", "token": "stolen"})
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3500, "invalid token")
            await asyncio.sleep(1)
            assert len(engine.hub) == 0

    run(scenario())


def test_8_3_a_refresh_prolongs_and_may_come_late() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes(), limits=Limits(refresh_grace=25)) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("private", token="until 100")
            await asyncio.sleep(120)
            refresh = {"channel": "private", "token": "until 300"}
            answer = await peer.ask(sub_refresh=refresh)
            assert answer["expires"] is True
            assert 170 < answer["ttl"] < 181
            await asyncio.sleep(190)
            await engine.line.publish(Private(), 1)
            await asyncio.sleep(0.1)
            assert (peer.published("private"), _codes(peer)) == ([1], [])
            await asyncio.sleep(20)
            assert _codes(peer) == [2501]
            assert await engine.line.presence(Private()) == {}

    run(scenario())


def test_8_3_a_refresh_may_say_that_it_never_expires() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes()) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("private", token="until 100")
            assert await peer.ask(sub_refresh={"channel": "private", "token": "forever"}) == {}
            await asyncio.sleep(HOUR)
            assert _codes(peer) == []

    run(scenario())


def test_8_3_what_a_refresh_answers_otherwise() -> None:
    async def scenario() -> None:
        passes = Passes()
        async with running(Private, Shift, News, tokens=passes) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("private", token="until 100")
            await peer.subscribe("shift")
            for channel, token, code in [
                ("news", "until 200", 103),
                ("shift", "until 200", 108),
                ("private", "expired", 109),
                ("private", "forged", 103),
            ]:
                assert await peer.ask(sub_refresh={"channel": channel, "token": token}) == {"error": code}
            peer.begin(sub_refresh={"channel": "private"})
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())


def test_8_3_a_subscription_that_ends_while_it_is_refreshed() -> None:
    async def scenario() -> None:
        passes = Passes()
        async with running(Private, tokens=passes) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("private", token="until 100")
            passes.slow = True
            number = peer.begin(sub_refresh={"channel": "private", "token": "until 200"})
            await asyncio.sleep(0.5)
            await engine.line.invalidate(Private())
            assert await peer.answer(number) == {"error": 103}
            assert _codes(peer) == [2500]

    run(scenario())


def test_8_3_a_rule_that_holds_for_a_while_is_asked_again() -> None:
    """There is no token to bring: the client subscribes again, from where it stands."""

    async def scenario() -> None:
        async with running(Shift) as (engine, _):
            peer = await connected(engine)
            reply = await peer.subscribe("shift", token="unheard")
            assert "expires" not in reply
            await asyncio.sleep(HOUR - 1)
            assert _codes(peer) == []
            await asyncio.sleep(2)
            assert _codes(peer) == [2501]
            await engine.line.publish(Shift(), 1)
            # The time that the rule gives is over already.
            again = await peer.subscribe("shift", recover=True, offset=0, epoch=reply["epoch"])
            assert (again, _codes(peer)) == ({"error": 103}, [2501])

    run(scenario())


def test_an_expiry_ends_with_its_subscription() -> None:
    async def scenario() -> None:
        async with running(Shift) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("shift")
            await peer.ask(unsubscribe={"channel": "shift"})
            await asyncio.sleep(2 * HOUR)
            assert (_codes(peer), peer.session.state) == ([], "connected")

    run(scenario())


def test_forever_is_no_expiry() -> None:
    assert Subscribed().expires == math.inf


def test_8_3_a_token_whose_time_is_over_does_not_prolong() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes()) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("private", token="until 100")
            refresh = {"channel": "private", "token": "until -1"}
            assert await peer.ask(sub_refresh=refresh) == {"error": 109}

    run(scenario())


def test_8_3_a_token_may_expire_while_its_subscription_catches_up() -> None:
    async def scenario() -> None:
        async with running(Private, tokens=Passes(), limits=Limits(handler=1000)) as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "private", "token": "until 5"})
            await asyncio.sleep(60)
            broker.release("history")
            assert await peer.answer(number) == {"error": 109}

    run(scenario())
