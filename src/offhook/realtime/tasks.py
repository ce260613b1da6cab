"""Tasks whose first step runs at once, and deadlines that exist only for work that has to wait.

Every Python version runs the first step of a task inside ``start``, so that the order of replies and pushes is the
same on all of them.
"""

import asyncio
import sys
import types
from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar, cast

from offhook.base import observe

T = TypeVar("T")

if sys.version_info >= (3, 12):

    def start(coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run *coroutine* in a task of its own. The caller keeps the task, or the loop may forget it."""
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)

else:
    from offhook.realtime.eager import start as start


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
    return (yield from _limited(seconds, _rest(coroutine, waits_for)).__await__())


async def _limited(seconds: float, rest: Generator[Any, Any, T]) -> T:
    async with asyncio.timeout(seconds):
        result: T = await cast("Awaitable[T]", rest)  # types.coroutine makes it one
        return result


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """*coroutine* from its second step on."""
    try:
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(sent)
    except StopIteration as done:
        result: T = done.value
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
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
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


def _log_failure(what: str, task: "asyncio.Task[Any]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        observe.LINE.error("%s whose caller was cancelled failed: %s", what, error)
