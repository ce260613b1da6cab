"""Many equal deadlines, one timer."""

import asyncio

from offhook.realtime.deadlines import Deadlines
from offhook.testing.clock import run


def test_each_ends_in_its_time_and_in_order() -> None:
    async def scenario() -> None:
        ended: list[tuple[str, float]] = []
        loop = asyncio.get_running_loop()
        start = loop.time()
        deadlines = Deadlines[str](32, lambda who: ended.append((who, loop.time() - start)))
        deadlines.begin("first")
        await asyncio.sleep(10)
        deadlines.begin("second")
        deadlines.begin("saved")
        await asyncio.sleep(10)
        deadlines.end("saved")
        deadlines.end("unknown")
        await asyncio.sleep(100)
        assert ended == [("first", 32), ("second", 42)]
        assert len(deadlines) == 0

    run(scenario())


def test_one_that_begins_again_is_put_off() -> None:
    async def scenario() -> None:
        ended: list[str] = []
        deadlines = Deadlines[str](10, ended.append)
        for _ in range(20):
            deadlines.begin("busy")
            await asyncio.sleep(9)
        assert ended == []
        assert "busy" in deadlines
        await asyncio.sleep(2)
        assert ended == ["busy"]

    run(scenario())


def test_thousands_that_end_together_leave_turns_to_others() -> None:
    async def scenario() -> None:
        ended: list[int] = []
        deadlines = Deadlines[int](10, ended.append)
        for number in range(1000):
            deadlines.begin(number)
        await asyncio.sleep(10)
        assert 0 < len(ended) < 1000
        await asyncio.sleep(0.1)
        assert ended == list(range(1000))

    run(scenario())


def test_one_may_end_another_and_begin_anew() -> None:
    async def scenario() -> None:
        ended: list[str] = []

        def expire(who: str) -> None:
            ended.append(who)
            deadlines.end("other")
            if len(ended) < 3:
                deadlines.begin(who)

        deadlines = Deadlines[str](10, expire)
        deadlines.begin("one")
        deadlines.begin("other")
        await asyncio.sleep(100)
        assert ended == ["one", "one", "one"]

    run(scenario())


def test_there_is_one_timer_for_all_and_none_for_nobody() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        deadlines = Deadlines[int](10, lambda who: None)
        before = len(loop._scheduled)  # type: ignore[attr-defined]
        for number in range(100):
            deadlines.begin(number)
        assert len(loop._scheduled) == before + 1  # type: ignore[attr-defined]
        await asyncio.sleep(11)
        assert len(loop._scheduled) == before  # type: ignore[attr-defined]

    run(scenario())


def test_a_part_of_the_time_ends_earlier_whenever_it_began() -> None:
    async def scenario() -> None:
        ended: list[tuple[str, float]] = []
        loop = asyncio.get_running_loop()
        start = loop.time()
        deadlines = Deadlines[str](32, lambda who: ended.append((who, loop.time() - start)))
        deadlines.begin("whole")
        deadlines.begin("half", 0.5)
        await asyncio.sleep(1)
        deadlines.begin("quarter", 0.25)
        await asyncio.sleep(100)
        assert ended == [("quarter", 9), ("half", 16), ("whole", 32)]

    run(scenario())


def test_those_of_one_grain_end_together_and_none_too_early() -> None:
    async def scenario() -> None:
        ended: list[float] = []
        loop = asyncio.get_running_loop()
        start = loop.time()
        deadlines = Deadlines[float](32, lambda due: ended.append(loop.time() - start - due))
        for _ in range(300):
            deadlines.begin(loop.time() - start + 32)
            await asyncio.sleep(0.1)
        await asyncio.sleep(100)
        assert len(ended) == 300
        assert 0 <= min(ended) <= max(ended) <= 1
        assert len({round(late, 3) for late in ended}) > 1

    run(scenario())
