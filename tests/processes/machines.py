"""Two processes, a Redis, and the link of the first process to it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from offhook.testing.proxy import FaultProxy
from offhook.testing.redis import Persistence, RedisServer
from tests.processes.world import World
from tests.servers import Server


@dataclass(slots=True)
class Machines:
    """The first process reaches Redis through *link*, the second directly."""

    redis: RedisServer
    link: FaultProxy
    first: Server
    second: Server

    def world(self) -> World:
        return World([self.first.port, self.second.port])


@contextmanager
def machines(persistence: Persistence) -> Iterator[Machines]:
    """All of it, running."""
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(persistence))
        link = stack.enter_context(FaultProxy(redis.port))
        ports = (link.port, redis.port)
        first, second = (
            stack.enter_context(Server("tests.processes.app:app", BROKER=f"redis://127.0.0.1:{port}"))
            for port in ports
        )
        yield Machines(redis, link, first, second)
