"""The network between one tab and the server: late, cut or frozen, as chance wants it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any


class Broken(Exception):
    """The connection ended on the way."""


class Network:
    """What happens to everything that a tab sends or gets."""

    def __init__(self, chance: random.Random) -> None:
        self.slowest = 0.05
        self._chance = chance
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._down = False
        self._journeys: dict[asyncio.Task[None], Callable[[], None]] = {}

    async def travel(self) -> None:
        """Be on the way.

        :raises Broken: there is no network.
        """
        if self._down:
            raise Broken
        await asyncio.sleep(self._chance.random() * self.slowest)
        await self._flowing.wait()

    def start(self, journey: Coroutine[Any, Any, None], broken: Callable[[], None]) -> None:
        """Run *journey*; when the network is cut it ends, and *broken* is called."""
        task = asyncio.ensure_future(self._guarded(journey, broken))
        self._journeys[task] = broken
        task.add_done_callback(lambda done: self._journeys.pop(done, None))
        task.add_done_callback(lambda _: journey.close())  # one that was cut before it began

    async def _guarded(self, journey: Coroutine[Any, Any, None], broken: Callable[[], None]) -> None:
        try:
            await journey
        except Broken:
            broken()

    @property
    def quiet(self) -> bool:
        """Whether nothing is held up."""
        return self._flowing.is_set() and not self._down

    def drop(self) -> None:
        """End every connection now."""
        journeys, self._journeys = self._journeys, {}
        for task, broken in journeys.items():
            task.cancel()
            broken()

    def cut(self) -> None:
        """End every connection, and let no new one come."""
        self._down = True
        self.drop()

    def freeze(self) -> None:
        """Let nothing arrive."""
        self._flowing.clear()

    def heal(self) -> None:
        """Behave again."""
        self._down = False
        self._flowing.set()
        self.slowest = 0.05
