"""Who looks after workers, in virtual time and with workers that are only told of."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from offhook.base.errors import UsageError
from offhook.server.supervisor import Supervisor
from offhook.testing.clock import run


class Worker:
    """One that starts, fails and ends when a test says so."""

    def __init__(self, post: int) -> None:
        self.post = post
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.signals: list[int] = []
        self.obeys = True

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if (self.obeys or number == signal.SIGKILL) and not self.ended.done():
            self.ended.set_result(0)

    def die(self) -> None:
        self.ended.set_result(-9)


class Office:
    """A supervisor of two, and everybody it has ever hired."""

    def __init__(self, *, fails: bool = False) -> None:
        self.hired: list[Worker] = []
        self.fails = fails
        """Whether new ones do not start."""
        self.waits = False
        """Whether they take their time."""
        self.served = False
        self.supervisor = Supervisor(self._hire, 2, drain=10)

    def _hire(self, post: int) -> Worker:
        worker = Worker(post)
        self.hired.append(worker)
        if self.fails:
            worker.started.set_exception(UsageError("it lacks a part"))
            worker.started.exception()
            worker.ended.set_result(2)
        elif not self.waits:
            worker.started.set_result(None)
        return worker

    async def run(self) -> None:
        def ready() -> None:
            self.served = True

        await self.supervisor.run(ready)


@asynccontextmanager
async def working() -> AsyncIterator[Office]:
    """An office whose workers work; they are sent home in the end."""
    office = Office()
    running = asyncio.create_task(office.run())
    await asyncio.sleep(0.1)
    assert office.served
    yield office
    office.supervisor.end(signal.SIGTERM)
    await running
    assert all(worker.ended.done() for worker in office.hired)


def test_all_end_by_the_signal_that_ends_the_supervisor() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.supervisor.end(signal.SIGINT)
        assert [worker.signals for worker in office.hired] == [[signal.SIGINT]] * 2

    run(scenario())


def test_a_worker_that_does_not_start_ends_the_others() -> None:
    async def scenario() -> None:
        office = Office()
        office.waits = True
        running = asyncio.create_task(office.run())
        await asyncio.sleep(5)
        office.hired[1].started.set_exception(UsageError("it lacks a part"))
        with pytest.raises(UsageError, match="it lacks a part"):
            await running
        assert not office.served
        assert office.hired[0].signals == [signal.SIGTERM]

    run(scenario())


def test_the_end_may_come_before_the_beginning() -> None:
    async def scenario() -> None:
        office = Office()
        office.waits = True
        running = asyncio.create_task(office.run())
        await asyncio.sleep(5)
        office.supervisor.end(signal.SIGTERM)
        await running
        assert not office.served

    run(scenario())


def test_a_worker_that_dies_is_replaced_at_its_post() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.hired[1].die()
            await asyncio.sleep(1)
            assert [worker.post for worker in office.hired] == [0, 1, 1]

    run(scenario())


def test_one_that_dies_again_and_again_is_replaced_ever_later(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with working() as office:
            for _ in range(8):
                office.hired[-1].die()
                await asyncio.sleep(31)
            assert len(office.hired) == 10
            pauses = [record.args[1] for record in caplog.records if isinstance(record.args, tuple)]
            assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
            await asyncio.sleep(61)
            office.hired[-1].die()
            await asyncio.sleep(0.6)
            assert len(office.hired) == 11

    with caplog.at_level(logging.ERROR):
        run(scenario())


def test_what_cannot_start_again_is_told_and_tried_later(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with working() as office:
            office.fails = True
            office.hired[0].die()
            await asyncio.sleep(3)
            office.fails = False
            await asyncio.sleep(3)
            assert not office.hired[-1].ended.done()
            assert len(office.hired) == 5

    run(scenario())
    assert caplog.text.count("a worker does not start: it lacks a part") == 2


def test_workers_are_renewed_one_after_the_other() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.waits = True
            office.supervisor.renew()
            office.supervisor.renew()
            await asyncio.sleep(1)
            first, second, new = office.hired
            assert (new.post, first.signals) == (0, [])
            new.started.set_result(None)
            await asyncio.sleep(1)
            assert (first.signals, second.signals) == ([signal.SIGTERM], [])
            office.hired[3].started.set_result(None)
            await asyncio.sleep(1)
            assert (len(office.hired), second.signals) == (4, [signal.SIGTERM])

    run(scenario())


def test_what_does_not_start_replaces_nobody() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.fails = True
            office.supervisor.renew()
            await asyncio.sleep(100)
            assert len(office.hired) == 3
            assert [worker.signals for worker in office.hired[:2]] == [[], []]

    run(scenario())


def test_one_that_dies_while_it_is_renewed_is_replaced_once() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.waits = True
            office.supervisor.renew()
            await asyncio.sleep(0)
            office.hired[0].die()
            await asyncio.sleep(5)
            office.waits = False
            office.hired[2].started.set_result(None)
            await asyncio.sleep(5)
            assert [worker.post for worker in office.hired] == [0, 1, 0, 1]

    run(scenario())


def test_who_does_not_end_in_time_is_killed() -> None:
    async def scenario() -> None:
        async with working() as office:
            office.hired[0].obeys = False
            before = asyncio.get_running_loop().time()
        assert office.hired[0].signals == [signal.SIGTERM, signal.SIGKILL]
        assert asyncio.get_running_loop().time() - before == 14

    run(scenario())


def test_a_second_interrupt_is_passed_on() -> None:
    async def scenario() -> None:
        office = Office()
        running = asyncio.create_task(office.run())
        await asyncio.sleep(1)
        office.hired[0].obeys = False
        office.supervisor.end(signal.SIGINT)
        await asyncio.sleep(1)
        office.supervisor.end(signal.SIGTERM)
        office.hired[0].obeys = True
        office.supervisor.end(signal.SIGINT)
        await running
        assert office.hired[0].signals == [signal.SIGINT] * 2

    run(scenario())
