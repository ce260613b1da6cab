"""The process that looks after workers: it starts them, replaces those that die, and ends them together.

uvicorn has such a one (``Multiprocess``). It runs uvicorn's own server and no other, so that nobody would be told
before the end; a worker that dies again and again is started again at once; what keeps it from starting is not
passed on; and its workers live on when it is killed.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from typing import Any, Protocol

_LOG = logging.getLogger("offhook.server")
_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a worker is replaced: so many at first, at most so many when it goes on like that."""
_HEALTHY = 60.0
"""Seconds after which a worker's end has nothing to do with its beginning."""
_LATE = 4.0
"""Seconds that a worker has beyond its own time before it is killed."""


class Process(Protocol):
    """A worker, as ``Worker`` is one."""

    started: asyncio.Future[None]
    ended: asyncio.Future[int]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        ...


class Supervisor:
    """Keeps *number* workers at work.

    :param hire: starts another one, at the post with this number.
    :param drain: seconds that each of them takes to end, at most.
    """

    def __init__(self, hire: Callable[[int], Process], number: int, drain: float) -> None:
        self._hire = hire
        self._number = number
        self._drain = drain
        self._posts: list[Process] = []
        """Who works, or is dead and not replaced yet."""
        self._alive: set[Process] = set()
        """Those, and who is about to work, and who was replaced and has not ended."""
        self._replacing = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self._told: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
        """The signal that ends it all."""

    async def run(self, ready: Callable[[], object]) -> None:
        """Until ``end``, and until all workers have ended.

        :param ready: called when all have started.
        :raises UsageError: one of them does not start.
        """
        keepers: list[asyncio.Task[None]] = []
        try:
            if await self._start():
                ready()
                keepers = [asyncio.create_task(self._keep(post)) for post in range(self._number)]
                await self._told
        finally:
            for task in [*keepers, *([self._renewing] if self._renewing else [])]:
                task.cancel()
            await self._end_all()

    def end(self, number: signal.Signals) -> None:
        """End everything, by a signal that is passed on. A second Ctrl-C does not wait."""
        if not self._told.done():
            self._told.set_result(number)
        elif number == signal.SIGINT:
            self._pass_on(signal.SIGINT)

    def renew(self) -> None:
        """Replace every worker by one that has loaded the application anew, one after the other."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    # The beginning

    async def _start(self) -> bool:
        """Whether all have started, before the end was asked for."""
        self._posts = [self._begin(post) for post in range(self._number)]
        starting = asyncio.create_task(_all_started(self._posts))
        either: list[asyncio.Future[Any]] = [starting, self._told]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._told.done():
            starting.cancel()
            return False
        await starting
        return True

    def _begin(self, post: int) -> Process:
        worker = self._hire(post)
        self._alive.add(worker)
        worker.ended.add_done_callback(lambda ended: self._alive.discard(worker))
        return worker

    # Later

    async def _keep(self, post: int) -> None:
        """Replace whoever dies at this post."""
        loop, pause = asyncio.get_running_loop(), _PAUSE
        while True:
            worker, began = self._posts[post], loop.time()
            await asyncio.wait([worker.ended])
            if loop.time() - began > _HEALTHY:
                pause = _PAUSE
            while self._posts[post] is worker:
                _LOG.error(
                    "a worker ended with status %d; another follows in %.1f s", worker.ended.result(), pause
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                await self._replace(post, worker)

    async def _renew(self) -> None:
        for post, old in enumerate(list(self._posts)):
            await self._replace(post, old)
            if self._posts[post] is old:
                return
            old.signal(signal.SIGTERM)
            await asyncio.wait([old.ended])

    async def _replace(self, post: int, old: Process) -> None:
        """Put somebody new in the place of *old*, who goes on working until then; nothing if somebody did it."""
        async with self._replacing:
            if self._posts[post] is not old:
                return
            worker = self._begin(post)
            await asyncio.wait([worker.started])
            error = worker.started.exception()
            if error is None:
                self._posts[post] = worker
            else:
                _LOG.error("a worker does not start: %s", error)

    # The end

    def _pass_on(self, number: signal.Signals) -> None:
        for worker in self._alive:
            worker.signal(number)

    async def _end_all(self) -> None:
        self._pass_on(self._told.result() if self._told.done() else signal.SIGTERM)
        await self._all_ended(self._drain + _LATE)
        if self._alive:
            _LOG.error("%d workers did not end in time, and are killed", len(self._alive))
            self._pass_on(signal.SIGKILL)
            await self._all_ended(None)

    async def _all_ended(self, seconds: float | None) -> None:
        if self._alive:
            await asyncio.wait([worker.ended for worker in self._alive], timeout=seconds)
        await asyncio.sleep(0)  # Who is alive is known a turn later.


async def _all_started(workers: Sequence[Process]) -> None:
    """Return when all serve.

    :raises UsageError: one of them will not.
    """
    done, _ = await asyncio.wait([each.started for each in workers], return_when=asyncio.FIRST_EXCEPTION)
    for started in done:
        started.result()
