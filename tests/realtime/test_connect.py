"""The first command of a connection: who is let in, what it is told, who hears of its end (protocol §4)."""

import asyncio
import json
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.realtime.client import Client
from offhook.realtime.hooks import Connecting, Welcome
from offhook.testing.clock import run
from tests.realtime.peers import ANN, News, Peer, Room, connected, running


class Doorman:
    """An application's two hooks, which remember what they were told."""

    def __init__(self, welcome: Welcome | None = None, *, takes: float = 0.0) -> None:
        self.came: list[tuple[str, Connecting]] = []
        self.left: list[tuple[str, Code]] = []
        self.refuses: Exception | None = None
        self._welcome = welcome
        self._takes = takes

    async def on_connect(self, client: Client[Any], connecting: Connecting) -> Welcome | None:
        self.came.append((client.user_id, connecting))
        await asyncio.sleep(self._takes)
        if self.refuses is not None:
            raise self.refuses
        return self._welcome

    async def on_disconnect(self, client: Client[Any], disconnect: Disconnect) -> None:
        self.left.append((client.user_id, disconnect.code))

    @property
    def hooks(self) -> dict[str, Any]:
        return {"on_connect": self.on_connect, "on_disconnect": self.on_disconnect}


def test_the_application_hears_what_a_client_says_of_itself_and_answers() -> None:
    doorman = Doorman(Welcome(data={"motd": "hello"}))

    async def scenario() -> None:
        async with running(connect_data={"build": "b1"}, **doorman.hooks) as (engine, _):
            said = {"data": {"tab": 1}, "name": "js", "version": "5", "headers": {"x-a": "b"}}
            reply = await Peer(engine).connect(**said)
            assert reply["data"] == {"motd": "hello", "build": "b1"}

    run(scenario())
    assert doorman.came == [("ann", Connecting({"tab": 1}, "js", "5", {"x-a": "b"}))]


def test_a_client_that_says_nothing_of_itself() -> None:
    doorman = Doorman()

    async def scenario() -> None:
        async with running(anonymous=True, **doorman.hooks) as (engine, _):
            assert "data" not in await Peer(engine, None).connect()

    run(scenario())
    assert doorman.came == [("", Connecting())]


@pytest.mark.parametrize(
    ("refusal", "answer", "closed"),
    [
        (Denied(), {"error": 103}, None),
        (CommandError(code=codes.INTERNAL), {"error": 100}, None),
        (Disconnect(codes.DISCONNECT_DENIED), None, (3507, "permission denied")),
        (RuntimeError("secret text"), {"error": 100}, None),
    ],
)
def test_4_a_client_that_is_refused(
    refusal: Exception, answer: Any, closed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    doorman = Doorman()
    doorman.refuses = refusal

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            peer.say({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "news"}})
            if answer is not None:
                assert await peer.answer(1) == answer
            await asyncio.sleep(0.1)
            # What came in the same frame is not done, and breaks the protocol.
            assert peer.wire.closed == (closed or (3501, "bad request"))
            assert not any(line.get("id") == 2 for line in peer.wire.lines)

    run(scenario())
    assert doorman.left == []
    assert len(caplog.records) == isinstance(refusal, RuntimeError)
    assert "secret text" not in caplog.text


def test_4_after_an_error_the_connection_is_useless_and_goes_stale() -> None:
    doorman = Doorman()
    doorman.refuses = Denied()

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            assert await peer.connect() == {"error": 103}
            await asyncio.sleep(9)
            assert peer.wire.closed is None
            await asyncio.sleep(2)
            assert peer.wire.closed == (3502, "stale")
            assert len(engine.sessions) == 0

    run(scenario())


def test_a_hook_that_takes_too_long_is_an_error_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    doorman = Doorman(takes=5)

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            assert await peer.connect() == {"error": 100}
            assert asyncio.get_running_loop().time() == pytest.approx(4, abs=0.1)

    run(scenario())
    assert caplog.messages == ["a command took longer than its deadline"]


def test_3_commands_wait_until_it_is_decided_and_are_done_in_order() -> None:
    doorman = Doorman(takes=1)

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            peer.say({"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "news"}})
            peer.say({"id": 3, "unsubscribe": {"channel": "news"}})
            reading = asyncio.ensure_future(peer.session.ready())
            await asyncio.sleep(0.9)
            assert (peer.wire.lines, reading.done()) == ([], False)
            await asyncio.sleep(0.2)
            assert [line["id"] for line in peer.wire.lines] == [1, 2, 3]
            assert reading.done()

    run(scenario())


def test_3_a_second_connect_closes_also_while_the_first_waits() -> None:
    doorman = Doorman(takes=1)

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            peer.say({"id": 1, "connect": {}}, {"id": 2, "connect": {}})
            await asyncio.sleep(2)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())
    assert len(doorman.came) == len(doorman.left) == 1


@pytest.mark.parametrize(
    "data", ["[" * 30_000 + "]" * 30_000, '"\\ud800"', "1e999"], ids=["nested", "surrogate", "infinite"]
)
def test_data_that_cannot_be_read_is_the_clients_fault(data: str) -> None:
    doorman = Doorman()

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            peer.session.receive('{"id":1,"connect":{"data":' + data + "}}")
            await asyncio.sleep(0.1)
            assert peer.wire.lines[:1] in ([{"id": 1, "error": {"code": 107, "message": "bad request"}}], [])
            assert doorman.came == []

    run(scenario())


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda peer: peer.session.lost(), 3000),
        (lambda peer: peer.session.close(Disconnect(codes.FORCE_RECONNECT)), 3011),
        (lambda peer: peer.session.receive("{"), 3501),
    ],
)
def test_the_application_hears_once_who_has_gone_and_why(end: Any, code: int) -> None:
    doorman = Doorman()

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = await connected(engine)
            end(peer)
            peer.session.lost()
            await asyncio.sleep(0.1)

    run(scenario())
    assert [(user, left.number) for user, left in doorman.left] == [("ann", code)]


def test_whoever_goes_while_being_let_in_is_said_goodbye_to_afterwards() -> None:
    doorman = Doorman(takes=1)

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine)
            peer.begin(connect={})
            await asyncio.sleep(0.5)
            peer.session.lost()
            await asyncio.sleep(0.1)
            assert doorman.left == []
            await asyncio.sleep(0.5)
            assert doorman.left == [("ann", codes.CONNECTION_CLOSED)]
            assert peer.wire.lines == []
            assert (len(engine.sessions), len(engine.background)) == (0, 0)

    run(scenario())


def test_stopping_says_goodbye_to_everybody() -> None:
    doorman = Doorman()

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            await connected(engine)
            await connected(engine, Identity("bob", None))

    run(scenario())
    assert sorted(doorman.left, key=lambda each: each[0]) == [("ann", codes.SHUTDOWN), ("bob", codes.SHUTDOWN)]


@pytest.mark.parametrize(("takes", "logged"), [(0.0, "on_disconnect failed: ValueError"), (9.0, "longer than")])
def test_a_goodbye_that_fails_is_one_line_in_the_log(
    takes: float, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_disconnect(client: Client[Any], disconnect: Disconnect) -> None:
        await asyncio.sleep(takes)
        raise ValueError("secret text")

    async def scenario() -> None:
        async with running(on_disconnect=on_disconnect) as (engine, _):
            (await connected(engine)).session.lost()
            await asyncio.sleep(5)
            assert len(engine.background) == 0

    run(scenario())
    assert logged in caplog.text
    assert len(caplog.records) == 1
    assert "secret text" not in caplog.text


# Emulated and unidirectional connections (protocol §14)


def test_14_an_emulated_connection_has_a_secret() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine, emulated=True)
            reply = await peer.connect()
            assert (reply["session"], reply["node"]) == (peer.session.secret, engine.node)
            assert len(reply["session"]) == 36

    run(scenario())


def test_14_a_websocket_has_none() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine)
            assert set(await peer.connect()) == {"client", "version", "ping", "pong"}
            assert peer.session.secret == ""

    run(scenario())


def test_14_a_unidirectional_connection_is_pinged_and_need_not_answer() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine, uni=True, pong=False)
            reply = await peer.connect()
            assert set(reply) == {"client", "version", "ping"}
            await asyncio.sleep(250)
            assert sum(line == {} for line in peer.wire.lines) == 10
            assert peer.wire.closed is None

    run(scenario())


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Denied(), 3507),
        (CommandError(code=codes.TOKEN_EXPIRED), 3005),
        (CommandError(code=codes.EXPIRED), 3005),
        (CommandError(code=codes.TOO_MANY_REQUESTS), 3013),
        (RuntimeError(), 3004),
        (Disconnect(codes.STATE_INVALIDATED), 3014),
    ],
)
def test_14_where_there_are_no_replies_an_error_is_a_disconnect(refusal: Exception, code: int) -> None:
    doorman = Doorman()
    doorman.refuses = refusal

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, _):
            peer = Peer(engine, uni=True)
            peer.begin(connect={})
            await asyncio.sleep(0.1)
            assert peer.wire.lines == []
            assert peer.wire.closed is not None
            assert peer.wire.closed[0] == code

    run(scenario())


def test_1_a_transport_with_pings_of_its_own_gets_none_of_ours() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = Peer(engine, pings=False)
            assert not {"ping", "pong"} & set(await peer.connect())
            await asyncio.sleep(1000)
            assert {} not in peer.wire.lines
            assert peer.wire.closed is None
            peer.say({})  # nobody asked
            await asyncio.sleep(0.1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())


def test_what_a_failed_connect_began_is_undone() -> None:
    doorman = Doorman(Welcome(channels=[News(), Room(name="a")]))

    async def scenario() -> None:
        async with running(limits=Limits(), **doorman.hooks) as (engine, broker):
            broker.fail("history")  # News has none, and is subscribed already
            peer = Peer(engine)
            assert await peer.connect() == {"error": 100}
            await asyncio.sleep(5)
            assert (peer.session.subscriptions, len(engine.hub)) == ({}, 0)
            assert await engine.broker.presence("room:a") == {}

    run(scenario())


def test_whoever_goes_while_being_subscribed_leaves_nothing() -> None:
    doorman = Doorman(Welcome(channels=[Room(name="a")]))

    async def scenario() -> None:
        async with running(**doorman.hooks) as (engine, broker):
            broker.hold("history")
            peer = Peer(engine)
            peer.begin(connect={})
            await asyncio.sleep(0.5)
            peer.session.lost()
            broker.release("history")
            await asyncio.sleep(5)
            assert (len(engine.hub), len(engine.background), len(engine.sessions)) == (0, 0, 0)
            assert await engine.broker.presence("room:a") == {}

    run(scenario())


def test_nothing_that_is_logged_names_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    async def scenario() -> str:
        async with running(connect_data={"a": "b"}) as (engine, _):
            peer = await connected(engine, ANN, emulated=True)
            peer.session.receive(json.dumps({"id": 2, "rpc": {"method": "news", "data": "private"}}))
            await asyncio.sleep(1)
            peer.session.lost()
            return peer.session.secret

    assert run(scenario()) not in caplog.text
    assert "private" not in caplog.text
