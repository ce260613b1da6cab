"""Nothing outlives its right to exist: random interleavings from a seed, in virtual time and on a real Redis."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator

import pytest

from offhook.base.codes import Code
from offhook.base.env import SYSTEM
from offhook.base.limits import Limits
from offhook.brokers.base import Broker
from offhook.brokers.memory import MemoryBroker
from offhook.brokers.redis.broker import RedisBroker
from offhook.brokers.redis.timing import Timing
from offhook.realtime.control import Control
from offhook.realtime.engine import Engine
from offhook.realtime.hub import Hub
from offhook.realtime.session import Session
from offhook.realtime.subscription import Subscription
from offhook.testing.clock import run, virtual_env
from offhook.testing.faults import FaultyBroker
from offhook.testing.proxy import FaultProxy
from offhook.testing.redis import RedisServer
from tests.realtime.rights import World

HELD = ("subscribe", "history", "add_presence", "remove_presence", "presence", "announce_join", "order")


class InMemory:
    """One process at a time, whose broker keeps what it has when the process is killed."""

    def __init__(self, make: Callable[[Broker], FaultyBroker]) -> None:
        self._kept = MemoryBroker(env=virtual_env(1))
        self._make = make
        self._faulty: FaultyBroker | None = None

    def new(self) -> Broker:
        self._faulty = self._make(self._kept)
        return self._faulty

    def trouble(self, chance: random.Random) -> None:
        assert self._faulty is not None
        method = chance.choice(HELD)
        match chance.choice(("hold", "fail", "lose")):
            case "hold" if method not in self._faulty.held:
                self._faulty.hold(method)
            case "fail":
                self._faulty.fail(method)
            case "lose":
                self._faulty.losing = True

    def heal(self) -> None:
        assert self._faulty is not None
        self._faulty.heal()
        for method in self._faulty.held:
            self._faulty.release(method)

    async def kill(self, engine: Engine) -> None:
        await engine.stop()


class OnRedis:
    """Each process has a way of its own to one Redis."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._ways: list[FaultProxy] = []
        self._way_of: dict[Broker, FaultProxy] = {}

    def new(self) -> Broker:
        way = FaultProxy(self._server.port)
        way.__enter__()
        broker = RedisBroker(
            f"redis://127.0.0.1:{way.port}/0", timing=Timing(patience=1.0, sweep=0.1, silence=0.5)
        )
        self._ways.append(way)
        self._way_of[broker] = way
        return broker

    def trouble(self, chance: random.Random) -> None:
        way = chance.choice(self._ways)
        chance.choice((way.cut, way.strand))()

    def heal(self) -> None:
        for way in self._ways:
            way.heal()

    async def kill(self, engine: Engine) -> None:
        """Its way is closed, so that nothing of its end reaches Redis."""
        way = self._way_of.pop(engine.broker)
        self._ways.remove(way)
        way.cut()
        await engine.stop()
        way.__exit__(None, None, None)

    def close(self) -> None:
        for way in self._ways:
            way.__exit__(None, None, None)


def simulate(seed: int, make: Callable[[Broker], FaultyBroker] = FaultyBroker, rounds: int = 3) -> None:
    """One world in virtual time; if it goes wrong, what has happened."""
    worlds: list[World] = []

    async def scenario() -> None:
        worlds.append(World(seed, InMemory(make), lambda number: virtual_env(number), Limits(), 1))
        await worlds[0].run(rounds, steps=40)

    try:
        run(scenario())
    except AssertionError as failure:
        failure.add_note("\n".join([f"seed {seed}, after", *worlds[0].log[-80:]]))
        raise


def simulate_all(seeds: Iterable[int], make: Callable[[Broker], FaultyBroker]) -> None:
    """Several worlds, one after the other."""
    for seed in seeds:
        simulate(seed, make)


@pytest.mark.parametrize("seed", range(25))
def test_once_it_is_quiet_all_agree(seed: int) -> None:
    simulate(seed)


@pytest.fixture
def redis() -> Iterator[OnRedis]:
    with RedisServer() as server:
        brokers = OnRedis(server)
        yield brokers
        brokers.close()


def test_once_it_is_quiet_two_processes_agree(redis: OnRedis) -> None:
    world = World(1, redis, lambda number: SYSTEM, Limits(presence=1.5, handler=2.0), 2)
    try:
        asyncio.run(world.run(rounds=2, steps=60))
    except AssertionError as failure:
        failure.add_note("\n".join(world.log[-80:]))
        raise


# Planted faults


class OrdersThatGetLost(FaultyBroker):
    """Orders are announcements like others."""

    async def order(self, data: bytes) -> None:
        if not self.losing:
            await super().order(data)


def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is removed while it catches up goes live all the same."""
    forget = Session.forget

    def planted(self: Session, subscription: Subscription, code: Code) -> bool:
        if subscription.confirmed or self.ended:
            return forget(self, subscription, code)
        self.subscriptions.pop(subscription.name, None)
        return True

    monkeypatch.setattr(Session, "forget", planted)


def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was ordered while a connection is admitted is not remembered."""
    monkeypatch.setattr(Control, "catch_up", lambda *given, **more: None)


def _credulous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joins and leaves that are lost are not made up."""

    async def planted(self: Hub, name: str) -> bool:
        return False

    monkeypatch.setattr(Hub, "check_presence", planted)


@pytest.mark.parametrize(
    ("plant", "make", "what"),
    [
        pytest.param(_late, FaultyBroker, "hub and session differ|removed|differ", id="late catch up"),
        pytest.param(_forgetful, FaultyBroker, "was revoked and lives", id="revoke not remembered"),
        pytest.param(None, OrdersThatGetLost, "was revoked and lives|was removed", id="control order lost"),
        pytest.param(_credulous, FaultyBroker, "was told something else", id="presence delta lost"),
    ],
)
def test_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None] | None,
    make: Callable[[Broker], FaultyBroker],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if plant is not None:
        plant(monkeypatch)
    with pytest.raises(AssertionError, match=what):
        simulate_all(range(40), make)
