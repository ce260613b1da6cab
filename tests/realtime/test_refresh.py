"""Tokens, and sign-ins that run out (protocol §4, §8.2)."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.base.incoming import Identity, Incoming
from offhook.realtime.tokens import Claims, SubscriptionClaims
from offhook.testing.clock import run
from tests.realtime.peers import ANN, KNOCK, News, Peer, connected, running


class Words:
    """Tokens that are plain words; ``expired`` was good once, others are nobody's."""

    def __init__(self, **claims: Claims) -> None:
        self._claims: Mapping[str, Claims] = claims

    async def connection(self, token: str) -> Claims:
        if token == "expired":
            raise CommandError(code=codes.TOKEN_EXPIRED)
        if token not in self._claims:
            raise Disconnect(codes.INVALID_TOKEN)
        return self._claims[token]

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        raise Denied


def _until(expires: float, user: str = "tom") -> Claims:
    return Claims(Identity(user, user.title(), expires=expires))


TOKENS = Words(
    tom=_until(math.inf),
    brief=_until(60),
    longer=_until(200),
    over=_until(-1),
    past=_until(-1),
    bob=_until(500, "bob"),
    nobody=Claims(Identity("", None, info={"guest": True})),
    named=Claims(Identity("tom", "Tom"), ["news"]),
)


async def _close_of(peer: Peer, **request: Any) -> Any:
    peer.begin(**request)
    await asyncio.sleep(0.1)
    return peer.wire.closed


def test_4_a_token_says_whose_connection_it_is() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            for opened in (None, ANN):  # a token counts more than a cookie
                peer = Peer(engine, opened)
                reply = await peer.connect(token="tom")
                assert "expires" not in reply
                assert (peer.session.user_id, peer.session.client.user) == ("tom", "Tom")
                assert peer.session in engine.sessions.of_user("tom")
            assert engine.sessions.of_user("ann") == []

    run(scenario())


def test_19_a_token_names_channels() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            assert set((await peer.connect(token="named"))["subs"]) == {"news"}
            await engine.line.publish(News(), 1)
            await asyncio.sleep(0.1)
            assert peer.published("news") == [1]

    run(scenario())


def test_19_a_token_may_be_somebodys_who_stays_anonymous() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            assert "client" in await peer.connect(token="nobody")
            assert (peer.session.user_id, peer.session.info.conn_info) == ("", b'{"guest":true}')

    run(scenario())


def test_a_client_that_goes_while_its_token_is_read_is_forgotten() -> None:
    class Slow(Words):
        async def connection(self, token: str) -> Claims:
            await asyncio.sleep(1)
            return await super().connection(token)

    async def scenario() -> None:
        async with running(tokens=Slow(tom=_until(math.inf))) as (engine, _):
            peer = Peer(engine, None)
            peer.begin(connect={"token": "tom"})
            await asyncio.sleep(0.5)
            peer.session.lost()
            await asyncio.sleep(1)
            assert engine.sessions.of_user("tom") == []
            assert (len(engine.sessions), len(engine.background)) == (0, 0)

    run(scenario())


@pytest.mark.parametrize(
    ("token", "answer", "closed"),
    [
        ("expired", {"error": 109}, None),
        ("over", {"error": 110}, None),
        ("forged", None, (3500, "invalid token")),
        ("", None, (3501, "bad request")),
    ],
)
def test_4_tokens_that_let_nobody_in(token: str, answer: Any, closed: Any) -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            number = peer.begin(connect={"token": token})
            await asyncio.sleep(0.1)
            assert peer.wire.closed == closed
            if answer:
                assert await peer.answer(number) == answer

    run(scenario())


def test_4_a_token_where_there_are_none() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            assert await _close_of(Peer(engine), connect={"token": "tom"}) == (3500, "invalid token")

    run(scenario())


def test_8_2_a_client_brings_another_token_in_time() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            reply = await peer.connect(token="brief")
            assert (reply["expires"], reply["ttl"]) == (True, 60)
            await asyncio.sleep(50)
            answer = await peer.ask(refresh={"token": "longer"})
            assert answer == {"client": peer.session.client.id, "version": "offhook", "expires": True, "ttl": 150}
            await asyncio.sleep(170)
            assert peer.wire.closed is None
            assert await peer.ask(refresh={"token": "tom"}) == {
                "client": peer.session.client.id,
                "version": "offhook",
            }
            await asyncio.sleep(100_000)
            assert peer.wire.closed is None

    run(scenario())


def test_8_2_a_client_that_brings_none_has_a_little_grace() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            await peer.connect(token="brief")
            await asyncio.sleep(60 + 24.8)
            assert peer.wire.closed is None
            await asyncio.sleep(0.4)
            assert peer.wire.closed == (3005, "connection expired")

    run(scenario())


@pytest.mark.parametrize(
    ("token", "closed"),
    [
        ("expired", (3005, "connection expired")),
        ("past", (3005, "connection expired")),
        ("forged", (3500, "invalid token")),
        ("bob", (3500, "invalid token")),
        ("", (3501, "bad request")),
    ],
)
def test_8_2_what_is_no_good_to_go_on(token: str, closed: Any) -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = Peer(engine, None)
            await peer.connect(token="brief")
            assert await _close_of(peer, refresh={"token": token}) == closed

    run(scenario())


def test_8_2_a_refresh_that_fails_for_now_may_be_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Words):
        async def connection(self, token: str) -> Claims:
            if token == "busy":
                raise ConnectionError("the database is away")
            return await super().connection(token)

    async def scenario() -> None:
        async with running(tokens=Failing(brief=_until(60), longer=_until(200))) as (engine, _):
            peer = Peer(engine, None)
            await peer.connect(token="brief")
            assert await peer.ask(refresh={"token": "busy"}) == {"error": 100}
            assert (await peer.ask(refresh={"token": "longer"}))["ttl"] == 200

    run(scenario())
    assert len(caplog.records) == 1


def test_8_2_a_refresh_of_a_connection_without_a_token_closes() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            peer = await connected(engine, ANN)
            assert await _close_of(peer, refresh={"token": "tom"}) == (3501, "bad request")

    run(scenario())


# Cookies: the application is asked again (protocol §8.2, server-side refresh)


class Desk:
    """An ``authenticate`` with answers that a test sets."""

    def __init__(self, *answers: Identity[Any] | Exception | None) -> None:
        self.asked: list[Incoming] = []
        self._answers = list(answers)

    async def authenticate(self, incoming: Incoming) -> Identity[Any] | None:
        self.asked.append(incoming)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _ann(expires: float) -> Identity[str]:
    return Identity("ann", "Ann", expires=expires)


def test_8_2_a_later_expiry_goes_on() -> None:
    desk = Desk(Identity("ann", "Ann, married", expires=20, session="s2"), _ann(math.inf))

    async def scenario() -> None:
        async with running(authenticate=desk.authenticate) as (engine, _):
            peer = Peer(engine, _ann(10))
            assert "expires" not in await peer.connect()
            await asyncio.sleep(11)
            assert (peer.session.client.user, peer.session.sign_in) == ("Ann, married", "s2")
            await asyncio.sleep(100_000)
            assert peer.wire.closed is None

    run(scenario())
    assert desk.asked == [KNOCK, KNOCK]


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (None, 0),
        (_ann(10), 0),
        (Identity("bob", "Bob"), 0),
        (Denied(), 0),
        (ValueError("secret"), 1),
    ],
)
def test_8_2_otherwise_the_connection_ends_and_the_client_is_seen_anew(
    answer: Any, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(answer)

    async def scenario() -> None:
        async with running(authenticate=desk.authenticate) as (engine, _):
            peer = await connected(engine, _ann(10))
            await asyncio.sleep(11)
            assert peer.wire.closed == (3005, "connection expired")

    run(scenario())
    assert len(caplog.records) == lines
    assert "secret" not in caplog.text


def test_an_application_that_takes_too_long_to_say_who_that_is(caplog: pytest.LogCaptureFixture) -> None:
    async def authenticate(incoming: Incoming) -> None:
        await asyncio.sleep(60)

    async def scenario() -> None:
        async with running(authenticate=authenticate) as (engine, _):
            peer = await connected(engine, _ann(10))
            await asyncio.sleep(13.9)
            assert peer.wire.closed is None
            await asyncio.sleep(0.3)
            assert peer.wire.closed == (3005, "connection expired")

    run(scenario())
    assert caplog.messages == ["authenticate took longer than its deadline"]


def test_a_client_that_goes_while_it_is_seen_anew_is_not_held_up() -> None:
    async def authenticate(incoming: Incoming) -> Identity[str]:
        await asyncio.sleep(2)
        return _ann(1000)

    async def scenario() -> None:
        async with running(authenticate=authenticate) as (engine, _):
            peer = await connected(engine, _ann(10))
            await asyncio.sleep(11)
            peer.session.lost()
            await asyncio.sleep(5)
            assert (len(engine.sessions), len(engine.background)) == (0, 0)

    run(scenario())


# The application says it by itself


def test_8_2_the_line_prolongs_and_a_client_with_a_token_is_told() -> None:
    async def scenario() -> None:
        async with running(tokens=TOKENS) as (engine, _):
            cookie, token = await connected(engine, Identity("tom", "Tom", expires=30)), Peer(engine, None)
            await token.connect(token="brief")
            await engine.line.refresh("tom", 300)
            await asyncio.sleep(290)
            assert (cookie.wire.closed, token.wire.closed) == (None, None)
            assert (cookie.pushes, token.pushes) == ([], [{"refresh": {"expires": True, "ttl": 300}}])
            await engine.line.refresh("tom", math.inf)
            await asyncio.sleep(1000)
            assert token.pushes[1:] == [{"refresh": {}}]
            assert (cookie.wire.closed, token.wire.closed) == (None, None)

    run(scenario())


def test_the_line_lets_a_sign_in_run_out_now() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine, ANN)
            await engine.line.refresh("ann", 0)
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3005, "connection expired")

    run(scenario())
