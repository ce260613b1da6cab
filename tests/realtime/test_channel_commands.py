"""Calls, and the rules of a channel beside subscribing and publishing (protocol §7)."""

import asyncio
from typing import Any

import msgspec
import pytest

from offhook.base.errors import CommandError, Denied, UsageError
from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel, Subscribed
from offhook.realtime.client import Client
from offhook.realtime.registry import Registry
from offhook.testing.clock import run
from tests.realtime.peers import ANN, News, Room, connected, running

GONE: list[str] = []


class Sum(msgspec.Struct):
    total: int


class Desk(
    Channel[int],
    pattern="desk:{number}",
    history=History(10, "10m"),
    presence=True,
    join_leave=False,
    without_subscription=("call", "history", "presence"),
):
    """Guarded by its number: 1 lets everybody, 2 nobody."""

    number: int

    async def on_subscribe(self, client: Client[Any]) -> Subscribed | None:
        if self.number == 3:
            return Subscribed(data={"desk": 3})
        return None

    async def on_call(self, client: Client[str], data: list[int]) -> Sum:
        if sum(data) < 0:
            return sum(data)  # type: ignore[return-value]
        if not data:
            raise Denied("nothing to do")
        return Sum(sum(data))

    async def on_unsubscribe(self, client: Client[Any]) -> None:
        GONE.append(f"{client.user} from {self.number}")
        if self.number == 4:
            raise ValueError("secret")
        if self.number == 5:
            await asyncio.sleep(60)

    async def on_history(self, client: Client[Any]) -> None:
        self._refuse()

    async def on_presence(self, client: Client[Any]) -> None:
        self._refuse()

    def _refuse(self) -> None:
        if self.number == 2:
            raise Denied


@pytest.mark.parametrize(
    ("method", "data", "answer"),
    [
        ("desk:1", [1, 2], {"data": {"total": 3}}),
        ("desk:1", "text", {"error": 107}),
        ("desk:1", [], {"error": 103}),
        ("desk:1", [-1], {"error": 100}),
        ("news", 1, {"error": 108}),
        ("nothing", 1, {"error": 104}),
        ("", 1, {"error": 104}),
        ("desk:01", 1, {"error": 104}),
    ],
)
def test_7_a_call_is_answered_by_the_channel_of_its_name(
    method: str, data: object, answer: dict[str, Any]
) -> None:
    async def scenario() -> None:
        async with running(Desk, News) as (engine, _):
            peer = await connected(engine)
            assert await peer.ask(rpc={"method": method, "data": data}) == answer

    run(scenario())


def test_7_where_no_channel_takes_calls_there_are_none() -> None:
    async def scenario() -> None:
        async with running(Room, News) as (engine, _):
            peer = await connected(engine)
            for method in ("news", "nothing"):
                assert await peer.ask(rpc={"method": method, "data": 1}) == {"error": 108}

    run(scenario())


def test_a_call_wants_somebody_where_its_client_is_somebody() -> None:
    async def scenario() -> None:
        async with running(Desk, anonymous=True) as (engine, _):
            peer = await connected(engine, None)
            assert await peer.ask(rpc={"method": "desk:1", "data": [1]}) == {"error": 101}

    run(scenario())


COMMANDS: dict[str, dict[str, Any]] = {
    "publish": {"publish": {"channel": "room:a", "data": 1}},
    "call": {"rpc": {"method": "room:a", "data": 1}},
    "history": {"history": {"channel": "room:a", "limit": 5}},
    "presence": {"presence": {"channel": "room:a"}},
    "presence stats": {"presence_stats": {"channel": "room:a"}},
}


class Everything(Channel[int], pattern="room:{name}", history=History(10, "10m"), presence=True):
    """Every rule agrees, after a second, but to subscribe to b."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        if client.user == "Bob":
            raise Denied

    async def on_publish(self, client: Client[Any], data: int) -> int:
        await asyncio.sleep(1)
        return data

    async def on_call(self, client: Client[Any], data: int) -> int:
        await asyncio.sleep(1)
        return data

    async def on_history(self, client: Client[Any]) -> None:
        await asyncio.sleep(1)

    async def on_presence(self, client: Client[Any]) -> None:
        await asyncio.sleep(1)


@pytest.mark.parametrize("command", COMMANDS)
def test_7_a_refused_client_can_do_nothing_whatever_the_other_rules_say(command: str) -> None:
    async def scenario() -> None:
        async with running(Everything) as (engine, _):
            ann, bob = await connected(engine), await connected(engine, Identity("bob", "Bob"))
            await ann.subscribe("room:a")
            assert await bob.subscribe("room:a") == {"error": 103}
            assert "error" not in await ann.ask(**COMMANDS[command])
            assert await bob.ask(**COMMANDS[command]) == {"error": 103}

    run(scenario())


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"call"}))
def test_7_a_client_that_is_removed_while_a_rule_is_asked_is_refused(command: str) -> None:
    async def scenario() -> None:
        async with running(Everything) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            number = peer.begin(**COMMANDS[command])
            await asyncio.sleep(0.5)
            await engine.line.unsubscribe("ann", Everything(name="a"))
            assert await peer.answer(number) == {"error": 103}
            assert (await engine.line.position(Everything(name="a"))).offset == 0

    run(scenario())


def test_what_may_be_done_without_a_subscription_is_one_of_four() -> None:
    with pytest.raises(UsageError, match="without_subscription"):

        class Odd(Channel[int], pattern="odd", without_subscription=("listen",)):
            pass


@pytest.mark.parametrize("command", ["history", "presence", "presence_stats"])
def test_7_a_rule_decides_also_about_who_is_not_subscribed(command: str) -> None:
    async def scenario() -> None:
        async with running(Desk) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("desk:2")
            assert "error" not in await peer.ask(**{command: {"channel": "desk:1"}})
            assert await peer.ask(**{command: {"channel": "desk:2"}}) == {"error": 103}

    run(scenario())


def test_7_presence_stats_are_counted_by_the_broker() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            for identity in (ANN, ANN, Identity("bob", "Bob")):
                peer = await connected(engine, identity)
                await peer.subscribe("room:a")
            assert await peer.ask(presence_stats={"channel": "room:a"}) == {"num_clients": 3, "num_users": 2}
            assert ("presence_stats", "room:a") in broker.calls
            assert ("presence", "room:a") not in broker.calls

    run(scenario())


def test_a_rule_may_tell_the_client_something() -> None:
    async def scenario() -> None:
        async with running(Desk) as (engine, _):
            peer = await connected(engine)
            assert (await peer.subscribe("desk:3"))["data"] == {"desk": 3}
            assert "data" not in await peer.subscribe("desk:1")

    run(scenario())


@pytest.mark.parametrize("how", ["unsubscribes", "is lost", "has to recover", "fails later"])
def test_who_was_let_in_is_heard_to_go_once(how: str) -> None:
    async def scenario() -> None:
        async with running(Desk) as (engine, broker):
            peer = await connected(engine)
            if how == "fails later":
                broker.fail("history")
            await peer.subscribe("desk:1")
            if how == "unsubscribes":
                await peer.ask(unsubscribe={"channel": "desk:1"})
            if how == "has to recover":
                await engine.line.invalidate(Desk(number=1))
                await asyncio.sleep(1)
            peer.session.lost()
            await asyncio.sleep(1)

    GONE.clear()
    run(scenario())
    assert GONE == ["Ann from 1"]


def test_who_was_refused_is_not_heard_to_go() -> None:
    class Shut(Channel[int], pattern="shut"):
        async def on_subscribe(self, client: Client[Any]) -> None:
            raise CommandError

        async def on_unsubscribe(self, client: Client[Any]) -> None:
            raise AssertionError

    async def scenario() -> None:
        async with running(Shut) as (engine, _):
            assert await (await connected(engine)).subscribe("shut") == {"error": 100}

    run(scenario())


@pytest.mark.parametrize("number", [4, 5])
def test_a_goodbye_that_fails_is_logged_and_changes_nothing(number: int, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running(Desk) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe(f"desk:{number}")
            assert await peer.ask(unsubscribe={"channel": f"desk:{number}"}) == {}

    run(scenario())
    [record] = caplog.records
    assert "on_unsubscribe" in record.getMessage()
    assert "secret" not in record.getMessage()


def test_a_map_is_not_published_to() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            publish = {"channel": "room:a", "data": 1, "type": 1, "key": "x"}
            assert await peer.ask(publish=publish) == {"error": 108}

    run(scenario())


def test_unsubscribing_too_often_is_fine() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(channels=1)) as (engine, _):
            peer = await connected(engine)
            for _ in range(3):
                assert (await peer.subscribe("news")) == {}
                assert (await peer.ask(unsubscribe={"channel": "news"})) == {}

    run(scenario())


class WrongCall(Channel[int], pattern="wrong-call"):
    async def on_call(self, client: Client[Any]) -> int:
        return 1


class Unsendable(Channel[int], pattern="unsendable"):
    async def on_call(self, client: Client[Any], data: int) -> complex:
        return 1j


class WrongGoodbye(Channel[int], pattern="wrong-goodbye"):
    async def on_unsubscribe(self) -> None: ...


@pytest.mark.parametrize(
    ("channel", "complaint"),
    [
        (WrongCall, r"async def on_call\(self, client, data\)"),
        (Unsendable, "cannot be sent"),
        (WrongGoodbye, r"async def on_unsubscribe\(self, client\)"),
    ],
)
def test_handlers_of_another_form(channel: type[Channel[Any]], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Registry([channel])


def test_a_subscriber_may_not_publish_where_no_handler_takes_it() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            assert await peer.ask(publish={"channel": "news", "data": 1}) == {"error": 103}

    run(scenario())
