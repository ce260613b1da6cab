"""Virtual time."""

import asyncio

import pytest

from offhook.testing.clock import Deadlock, run, virtual_env


def test_hours_pass_in_order_and_at_once() -> None:
    async def scenario() -> list[tuple[str, float]]:
        seen = []

        async def note(name: str, after: float) -> None:
            await asyncio.sleep(after)
            seen.append((name, asyncio.get_running_loop().time()))

        await asyncio.gather(note("late", 7200.5), note("early", 3600), note("now", 0))
        return seen

    assert run(scenario()) == [("now", 0), ("early", 3600), ("late", 7200.5)]


def test_deadlines_hold() -> None:
    async def scenario() -> None:
        async with asyncio.timeout(5):
            await asyncio.sleep(6)

    with pytest.raises(TimeoutError):
        run(scenario())


def test_what_can_never_come_is_a_deadlock() -> None:
    async def scenario() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        run(scenario())


def test_a_failure_that_nobody_sees_fails_the_test() -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    with pytest.raises(AssertionError, match="division"):
        run(scenario())


def test_chance_is_the_same_in_every_run() -> None:
    async def scenario() -> tuple[float, str, str]:
        env = virtual_env(5)
        await asyncio.sleep(10)
        return env.now(), env.uuid(), env.epoch()

    assert run(scenario()) == run(scenario())
    assert run(scenario())[0] == 10
