"""Tasks that begin inside the call that starts them, and deadlines that exist only for work that has to wait.

The first step of a task runs inside ``start`` on every version of Python. So work that never waits is done when
``start`` returns, and the order of what several tasks send does not depend on the version.
"""

import asyncio
import sys
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar, cast

from offhook.base import observe
from offhook.realtime.eager import begin, rest

T = TypeVar("T")

_EAGER: dict[str, Any] = {"eager_start": True}
_begin: Callable[..., "asyncio.Future[Any]"] = (
    partial(asyncio.Task, **_EAGER) if sys.version_info >= (3, 12) else begin
)


def start(coroutine: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
    """Run *coroutine* in a task of its own, the first step now.

    The caller keeps the task, because the loop holds only a weak reference to it.
    """
    started: asyncio.Future[T] = _begin(coroutine, loop=asyncio.get_running_loop())
    return started


@types.coroutine
def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """The result of *coroutine*, whose deadline exists only if it has to wait for something.

    :raises TimeoutError: it was not done in time.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    return (yield from _limited(seconds, rest(coroutine, waits_for)).__await__())


async def _limited(seconds: float, others: Generator[Any, Any, T]) -> T:
    async with asyncio.timeout(seconds):
        result: T = await cast("Awaitable[T]", others)  # types.coroutine makes it one
        return result


def in_loop() -> bool:
    """Whether this thread runs an event loop, so that nothing in it may wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Background:
    """Tasks that nobody waits for until the end, and whose errors nobody but them would see."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        """Run *coroutine*; it takes care of its own exceptions."""
        task = start(coroutine)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    async def unbroken(self, what: str, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of *coroutine*, which runs to its end also when the caller is cancelled meanwhile.

        *what* it was is logged if it fails then, because nobody else would hear of it.
        """
        task = self.start(coroutine)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(partial(_log_failure, what))
            raise

    async def finish(self) -> None:
        """Wait until all of them have ended, also those that are started meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)


def _log_failure(what: str, task: "asyncio.Future[Any]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        observe.LINE.error("%s whose caller was cancelled failed: %s", what, error)
