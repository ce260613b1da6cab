"""Python 3.11: a task whose first step runs inside the call, as with ``eager_start=True`` from Python 3.12 on.

Without it the order of replies and pushes depended on the Python version: a command began one turn of the loop
later on 3.11, so that the push of a first publication left before the reply to a second one.

The task is asyncio's own in its Python form. ``Task.__init__`` schedules the first step with ``loop.call_soon``;
``_FirstStep`` stands in for the loop during that call, and the step runs at once. Python 3.11 receives security
fixes only, so these names of asyncio do not change any more; ``tests/realtime/test_tasks.py`` fails if they do.
"""

import asyncio
from asyncio import tasks
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

_PythonTask: Any = getattr(tasks, "_PyTask")  # noqa: B009 (typeshed does not have it)
_enter: Callable[..., None] = tasks._enter_task
_leave: Callable[..., None] = tasks._leave_task


class _FirstStep:
    """The loop as ``Task.__init__`` sees it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.get_debug = loop.get_debug
        self.step: Callable[[], Any] = lambda: None

    def call_soon(self, step: Callable[[], Any], *, context: Context) -> None:
        """Keep the first step, to be run in *context*."""
        self.step = lambda: context.run(step)


class _EagerTask(_PythonTask):  # type: ignore[misc]
    """A task that may be done when the constructor returns."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> None:
        first = _FirstStep(loop)
        super().__init__(coroutine, loop=first)
        self._loop = loop
        outer = asyncio.current_task(loop)
        if outer is None:
            first.step()
            return
        _leave(loop, outer)
        try:
            first.step()
        finally:
            _enter(loop, outer)


def start(coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Run *coroutine* in a task of its own. The caller keeps the task, or the loop may forget it."""
    task: asyncio.Task[T] = _EagerTask(coroutine, asyncio.get_running_loop())
    return task
