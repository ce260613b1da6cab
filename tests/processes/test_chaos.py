"""Two processes and a real Redis, with publishers and followers running, while something breaks."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from tests.processes.machines import Machines, machines
from tests.processes.world import CHANNELS


@pytest.fixture(scope="module")
def machines_with_disk() -> Iterator[Machines]:
    with machines("always") as found:
        yield found


@pytest.fixture
def forgetful_machines() -> Iterator[Machines]:
    with machines("none") as found:
        yield found


def test_a_process_is_killed(machines_with_disk: Machines) -> None:
    async def scenario() -> None:
        world = machines_with_disk.world()
        async with world.running(), world.load():
            await asyncio.to_thread(machines_with_disk.first.restart, signal.SIGKILL)
        world.check_whole()
        # Only the client of a publish that was under way cannot know about it; everybody else can.
        assert [world.restarts(name) for name in CHANNELS] == [0, 0, 0]
        assert all(each.recovered["b"] for each in world.followers[:3])

    asyncio.run(scenario())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_redis_is_restarted_with_its_data(machines_with_disk: Machines, how: signal.Signals) -> None:
    async def scenario() -> None:
        world = machines_with_disk.world()
        async with world.running(), world.load():
            await asyncio.to_thread(machines_with_disk.redis.restart, how)
        world.check()
        assert world.restarts("quiet") == 0

    asyncio.run(scenario())


def test_redis_is_restarted_without_its_data(forgetful_machines: Machines) -> None:
    async def scenario() -> None:
        world = forgetful_machines.world()
        async with world.running(), world.load():
            await asyncio.to_thread(forgetful_machines.redis.restart, signal.SIGKILL)
        world.check_whole()
        for follower in world.followers:
            assert all(follower.restarts(name) for name in CHANNELS)

    asyncio.run(scenario())


@pytest.mark.parametrize("fault", ["cut", "drop", "freeze", "strand"])
def test_the_link_of_one_process_is_broken(machines_with_disk: Machines, fault: str) -> None:
    async def scenario() -> None:
        world, link = machines_with_disk.world(), machines_with_disk.link
        async with world.running(), world.load():
            getattr(link, fault)()
            await world.progress("b")
            link.heal()
        world.check()
        assert [world.restarts(name) for name in ("b", "quiet")] == [0, 0]

    asyncio.run(scenario())
