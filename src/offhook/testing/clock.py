"""Virtual time: an event loop whose clock jumps to the next timer whenever there is nothing else to do.

A scenario with hours in it runs in milliseconds, and always in the same order::

    def test_something() -> None:
        async def scenario() -> None:
            await asyncio.sleep(3600)

        run(scenario())
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from offhook.base.env import Env

T = TypeVar("T")


class Deadlock(Exception):
    """Everything waits for something, and no timer would ever change that."""


class _Selector(selectors.SelectSelector):
    """Real sockets are looked at but never waited for."""

    waited = 0.0
    """Seconds that the loop wanted to wait."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock
        self.waited += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits. Threads and real connections have no place in it."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)
        self.failures: list[Mapping[str, Any]] = []
        """What nobody caught: errors in callbacks and in tasks that nobody waited for."""
        self.set_exception_handler(lambda loop, context: self.failures.append(context))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._clock.waited


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run *scenario* in virtual time; its result.

    :raises Deadlock: it waits for what can never come.
    :raises AssertionError: something failed where nobody could see it.
    """
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(scenario)
    assert not loop.failures, loop.failures
    return result


def virtual_env(seed: int = 0) -> Env:
    """Wall time that is the loop's, and chance that is the same in every run."""
    return Env.seeded(seed, lambda: asyncio.get_running_loop().time())
