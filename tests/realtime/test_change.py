"""Covering a change of the database, from before its transaction until it is published."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from offhook.base.errors import BrokerError, UsageError
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from tests.realtime.peers import News, Room, connected, running

A, B = Room(name="a"), Room(name="b")
LATE = 40
"""Seconds; longer than the deadline of every change here."""


async def _epochs(engine: Engine) -> list[str]:
    return [each.epoch for each in await engine.line.positions([A, B])]


def _same(before: list[str], after: list[str]) -> list[bool]:
    return [one == other for one, other in zip(before, after, strict=True)]


def test_what_is_published_leaves_no_mark() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            before = await _epochs(engine)
            async with engine.line.change(A, B, A) as change:
                assert (await change.publish(A, 1, tags={"kind": "x"})).offset == 1
                assert (await engine.line.publish(B, 2)).offset == 1
            await asyncio.sleep(LATE)

            assert await _epochs(engine) == before
            assert peer.published("room:a") == [1]

    run(scenario())


def test_a_process_that_dies_before_it_publishes_is_noticed_at_the_deadline() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:b", recoverable=True)
            before = await _epochs(engine)
            broker.fail("unmark")  # what a dead process cannot do
            async with engine.line.change(A, B, deadline="10s") as change:
                await change.publish(A, 1)
            await asyncio.sleep(9)
            assert await _epochs(engine) == before
            await asyncio.sleep(2)

            assert _same(before, await _epochs(engine)) == [True, False]
            assert [push["unsubscribe"]["code"] for push in peer.pushes if "unsubscribe" in push] == [2500]

    run(scenario())


def test_a_block_that_ends_well_without_a_publication_has_changed_nothing() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            before = await _epochs(engine)
            async with engine.line.change(A, B):
                pass
            await asyncio.sleep(LATE)

            assert await _epochs(engine) == before

    run(scenario())


def test_after_an_exception_nobody_knows_what_happened() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            before = await _epochs(engine)
            with suppress(ZeroDivisionError):
                async with engine.line.change(A, B) as change:
                    await change.publish(A, 1)
                    raise ZeroDivisionError
            after = await _epochs(engine)
            assert _same(before, after) == [True, False]
            await asyncio.sleep(LATE)

            assert await _epochs(engine) == after

    run(scenario())


def test_after_a_cancellation_too_and_it_is_told_although_the_caller_is_gone() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            before = await _epochs(engine)

            async def change() -> None:
                async with engine.line.change(A):
                    await asyncio.sleep(5)

            changing = asyncio.ensure_future(change())
            await asyncio.sleep(1)
            broker.hold("unmark")
            changing.cancel()
            await asyncio.sleep(0)
            changing.cancel()
            await asyncio.wait([changing])
            broker.release("unmark")
            after = await _epochs(engine)
            assert _same(before, after) == [False, True]
            await asyncio.sleep(LATE)

            assert changing.cancelled()
            assert await _epochs(engine) == after

    run(scenario())


@pytest.mark.parametrize("fault", ["fail", "hold"])
def test_what_cannot_be_told_now_is_told_at_the_deadline(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            before = await _epochs(engine)
            with suppress(ZeroDivisionError):
                async with engine.line.change(A):
                    getattr(broker, fault)("invalidate")
                    raise ZeroDivisionError
            assert await _epochs(engine) == before
            await asyncio.sleep(LATE)

            assert _same(before, await _epochs(engine)) == [False, True]

    run(scenario())
    assert "a change without a publication stays marked" in caplog.text


@pytest.mark.parametrize(("fault", "said"), [("fail", "publish fails"), ("hold", "longer than 5.0 s")])
def test_a_publish_that_failed_changes_the_epoch(fault: str, said: str) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peer = await connected(engine)
            await peer.subscribe("room:a", recoverable=True)
            before = await _epochs(engine)
            getattr(broker, fault)("publish")
            with pytest.raises(BrokerError, match=said):
                await engine.line.publish(A, 1)
            await asyncio.sleep(1)

            assert _same(before, await _epochs(engine)) == [False, True]
            assert "unsubscribe" in peer.pushes[-1]

    run(scenario())


def test_a_change_that_cannot_be_marked_does_not_begin() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.fail("mark")
            with pytest.raises(BrokerError):
                async with engine.line.change(A):
                    raise AssertionError("the transaction has begun")

    run(scenario())


def test_more_than_one_publication_to_a_channel() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            before = await _epochs(engine)
            with suppress(ZeroDivisionError):
                async with engine.line.change(A) as change:
                    await change.publish(A, 1, more=True)
                    raise ZeroDivisionError
            assert (after := await _epochs(engine)) != before
            async with engine.line.change(A) as change:
                await change.publish(A, 1, more=True)
                await change.publish(A, 2)
                await change.publish(A, 3)
            await asyncio.sleep(LATE)

            assert await _epochs(engine) == after

    run(scenario())


def test_changes_at_the_same_time_do_not_lift_each_others_marks() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            before = await _epochs(engine)

            async def slow() -> None:
                async with engine.line.change(A, deadline=10):
                    await asyncio.sleep(5)
                    broker.fail("unmark")

            async def quick() -> None:
                async with engine.line.change(A):
                    await engine.line.publish(A, 1)

            await asyncio.gather(slow(), quick())
            await asyncio.sleep(LATE)

            assert _same(before, await _epochs(engine)) == [False, True]

    run(scenario())


def test_the_innermost_change_around_a_publication_counts() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker), running() as (other, _):
            async with engine.line.change(A) as outer, engine.line.change(B), engine.line.change(A) as inner:
                await other.line.publish(A, 1)
                assert (inner.pending, outer.pending) == ({"room:a"}, {"room:a"})
                await engine.line.publish(A, 1)
                assert (inner.pending, outer.pending) == (set(), {"room:a"})
                await asyncio.gather(engine.line.publish(A, 2))
                assert outer.pending == set()
            assert [name for method, name in broker.calls if method == "unmark"] == ["room:b"]

    run(scenario())


def test_what_a_change_cannot_be_about() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            line: Any = engine.line
            with pytest.raises(UsageError, match=r"needs the channels .*: line.change\(Room"):
                line.change()
            with pytest.raises(UsageError, match="keeps no history, so nobody could be told"):
                line.change(A, News())
            with pytest.raises(UsageError, match="'soon' is no duration"):
                line.change(A, deadline="soon")
            with pytest.raises(UsageError, match=r"name Room\(name='b'\) in line.change"):
                async with line.change(A) as change:
                    await change.publish(B, 1)

    run(scenario())
