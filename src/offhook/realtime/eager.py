"""Python 3.11: what ``asyncio.Task(..., eager_start=True)`` does from Python 3.12 on.

``begin`` runs the first step of a coroutine inside the call, in the context and with the current task of the other
steps. It uses the functions that asyncio documents for task implementations of third parties (``_enter_task``,
``_leave_task``). Because commands, reads and deliveries start in the same turn of the loop on every version of
Python, replies and pushes have the same order on all of them.
"""

import asyncio
import contextvars
import types
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, TypeVar, cast

T = TypeVar("T")


def begin(coroutine: Coroutine[Any, Any, T], *, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[T]":
    """Run the first step of *coroutine* now, and the others in a task.

    :returns: the task; if the first step was the last one, a future that is done.
    """
    first: list[Any] = []
    others = _others(coroutine, first)
    others.send(None)  # a task that is cancelled before it runs enters a coroutine only if that has begun
    context = contextvars.copy_context()
    task = asyncio.Task(others, loop=loop, context=context)
    caller = asyncio.current_task(loop)
    if caller is not None:
        _leave_task(loop, caller)
    _enter_task(loop, task)
    try:
        first.append(context.run(coroutine.send, None))
    except StopIteration as done:
        return _ended(loop, done)
    except (asyncio.CancelledError, Exception) as error:
        return _ended(loop, error)
    finally:
        _leave_task(loop, task)
        if caller is not None:
            _enter_task(loop, caller)
    return cast("asyncio.Future[T]", task)  # what ended is not None


def _ended(loop: asyncio.AbstractEventLoop, outcome: BaseException) -> "asyncio.Future[Any]":
    """A future that is done, as a task is whose coroutine raised *outcome*."""
    future = loop.create_future()
    match outcome:
        case StopIteration():
            future.set_result(outcome.value)
        case asyncio.CancelledError():
            future.cancel()
        case _:
            future.set_exception(outcome)
    return future


async def _others(coroutine: Coroutine[Any, Any, T], first: list[Any]) -> T | None:
    """The steps of *coroutine* after the first one, which put what it waits for into *first*, unless it ended."""
    try:
        try:
            await _pass()
        except asyncio.CancelledError as error:
            if not first:
                return None
            [waits_for] = first
            if waits_for is None or not waits_for.cancel():
                waits_for = coroutine.throw(error)
        else:
            if not first:
                return None
            [waits_for] = first
            if waits_for is None or waits_for.done():
                waits_for = coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    return await cast("Awaitable[T]", rest(coroutine, waits_for))


@types.coroutine
def _pass() -> Generator[None, None, None]:
    yield


@types.coroutine
def rest(coroutine: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """The steps of *coroutine* that follow the one that yielded *waits_for*."""
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
