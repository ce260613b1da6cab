"""Tasks in the background."""

import asyncio

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
