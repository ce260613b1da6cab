"""One order of replies and pushes, on every version of Python and for every number of subscribers."""

import asyncio
from typing import Any

import pytest

from offhook.base.errors import Denied
from offhook.base.incoming import Identity
from offhook.brokers.base import History
from offhook.realtime import fanout
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from tests.realtime.peers import Peer, connected, running

ENGINES: list[Engine] = []
"""The engine of the test that runs, for handlers that publish by themselves."""


class Talk(Channel[str], pattern="talk", history=History(100, "10m"), presence=True):
    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: str) -> str:
        if data == "refused":
            await ENGINES[-1].line.publish(self, "from the handler")
            raise Denied
        return data

    async def on_call(self, client: Client[Any], data: str) -> str:
        await ENGINES[-1].line.publish(self, data)
        return data


async def _audience(engine: Engine, size: int) -> list[Peer]:
    ENGINES[:] = [engine]
    peers = [await connected(engine, Identity(str(number), None)) for number in range(size)]
    for peer in peers:
        await peer.subscribe("talk")
    await asyncio.sleep(1)
    for peer in peers:
        peer.wire.lines.clear()
    return peers


def _said(peer: Peer) -> list[Any]:
    """What *peer* received: a reply's number, a push's data; not who joins."""
    pushes = [line.get("push", {}) for line in peer.wire.lines]
    return [
        line["id"] if "id" in line else push["pub"]["data"]
        for line, push in zip(peer.wire.lines, pushes, strict=True)
        if "id" in line or "pub" in push
    ]


COMMANDS: list[tuple[dict[str, Any], list[Any]]] = [
    ({"publish": {"channel": "talk", "data": "hi"}}, ["hi", 7]),
    ({"publish": {"channel": "talk", "data": "refused"}}, ["from the handler", 7]),
    ({"rpc": {"method": "talk", "data": "called"}}, ["called", 7]),
    ({"history": {"channel": "talk"}}, [7]),
    ({"presence": {"channel": "talk"}}, [7]),
    ({"unsubscribe": {"channel": "talk"}}, [7]),
]


@pytest.mark.parametrize("size", [1, 2, 3 * fanout.CHUNK])
@pytest.mark.parametrize(("command", "expected"), COMMANDS)
def test_what_was_published_before_a_reply_precedes_it(
    size: int, command: dict[str, Any], expected: list[Any]
) -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            peers = await _audience(engine, size)
            for peer in {peers[0], peers[-1]}:
                peer.wire.lines.clear()
                await engine.line.publish(Talk(), "before")
                peer.say({"id": 7, **command})
                await asyncio.sleep(0.1)
                assert _said(peer)[: len(expected) + 1] == ["before", *expected]

    run(scenario())


def test_commands_of_one_frame_are_answered_in_their_order_refused_or_not() -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            [peer] = await _audience(engine, 1)
            peer.say(
                {"id": 1, "publish": {"channel": "talk", "data": "a"}},
                {"id": 2, "publish": {"channel": "x" * 300, "data": "too long"}},
                {"id": 3, "publish": {"channel": "talk", "data": "b"}},
                {"id": 4, "history": {"channel": "nothing"}},
                {"id": 5, "subscribe": {"channel": "talk"}},
                {"id": 6, "rpc": {"method": "talk", "data": "c"}},
            )
            await asyncio.sleep(0.1)
            assert _said(peer) == ["a", 1, 2, "b", 3, 4, 5, "c", 6]

    run(scenario())


def test_others_receive_each_publication_once_and_in_order() -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            peers = await _audience(engine, 2 * fanout.CHUNK)
            for peer in peers[::50]:
                peer.say(
                    *({"id": number, "publish": {"channel": "talk", "data": str(number)}} for number in (8, 9))
                )
            await asyncio.sleep(0.1)
            for peer in peers:
                pushes = [each for each in _said(peer) if isinstance(each, str)]
                assert pushes == ["8", "9"] * len(peers[::50])

    run(scenario())
