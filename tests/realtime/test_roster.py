"""What clients are told of presence becomes what the broker says, whatever was lost."""

import asyncio
from typing import Any

import pytest

from offhook.base.incoming import Identity
from offhook.realtime.roster import Roster
from offhook.testing.clock import run
from offhook.wire.publication import ClientInfo
from tests.realtime.peers import Peer, Room, connected, running

A = Room(name="a")
ANN, BOB = ClientInfo("ann", "1"), ClientInfo("bob", "2")


class Watcher:
    """What an SDK makes of joins, leaves and the answer to a presence command."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.members: set[str] = set()
        self.news: list[str] = []
        self._read = 0

    async def ask(self) -> None:
        """Ask who is there."""
        self.look()
        answer = await self.peer.ask(presence={"channel": "room:a"})
        self.members = {info["user"] for info in answer["presence"].values()}

    def look(self) -> set[str]:
        """Who is there, by what has arrived."""
        for push in self.peer.pushes[self._read :]:
            for kind in push.keys() & {"join", "leave"}:
                user = push[kind]["info"]["user"]
                self.news.append(f"{kind} {user}")
                (self.members.add if kind == "join" else self.members.discard)(user)
        self._read = len(self.peer.pushes)
        return self.members


async def watching(engine: Any) -> Watcher:
    peer = await connected(engine)
    await peer.subscribe("room:a", join_leave=True)
    watcher = Watcher(peer)
    await watcher.ask()
    watcher.news.clear()
    return watcher


async def bob(engine: Any) -> Peer:
    peer = await connected(engine, Identity("bob", "Bob"))
    await peer.subscribe("room:a")
    return peer


def test_a_member_whose_process_died_leaves_when_its_entry_has_run_out() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            await broker.add_presence("room:a", [BOB], ttl=engine.limits.presence)
            watcher = await watching(engine)
            assert watcher.members == {"ann", "bob"}
            await asyncio.sleep(2 * engine.limits.presence)
            assert watcher.look() == {"ann"}
            assert watcher.news == ["leave bob"]

    run(scenario())


@pytest.mark.parametrize("asks", [True, False])
def test_joins_and_leaves_that_were_lost_are_made_up(asks: bool) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            watcher = await watching(engine)
            broker.losing = True
            peer = await bob(engine)
            broker.losing = False
            if asks:
                await watcher.ask()
            engine.hub.on_doubt(None)
            await asyncio.sleep(1)
            assert watcher.look() == {"ann", "bob"}

            broker.losing = True
            peer.session.lost()
            await asyncio.sleep(1)
            broker.losing = False
            engine.hub.on_doubt(None)
            await asyncio.sleep(7)
            assert watcher.look() == {"ann"}
            assert watcher.news == ["join bob", "leave bob"]

    run(scenario())


def test_nothing_is_told_twice() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            watcher = await watching(engine)
            broker.hold("announce_join")
            peer = await bob(engine)
            engine.hub.on_doubt(None)  # its entry is found before its join is announced
            await asyncio.sleep(1)
            broker.release("announce_join")
            peer.session.lost()
            await asyncio.sleep(200)
            watcher.look()
            assert watcher.news == ["join bob", "leave bob"]

    run(scenario())


def test_a_broker_that_forgot_everybody_for_a_moment_makes_nobody_leave() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            watcher, peer = await watching(engine), await bob(engine)
            for each in (watcher.peer, peer):
                await broker.remove_presence("room:a", each.session.client.id)
            engine.hub.presence_doubted.set()
            await asyncio.sleep(0.1)
            await engine.presence.renew(engine.hub, 0)
            await asyncio.sleep(100)
            watcher.look()
            assert watcher.news == ["join bob"]

    run(scenario())


def test_presence_that_cannot_be_read_is_read_again() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            watcher = await watching(engine)
            broker.losing = True
            await bob(engine)
            broker.losing = False
            broker.fail("presence")
            await asyncio.sleep(60)
            assert watcher.look() == {"ann"}
            broker.heal()
            await asyncio.sleep(6)
            assert watcher.look() == {"ann", "bob"}

    run(scenario())


def test_many_channels_are_read_a_few_at_a_time() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            for number in range(70):
                await peer.subscribe(f"room:{number}", join_leave=True)
            broker.calls.clear()
            broker.hold("presence")
            engine.hub.presence_doubted.set()
            await asyncio.sleep(1)
            assert sum(method == "presence" for method, _ in broker.calls) == 32
            broker.release("presence")
            await asyncio.sleep(30)
            assert len({name for method, name in broker.calls if method == "presence"}) == 70

    run(scenario())


def test_a_reading_does_not_undo_what_was_announced_meanwhile() -> None:
    roster = Roster()
    roster.join(ANN)
    roster.check({"1": ANN})
    roster.begin_reading()
    roster.leave(ANN)
    roster.join(BOB)
    changes = roster.check({"1": ANN})
    roster.end_reading()

    assert (changes.joined, changes.left, changes.unsure) == ([], [], False)
    assert roster.leave(BOB)
    assert not roster.leave(ANN)


def test_who_asks_when_the_last_watcher_has_gone_begins_anew() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            watcher = await watching(engine)
            await bob(engine)
            broker.hold("presence")
            engine.hub.presence_doubted.set()
            await asyncio.sleep(0.1)
            await watcher.peer.ask(unsubscribe={"channel": "room:a"})
            broker.release("presence")
            await asyncio.sleep(1)
            again = await watching(engine)
            await asyncio.sleep(100)
            again.look()
            assert (again.members, again.news) == ({"ann", "bob"}, [])

    run(scenario())
