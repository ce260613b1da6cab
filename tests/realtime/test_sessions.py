"""Who is connected here, and for how many there is room."""

import asyncio

import pytest

from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.realtime.sessions import Crowded, Sessions
from offhook.testing.clock import run
from tests.realtime.peers import ANN, Peer, connected, running

BOB = Identity("bob", "Bob", session="laptop")


def test_sessions_are_found_by_user_and_by_sign_in() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            ann, bob = await connected(engine, ANN), await connected(engine, BOB)
            waiting = Peer(engine, BOB)
            assert engine.sessions.of_user("ann") == [ann.session]
            assert set(engine.sessions.of_user("bob")) == {bob.session, waiting.session}
            assert set(engine.sessions.of_sign_in("laptop")) == {bob.session, waiting.session}
            for peer in (ann, bob, waiting):
                peer.session.lost()
            assert (engine.sessions.of_user("bob"), engine.sessions.of_sign_in("laptop")) == ([], [])
            assert len(engine.sessions) == 0

    run(scenario())


def test_4_a_user_has_only_so_many_connections() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(connections_of_user=2)) as (engine, _):
            first, second = await connected(engine, ANN), await connected(engine, ANN)
            third = Peer(engine, ANN)
            third.begin(connect={})
            await asyncio.sleep(0.1)
            assert third.wire.closed == (3016, "connection limit")
            await connected(engine, BOB)

            first.session.lost()
            assert "client" in await Peer(engine, ANN).connect()
            assert second.wire.closed is None

    run(scenario())


def test_of_many_that_connect_at_once_just_so_many_are_let_in() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(connections_of_user=3)) as (engine, _):
            peers = [Peer(engine, ANN) for _ in range(10)]
            for peer in peers:
                peer.begin(connect={})
            await asyncio.sleep(0.1)
            assert sum(peer.wire.closed is None for peer in peers) == 3

    run(scenario())


def test_nobody_in_particular_has_no_such_limit() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(connections_of_user=1), anonymous=True) as (engine, _):
            assert all(["client" in await Peer(engine, None).connect() for _ in range(3)])

    run(scenario())


@pytest.mark.parametrize(
    ("limits", "address", "status"),
    [
        (Limits(connections=2), "127.0.0.2", 503),
        (Limits(connections_of_address=2), "127.0.0.1", 429),
        (Limits(connections_of_address=2), "127.0.0.2", None),
        (Limits(connections_of_address=1), None, None),
    ],
)
def test_a_process_and_an_address_have_only_so_many(
    limits: Limits, address: str | None, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with running(limits=limits) as (engine, _):
            peers = [await connected(engine) for _ in range(2)]
            assert _refusal(engine.sessions, address) == status
            peers[0].session.lost()
            if limits != Limits(connections_of_address=1):
                assert _refusal(engine.sessions, address) is None

    run(scenario())
    assert "127.0.0" not in caplog.text


def test_what_is_open_without_a_session_counts_too() -> None:
    sessions = Sessions(Limits(connections=3, connections_of_address=2))
    for address in ("127.0.0.1", "127.0.0.1"):
        sessions.enter(address)
    assert _refusal(sessions, "127.0.0.1") == 429
    assert _refusal(sessions, "127.0.0.2") is None
    sessions.enter("127.0.0.2")
    assert _refusal(sessions, "127.0.0.2") == 503
    sessions.leave("127.0.0.1")
    assert _refusal(sessions, "127.0.0.1") is None
    assert len(sessions) == 0


def _refusal(sessions: Sessions, address: str | None) -> int | None:
    try:
        sessions.admit(address)
    except Crowded as crowded:
        return crowded.status
    return None


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", False),
        ("2001:db8::1", "2001:db8:0:1::1", True),
        ("192.0.2.1", "::ffff:192.0.2.1", False),
        ("192.0.2.1", "192.0.2.2", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", True),
        ("a name", "a name", False),
    ],
)
def test_an_address_of_ipv6_counts_as_its_network(first: str, second: str, fits: bool) -> None:
    sessions = Sessions(Limits(connections_of_address=1))
    sessions.enter(first)

    for address in (second, first):
        if fits and address == second:
            sessions.admit(address)
        else:
            with pytest.raises(Crowded):
                sessions.admit(address)
    sessions.leave(first)
    sessions.admit(second)
    assert not sessions._addresses


def test_a_connection_has_its_place_while_the_application_decides() -> None:
    sessions = Sessions(Limits(connections_of_address=1))

    with sessions.admitting("192.0.2.1"), pytest.raises(Crowded), sessions.admitting("192.0.2.1"):
        pass
    sessions.admit("192.0.2.1")
