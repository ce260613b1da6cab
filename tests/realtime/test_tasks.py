"""Tasks in the background."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from offhook.realtime.tasks import Background, start, within
from offhook.testing.clock import run


def test_finishing_waits_also_for_what_is_started_meanwhile() -> None:
    async def scenario() -> list[str]:
        background, done = Background(), []

        async def work(name: str, *, more: bool) -> None:
            await asyncio.sleep(1)
            if more:
                background.start(work("second", more=False))
            done.append(name)

        background.start(work("first", more=True))
        assert len(background) == 1
        await background.finish()
        assert len(background) == 0
        return done

    assert run(scenario()) == ["first", "second"]


def test_a_result() -> None:
    async def answer() -> int:
        return 5

    async def scenario() -> int:
        return await start(answer())

    assert run(scenario()) == 5


def test_the_first_step_runs_inside_start_on_every_python() -> None:
    steps: list[str] = []

    async def work() -> str:
        steps.append("begun")
        async with asyncio.timeout(1):  # which needs a current task
            await asyncio.sleep(0)
        steps.append("ended")
        return "result"

    async def scenario() -> None:
        outer = asyncio.current_task()
        task = start(work())
        assert asyncio.current_task() is outer
        assert steps == ["begun"]
        assert await task == "result"
        assert steps == ["begun", "ended"]

    run(scenario())


def test_a_first_step_without_a_task_around_it() -> None:
    async def work() -> "asyncio.Task[None] | None":
        return asyncio.current_task()

    async def scenario() -> None:
        started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: started.set_result(start(work())))
        task = await started
        assert (task.done(), task.result()) == (True, task)

    run(scenario())


def test_a_task_can_fail_or_be_cancelled_in_its_first_step() -> None:
    async def fail() -> None:
        raise LookupError

    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async def scenario() -> None:
        with pytest.raises(LookupError):
            await start(fail())
        with pytest.raises(asyncio.CancelledError):
            await start(cancel())

    run(scenario())


def test_a_task_sees_the_context_of_its_start_and_keeps_changes_to_itself() -> None:
    word: ContextVar[str] = ContextVar("word", default="none")

    async def work() -> str:
        seen = word.get()
        word.set("inner")
        await asyncio.sleep(0)
        return f"{seen} {word.get()}"

    async def scenario() -> None:
        word.set("outer")
        assert await start(work()) == "outer inner"
        assert word.get() == "outer"

    run(scenario())


def test_work_that_never_waits_has_no_deadline() -> None:
    async def work() -> int:
        return 5

    async def scenario() -> int:
        return await within(0.0, work())

    assert run(scenario()) == 5


def test_work_that_waits_has_one() -> None:
    async def work(ends: list[str]) -> int:
        try:
            await asyncio.sleep(1)
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        return 5

    async def scenario() -> list[str]:
        assert await within(3, work([])) == 5
        ends: list[str] = []
        with pytest.raises(TimeoutError):
            await within(1.5, work(ends))
        return ends

    assert run(scenario()) == ["cancelled"]


def test_what_work_raises_passes_through_and_it_hears_what_it_waits_for() -> None:
    async def work(waits_for: "asyncio.Future[None]") -> str:
        try:
            await waits_for
        except ZeroDivisionError:
            raise KeyError from None
        return "never"

    async def scenario() -> None:
        waits_for = asyncio.get_running_loop().create_future()
        working = asyncio.ensure_future(within(5, work(waits_for)))
        await asyncio.sleep(1)
        waits_for.set_exception(ZeroDivisionError())
        with pytest.raises(KeyError):
            await working

    run(scenario())
