"""What each command answers (protocol §7)."""

import asyncio
from typing import Any

import msgspec
import pytest

from offhook.base.incoming import Identity
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import run
from tests.realtime.peers import ANN, News, Room, connected, running


class Note(msgspec.Struct):
    text: str


class Notes(Channel[Note], pattern="notes", history=History(10, 60), without_subscription=("publish",)):
    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[str], data: Note) -> Note:
        match data.text:
            case "wrong":
                return data.text  # type: ignore[return-value]
            case "slow":
                await asyncio.sleep(60)
        return Note(f"{client.user}: {data.text}")


def test_a_client_publishes_what_the_handler_makes_of_it() -> None:
    async def scenario() -> None:
        async with running(Notes) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("notes")
            assert await peer.ask(publish={"channel": "notes", "data": {"text": "hi"}}) == {}

            [push] = peer.pushes
            assert push["pub"]["data"] == {"text": "Ann: hi"}
            assert push["pub"]["info"] == {
                "user": "ann",
                "client": peer.session.client.id,
                "conn_info": {"name": "Ann"},
            }

    run(scenario())


@pytest.mark.parametrize(
    ("publish", "code"),
    [
        ({"channel": "notes", "data": {"text": 5}}, 107),
        ({"channel": "notes"}, 107),
        ({"channel": "notes", "data": None}, 107),
        ({"channel": "notes", "data": {"text": "wrong"}}, 100),
        ({"channel": "notes", "data": {"text": "slow"}}, 100),
        ({"channel": "news", "data": 1}, 103),
        ({"channel": "nothing", "data": 1}, 102),
        ({"channel": "x" * 256, "data": 1}, 107),
        ({"channel": "é" * 128, "data": 1}, 107),
        ({"channel": "é" * 127, "data": 1}, 102),
    ],
)
def test_a_refused_publish_publishes_nothing(publish: dict[str, Any], code: int) -> None:
    async def scenario() -> None:
        async with running(Notes, News) as (engine, _):
            peer = await connected(engine)
            assert await peer.ask(publish=publish) == {"error": code}
            assert (await engine.line.position(Notes())).offset == 0

    run(scenario())


def test_nobody_may_publish_where_somebody_is_wanted() -> None:
    async def scenario() -> None:
        async with running(Notes, Room, anonymous=True) as (engine, _):
            peer = await connected(engine, None)
            assert await peer.ask(publish={"channel": "notes", "data": {"text": "hi"}}) == {"error": 101}
            await peer.subscribe("room:a")
            assert await peer.ask(publish={"channel": "room:a", "data": 1}) == {}

    run(scenario())


def test_a_user_may_be_no_object_of_the_application() -> None:
    async def scenario() -> None:
        async with running(Notes) as (engine, _):
            peer = await connected(engine, Identity("ann", None))
            assert await peer.ask(publish={"channel": "notes", "data": {"text": "hi"}}) == {}

    run(scenario())


def test_a_publish_that_the_broker_refuses_is_told() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.fail("publish")
            peer = await connected(engine)
            await peer.subscribe("room:a")
            assert await peer.ask(publish={"channel": "room:a", "data": 1}) == {"error": 100}

    run(scenario())


async def _history(peer: Any, **options: Any) -> Any:
    answer = await peer.ask(history={"channel": "room:a", **options})
    return [each["data"] for each in answer["publications"]] if "publications" in answer else answer


def test_history() -> None:
    async def scenario() -> None:
        async with running(limits=Limits(history_page=3)) as (engine, _):
            peer = await connected(engine)
            epoch = (await peer.subscribe("room:a"))["epoch"]
            for number in range(1, 6):
                await engine.line.publish(Room(name="a"), number)

            top = {"publications": [], "epoch": epoch, "offset": 5}
            assert await peer.ask(history={"channel": "room:a"}) == top
            assert await _history(peer, limit=2) == [1, 2]
            assert await _history(peer, limit=-1) == await _history(peer, limit=99) == [1, 2, 3]
            assert await _history(peer, limit=9, since={"offset": 3, "epoch": epoch}) == [4, 5]
            assert await _history(peer, limit=9, since={}) == [1, 2, 3]
            assert await _history(peer, limit=2, reverse=True) == [5, 4]
            assert await _history(peer, limit=9, reverse=True, since={"offset": 3}) == [2, 1]
            assert await _history(peer, limit=9, reverse=True, since={}) == {"error": 107}
            assert await _history(peer, limit=9, since={"offset": 3, "epoch": "x"}) == {"error": 112}

    run(scenario())


def test_presence() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peers = [await connected(engine, identity) for identity in (ANN, ANN, Identity("bob", "Bob"))]
            for peer in peers:
                await peer.subscribe("room:a")

            present = (await peers[0].ask(presence={"channel": "room:a"}))["presence"]
            assert present.keys() == {peer.session.client.id for peer in peers}
            assert present[peers[2].session.client.id] == {"user": "bob", "client": peers[2].session.client.id}
            stats = await peers[0].ask(presence_stats={"channel": "room:a"})
            assert stats == {"num_clients": 3, "num_users": 2}

    run(scenario())


@pytest.mark.parametrize("command", ["history", "presence", "presence_stats"])
def test_only_who_is_subscribed_may_ask(command: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            assert await peer.ask(**{command: {"channel": "room:a"}}) == {"error": 103}
            assert await peer.ask(**{command: {"channel": "nothing"}}) == {"error": 102}
            assert await peer.ask(**{command: {"channel": "news"}}) == {"error": 108}
            await peer.subscribe("room:a")
            assert "error" not in await peer.ask(**{command: {"channel": "room:a"}})

    run(scenario())


def test_what_this_server_does_not_offer() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("news")
            assert await peer.ask(rpc={"method": "sum", "data": [1, 2]}) == {"error": 108}
            assert await peer.ask(sub_refresh={"channel": "news", "token": "x"}) == {"error": 108}
            assert await peer.ask(sub_refresh={"channel": "room:a", "token": "x"}) == {"error": 103}
            peer.say({"send": {"data": 1}})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3508, "not available")

    run(scenario())
