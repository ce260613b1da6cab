"""Tasks begin inside the call, by ``begin`` (Python 3.11) as by ``start`` (what this Python has)."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from offhook.realtime.eager import begin
from offhook.realtime.tasks import start
from offhook.testing.clock import run

Begin = Callable[[Coroutine[Any, Any, Any]], "asyncio.Future[Any]"]
NAME = ContextVar("name", default="outside")


def _by_begin(coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Future[Any]":
    return begin(coroutine, loop=asyncio.get_running_loop())


both = pytest.mark.parametrize("begins", [_by_begin, start])


async def _returns() -> str:
    return "result"


async def _fails() -> None:
    raise ZeroDivisionError


async def _is_cancelled() -> None:
    raise asyncio.CancelledError


@both
def test_work_that_never_waits_is_done_at_once(begins: Begin) -> None:
    async def scenario() -> None:
        assert begins(_returns()).result() == "result"
        assert isinstance(begins(_fails()).exception(), ZeroDivisionError)
        assert begins(_is_cancelled()).cancelled()
        assert len(asyncio.all_tasks()) <= 4
        await asyncio.sleep(1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())


@both
def test_all_steps_have_one_task_and_one_context(begins: Begin) -> None:
    async def work(seen: list[Any]) -> None:
        NAME.set("inside")
        for _ in range(3):
            seen.append((asyncio.current_task(), NAME.get()))
            async with asyncio.timeout(5):
                await asyncio.sleep(1)

    async def scenario() -> None:
        seen: list[Any] = []
        caller = asyncio.current_task()
        task = begins(work(seen))
        assert len(seen) == 1
        assert (asyncio.current_task(), NAME.get()) == (caller, "outside")
        await task
        assert seen == [(task, "inside")] * 3

    run(scenario())


@both
def test_without_a_task_around_it(begins: Begin) -> None:
    async def scenario() -> str:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def call() -> None:
            begins(_returns()).add_done_callback(lambda done: ended.set_result(done.result()))

        asyncio.get_running_loop().call_soon(call)
        return await ended

    assert run(scenario()) == "result"


@both
def test_one_begins_inside_another(begins: Begin) -> None:
    async def outer() -> list[Any]:
        before = asyncio.current_task()
        inner = begins(asyncio.sleep(1, "inner"))
        return [asyncio.current_task() is before, await inner]

    async def scenario() -> list[Any]:
        return list(await begins(outer()))

    assert run(scenario()) == [True, "inner"]


async def _suspends(waits_for: "asyncio.Future[str]", seen: list[str]) -> str:
    seen.append("began")
    try:
        return await waits_for
    except (asyncio.CancelledError, ZeroDivisionError) as error:
        seen.append(type(error).__name__)
        raise
    finally:
        seen.append("ended")


@both
@pytest.mark.parametrize("turns", [0, 1, 2])
def test_cancelled_in_any_turn_it_cancels_what_it_waits_for(begins: Begin, turns: int) -> None:
    async def scenario() -> None:
        waits_for, seen = asyncio.get_running_loop().create_future(), list[str]()
        task = begins(_suspends(waits_for, seen))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (waits_for.cancelled(), seen) == (True, ["began", "CancelledError", "ended"])

    run(scenario())


@both
@pytest.mark.parametrize("turns", [0, 1, 2])
def test_whatever_it_waits_for_it_gets(begins: Begin, turns: int) -> None:
    async def scenario() -> None:
        for outcome in ("result", ZeroDivisionError()):
            waits_for, seen = asyncio.get_running_loop().create_future(), list[str]()
            task = begins(_suspends(waits_for, seen))
            for _ in range(turns):
                await asyncio.sleep(0)
            if isinstance(outcome, str):
                waits_for.set_result(outcome)
                assert await task == outcome
            else:
                waits_for.set_exception(outcome)
                with pytest.raises(ZeroDivisionError):
                    await task

    run(scenario())


@both
def test_cancelled_while_a_turn_passes_it_ends_there(begins: Begin) -> None:
    async def work(seen: list[str]) -> str:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            seen.append("cancelled")
        return "caught"

    async def scenario() -> None:
        seen: list[str] = []
        task = begins(work(seen))
        task.cancel()
        assert (await task, seen) == ("caught", ["cancelled"])

    run(scenario())


@both
def test_it_may_cancel_itself_in_its_first_step(begins: Begin) -> None:
    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async def scenario() -> None:
        task = begins(work())
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scenario())


@both
def test_ended_before_the_loop_cancels_everything(begins: Begin) -> None:
    async def scenario() -> str:
        done = begins(_returns())
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(1)
        return str(done.result())

    assert run(scenario()) == "result"
