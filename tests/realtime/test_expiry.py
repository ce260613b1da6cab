"""What runs out at a second of the wall clock."""

import asyncio
import math

from offhook.base.env import Env
from offhook.realtime.expiry import Expiry
from offhook.testing.clock import run, virtual_env


def test_it_runs_out_once_at_the_second_that_was_set_last() -> None:
    async def scenario() -> None:
        times: list[float] = []
        expiry = Expiry(virtual_env(), lambda: times.append(asyncio.get_running_loop().time()))
        expiry.set(5)
        expiry.set(8000)
        assert expiry.at == 8000
        await asyncio.sleep(10_000)
        assert times == [8000]

    run(scenario())


def test_what_is_cancelled_or_set_to_never_does_not() -> None:
    async def scenario() -> None:
        times: list[float] = []
        for stop in ("cancel", "never"):
            expiry = Expiry(virtual_env(), lambda: times.append(0))
            expiry.set(5)
            expiry.cancel() if stop == "cancel" else expiry.set(math.inf)
            assert expiry.at == math.inf
        await asyncio.sleep(100)
        assert times == []

    run(scenario())


def test_a_second_that_has_passed_runs_out_now() -> None:
    async def scenario() -> None:
        times: list[float] = []
        await asyncio.sleep(10)
        Expiry(virtual_env(), lambda: times.append(0)).set(3)
        await asyncio.sleep(0.01)
        assert times == [0]

    run(scenario())


def test_a_wall_clock_that_is_set_back_meanwhile_is_followed() -> None:
    async def scenario() -> None:
        wrong_by = 5000.0
        env = Env(now=lambda: asyncio.get_running_loop().time() + wrong_by)
        times: list[float] = []
        Expiry(env, lambda: times.append(asyncio.get_running_loop().time())).set(wrong_by + 4000)
        await asyncio.sleep(100)
        wrong_by = 4000.0
        await asyncio.sleep(7000)
        assert times == [5000]

    run(scenario())
