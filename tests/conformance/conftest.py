"""Every scenario is played over each kind of line: in virtual time, and in real time against a real Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import TypeAlias

import pytest

from offhook.base.env import SYSTEM
from offhook.base.limits import Limits
from offhook.brokers.load import open_broker
from offhook.brokers.memory import MemoryBroker
from offhook.testing.clock import run, virtual_env
from offhook.testing.redis import RedisServer
from tests.conformance.lines import KINDS, Kind
from tests.conformance.worlds import World, world

_NUMBERS = count()
"""Each test has names of its own in the Redis that all of them share."""

Scenario: TypeAlias = Callable[[World], Awaitable[None]]
Play: TypeAlias = Callable[..., None]


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """What lines are made of."""
    found: Kind = request.param
    return found


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for all tests of this folder."""
    with RedisServer() as server:
        yield server.url


def _in_virtual_time(kind: Kind, scenario: Scenario, limits: Limits | None) -> None:
    async def played() -> None:
        env = virtual_env()
        async with world(kind, MemoryBroker(env=env), env, limits=limits) as here:
            await scenario(here)

    run(played())


def _on_redis(kind: Kind, url: str, scenario: Scenario, limits: Limits | None) -> None:
    async def played() -> None:
        async with asyncio.timeout(30), world(kind, open_broker(url, SYSTEM), SYSTEM, limits=limits) as here:
            await scenario(here)

    asyncio.run(played())


@pytest.fixture
def play_in_virtual_time(kind: Kind) -> Play:
    """Plays a scenario in which time passes."""
    return lambda scenario, limits=None: _in_virtual_time(kind, scenario, limits)


@pytest.fixture(params=["memory", "redis"])
def play(kind: Kind, request: pytest.FixtureRequest) -> Play:
    """Plays a scenario in which nobody waits for time to pass, with each broker."""
    if request.param == "memory":
        return lambda scenario, limits=None: _in_virtual_time(kind, scenario, limits)
    url = f"{request.getfixturevalue('redis_url')}?prefix={next(_NUMBERS)}"
    return lambda scenario, limits=None: _on_redis(kind, url, scenario, limits)
