"""Random scenarios from a seed: whatever happens, a client's log is the stream, or it was told that it is not."""

import asyncio
import contextlib
import random
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import BrokerError, Disconnect
from offhook.base.limits import Limits
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from offhook.testing.faults import FaultyBroker
from tests.realtime.peers import Peer, Room, running

CHANNEL = Room(name="a")
_HELD = ("subscribe", "unsubscribe", "history", "positions", "add_presence", "publish")


class Follower:
    """What an SDK does: subscribes from where it stands, comes back when told to, and counts every publication."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.log: list[int] = []
        self.peer: Peer | None = None
        self._position: dict[str, Any] = {}
        self._read = 0
        self._wanted = False

    async def step(self) -> None:
        """Come back if necessary, and read what has arrived."""
        if self.peer is None or self.peer.session.state == "closed":
            self.read()
            self.peer, self._read, self._wanted = Peer(self.engine), 0, False
            await self.peer.connect()
        if not self._wanted:
            self._wanted = True
            recover = {"recover": True, **self._position} if self._position else {}
            self.peer.begin(subscribe={"channel": "room:a", "recoverable": True, **recover})
        self.read()

    def read(self) -> None:
        """Everything that has arrived since the last time."""
        lines = self.peer.wire.lines[self._read :] if self.peer else []
        self._read += len(lines)
        for line in lines:
            if "subscribe" in line:
                self._subscribed(line["subscribe"])
            elif line.get("id", 1) > 1:
                self._wanted = False  # refused for a moment
            elif "pub" in line.get("push", {}):
                self._publication(line["push"]["pub"])
            elif "unsubscribe" in line.get("push", {}):
                self._wanted = False

    def _subscribed(self, reply: dict[str, Any]) -> None:
        if self._position and not reply.get("recovered"):
            self.log.clear()  # it was told, and takes a new snapshot
        if not reply.get("recovered"):
            self._position = {"offset": reply.get("offset", 0), "epoch": reply["epoch"]}
        for each in reply.get("publications", []):
            self._publication(each)

    def _publication(self, publication: dict[str, Any]) -> None:
        assert publication["offset"] == self._position["offset"] + 1, "a hole, or one twice"
        self._position["offset"] += 1
        self.log.append(publication["data"])


async def _change(chance: random.Random, engine: Engine, number: int) -> None:
    """A transaction that takes a while and may fail, with a publication or without."""
    with contextlib.suppress(BrokerError, ZeroDivisionError):
        async with engine.line.change(CHANNEL, deadline=10) as change:
            await asyncio.sleep(chance.random() * 20)
            if chance.random() < 0.8:
                await change.publish(CHANNEL, number)
            number // chance.choice([0, 1, 1, 1])


async def _happen(chance: random.Random, engine: Engine, broker: FaultyBroker, followers: list[Follower]) -> None:
    match chance.choice(["publish"] * 6 + ["cut", "stall", "flow", "hold", "release", "lose", "fail", "kick"]):
        case "cut":
            follower = chance.choice(followers)
            if follower.peer is not None:
                follower.peer.session.lost()
        case "kick":
            await engine.line.disconnect("ann", code=codes.FORCE_RECONNECT)
        case "stall":
            follower = chance.choice(followers)
            if follower.peer is not None and follower.peer.wire._stalled is None:
                follower.peer.wire.stall()
        case "flow":
            _flow(followers)
        case "hold":
            method = chance.choice(_HELD)
            if method not in broker._held:
                broker.hold(method)
        case "release":
            _release(broker)
        case "lose":
            broker.losing = not broker.losing
        case "fail":
            broker.fail(chance.choice(["history", "subscribe", "add_presence", "positions"]))
            await asyncio.sleep(chance.random() * 5)
            broker.heal()


def _flow(followers: list[Follower]) -> None:
    for follower in followers:
        if follower.peer is not None and follower.peer.wire._stalled is not None:
            follower.peer.wire.flow()


def _release(broker: FaultyBroker) -> None:
    for method in list(broker._held):
        broker.release(method)


@pytest.mark.parametrize("seed", range(60))
def test_each_log_is_the_stream(seed: int) -> None:
    chance = random.Random(seed)

    async def publish(engine: Engine, number: int) -> None:
        with contextlib.suppress(BrokerError):  # it was held for too long; then the epoch changes
            await engine.line.publish(CHANNEL, number)

    async def scenario() -> None:
        limits = Limits(queue=2000, recovery_buffer=8, history_page=50)
        async with running(limits=limits) as (engine, broker):
            followers = [Follower(engine) for _ in range(4)]
            publishing: set[asyncio.Task[None]] = set()
            for number in range(120):
                await _happen(chance, engine, broker, followers)
                work = _change(chance, engine, number) if chance.random() < 0.1 else publish(engine, number)
                publishing.add(asyncio.create_task(work))
                await asyncio.sleep(chance.choice([0, 0, 0.01, 0.5, 3]))
                for follower in followers:
                    if chance.random() < 0.7 and "subscribe" not in broker._held:
                        async with asyncio.timeout(60):
                            await follower.step()
            broker.heal()
            _release(broker)
            _flow(followers)
            await asyncio.gather(*publishing)
            for _ in range(40):
                for follower in followers:
                    await follower.step()
                await asyncio.sleep(5)
            page = await engine.line.history(CHANNEL)
            stream = [int(each.data) for each in page.publications]
            for follower in followers:
                assert follower._position == {"offset": page.position.offset, "epoch": page.position.epoch}
                last = min(len(stream), len(follower.log))
                assert follower.log[len(follower.log) - last :] == stream[len(stream) - last :]
            assert len(await engine.line.presence(CHANNEL)) == len(followers)
            for follower in followers:
                assert follower.peer is not None
                follower.peer.session.close(Disconnect(codes.FORCE_DISCONNECT))
            await asyncio.sleep(20)
            assert (len(engine.hub), len(engine.background), len(engine.sessions)) == (0, 0, 0)
            assert await engine.line.presence(CHANNEL) == {}

    run(scenario())
