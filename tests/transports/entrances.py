"""An engine with its way in, for the tests of the endpoints."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.engine import Engine
from offhook.testing.clock import virtual_env
from offhook.transports.base import Entrance
from tests.realtime.peers import News, Room

Who: TypeAlias = Callable[[Incoming], Awaitable[Identity[Any] | None]] | None


async def ann(incoming: Incoming) -> Identity[str] | None:
    """Everybody is Ann."""
    return Identity("ann", "Ann")


@asynccontextmanager
async def entrance(
    authenticate: Who = ann, limits: Limits | None = None, origins: tuple[str, ...] = ()
) -> AsyncIterator[Entrance]:
    """The way into a running engine with one channel that keeps everything and one that keeps nothing."""
    env = virtual_env()
    engine = Engine(channels=[News, Room], broker=MemoryBroker(env=env), limits=limits, env=env)
    await engine.start()
    yield Entrance(engine, authenticate, origins)
    await engine.stop()
