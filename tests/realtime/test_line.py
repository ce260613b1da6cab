"""The application's end of all lines."""

import asyncio
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import BrokerError, UsageError
from offhook.base.incoming import Identity
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.channel import Channel
from offhook.realtime.engine import Engine
from offhook.realtime.line import of_action, unbroken
from offhook.realtime.send_queue import PUBLICATIONS
from offhook.testing.clock import run
from offhook.wire.position import Position
from tests.realtime.peers import ANN, News, Room, connected, running

A, B = Room(name="a"), Room(name="b")


class Foreign(Channel[int], pattern="foreign"):
    pass


def test_a_handler_that_publishes_in_a_loop_lets_others_have_their_turn() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            turns = 0

            async def others() -> None:
                nonlocal turns
                while True:
                    await asyncio.sleep(0)
                    turns += 1

            task = asyncio.ensure_future(others())
            for number in range(10):
                await engine.line.publish(A, number)
            assert turns == 0, "a few are one burst"
            for number in range(1000):
                await engine.line.publish(A, number)
            assert turns >= 1000 // PUBLICATIONS - 1
            task.cancel()

    run(scenario())


def test_publish_and_what_can_be_asked_then() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            line = engine.line
            first = await line.publish(A, 1, tags={"kind": "x"})
            second = await line.publish(A, 2)

            assert (first.offset, second.offset, first.epoch) == (1, 2, second.epoch)
            assert await line.position(A) == second
            assert [each.offset for each in await line.positions([B, A])] == [0, 2]
            page = await line.history(A)
            assert [(each.data, each.tags) for each in page.publications] == [(b"1", {"kind": "x"}), (b"2", None)]
            assert (await line.history(A, limit=1, reverse=True)).publications == (page.publications[1],)
            assert await line.publish(News(), 5) == Position(0, "")
            await line.invalidate(A)
            assert (await line.position(A)).epoch != first.epoch
            assert await line.presence(A) == {}

    run(scenario())


def test_what_the_channel_did_not_declare_is_not_published() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            with pytest.raises(UsageError, match="expected a payload of type int, got str"):
                await engine.line.publish(A, "1")  # type: ignore[misc]
            with pytest.raises(UsageError, match="add Foreign to channels"):
                await engine.line.publish(Foreign(), 1)
            assert (await engine.line.position(A)).offset == 0

    run(scenario())


def test_an_engine_that_does_not_run_says_what_to_do() -> None:
    async def scenario() -> None:
        engine = Engine(channels=[Room], broker=MemoryBroker())
        with pytest.raises(UsageError, match="lifespan"):
            await engine.line.publish(A, 1)
        await engine.start()
        await engine.line.publish(A, 1)
        await engine.stop()
        with pytest.raises(UsageError, match="lifespan"):
            await engine.line.position(A)

    run(scenario())


def test_another_event_loop_is_refused() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):

            def in_a_thread() -> None:
                with pytest.raises(UsageError, match="runs in another event loop"):
                    asyncio.run(engine.line.publish(A, 1))

            await asyncio.to_thread(in_a_thread)

    asyncio.run(scenario())


def test_the_line_of_an_action_tags_what_it_publishes_and_says_where_it_stands() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            published: list[tuple[str, int]] = []
            line = of_action(engine.line, "x1", lambda name, position: published.append((name, position.offset)))
            await line.publish(A, 1, tags={"kind": "x"})
            await line.publish(News(), 2)
            async with line.change(A) as change:
                await change.publish(A, 3)
            await engine.line.publish(A, 4)

            assert published == [("room:a", 1), ("news", 0), ("room:a", 2)]
            tags = [each.tags for each in (await line.history(A)).publications]
            assert tags == [{"kind": "x", "action": "x1"}, {"action": "x1"}, None]

    run(scenario())


def test_the_tag_of_actions_is_ours() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            with pytest.raises(UsageError, match="the tag 'action' is Offhook's own"):
                await engine.line.publish(A, 1, tags={"action": "mine"})

    run(scenario())


def test_a_publication_outlives_the_caller() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.hold("publish")
            peer = await connected(engine)
            await peer.subscribe("room:a")
            publishing = asyncio.ensure_future(engine.line.publish(A, 1))
            await asyncio.sleep(0)
            publishing.cancel()
            await asyncio.sleep(1)
            broker.release("publish")
            await asyncio.sleep(1)

            assert publishing.cancelled()
            assert peer.published("room:a") == [1]

    run(scenario())


def test_what_one_turn_publishes_through_a_broker_that_does_not_wait_is_one_write() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.waits = broker.inner.waits
            peer = await connected(engine)
            await peer.subscribe("room:a")
            frames = peer.wire.frames
            for number in range(16):
                await engine.line.publish(A, number)
            await asyncio.sleep(0.1)

            assert peer.published("room:a") == list(range(16))
            assert peer.wire.frames == frames + 1

    run(scenario())


def test_work_that_ends_in_publications_is_done_before_the_engine_stops(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def work(engine: Engine) -> None:
        await asyncio.sleep(5)
        done.append((await engine.line.publish(A, 1)).offset)
        raise ValueError("at the end")

    async def scenario() -> None:
        async with running() as (engine, _):
            working = asyncio.ensure_future(unbroken(engine.line, "a commit", work(engine)))
            await asyncio.sleep(1)
            working.cancel()
            await asyncio.wait([working])
            assert working.cancelled()

    run(scenario())
    assert done == [1]
    assert "a commit whose caller was cancelled failed: at the end" in caplog.text


def test_a_failure_that_no_caller_sees_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.hold("publish")
            broker.fail("publish")
            publishing = asyncio.ensure_future(engine.line.publish(A, 1))
            await asyncio.sleep(0.1)
            publishing.cancel()
            broker.release("publish")
            await asyncio.sleep(1)

    run(scenario())
    assert "whose caller was cancelled failed: publish fails" in caplog.text


def test_a_broker_that_cannot_is_told_to_the_caller() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            for method, call in _calls(engine).items():
                broker.fail(method)
                with pytest.raises(BrokerError):
                    await call

    run(scenario())


def _calls(engine: Engine) -> dict[str, Any]:
    line = engine.line
    return {
        "publish": line.publish(A, 1),
        "history": line.history(A),
        "positions": line.position(A),
        "presence": line.presence(A),
        "invalidate": line.invalidate(A),
    }


def test_disconnecting_a_user_ends_all_connections_of_that_user() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            anns = [await connected(engine, ANN) for _ in range(2)]
            bob = await connected(engine, Identity("bob", "Bob"))
            await engine.line.disconnect("ann")
            await asyncio.sleep(1)
            assert [peer.wire.closed for peer in anns] == [(3503, "force disconnect")] * 2
            assert bob.wire.closed is None
            await engine.line.disconnect("bob", code=codes.FORCE_RECONNECT, reason="moved")
            await asyncio.sleep(1)
            assert bob.wire.closed == (3011, "moved")

    run(scenario())


def test_a_publication_with_a_key_is_made_once() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            first = await engine.line.publish(A, 1, key="order-7")
            assert await engine.line.publish(A, 1, key="order-7") == first
            async with engine.line.change(A) as change:
                assert await change.publish(A, 1, key="order-7") == first
            assert (await engine.line.publish(A, 2)).offset == 2

    run(scenario())


def test_an_older_version_is_not_published() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            await engine.line.publish(A, 5, version=5)
            assert (await engine.line.publish(A, 4, version=4)).offset == 1
            assert (await engine.line.publish(A, 6, version=6)).offset == 2

    run(scenario())


def test_a_broadcast_reaches_all_channels() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            channels = [Room(name=name) for name in "ab"]
            await engine.line.publish(channels[1], 0)
            assert [each.offset for each in await engine.line.broadcast(channels, 1)] == [1, 2]
            assert await engine.line.broadcast([], 1) == []

    run(scenario())


def test_a_broadcast_that_fails_somewhere_says_so() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            broker.fail("publish")
            with pytest.raises(BrokerError):
                await engine.line.broadcast([Room(name=name) for name in "ab"], 1)

    run(scenario())


def test_how_many_are_there() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            for user in ("ann", "ann", "bob"):
                await (await connected(engine, Identity(user, None))).subscribe("room:a")
            assert await engine.line.presence_stats(A) == (3, 2)

    run(scenario())


def test_a_plain_function_in_a_thread_publishes_and_waits() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            position = await asyncio.to_thread(engine.line.publish_sync, A, 1, tags={"kind": "x"})
            page = await engine.line.history(A)
            assert page.position == position
            assert [(each.data, each.tags) for each in page.publications] == [(b"1", {"kind": "x"})]

    asyncio.run(scenario())


def test_a_change_around_a_thread_is_known_in_it() -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            async with engine.line.change(A):
                await asyncio.to_thread(engine.line.publish_sync, A, 1)
            assert "invalidate" not in [method for method, _ in broker.calls]
            assert "unmark" not in [method for method, _ in broker.calls]

    asyncio.run(scenario())


def test_an_error_in_a_thread_is_the_same() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            with pytest.raises(UsageError):
                await asyncio.to_thread(engine.line.publish_sync, A, "text")  # type: ignore[arg-type]

    asyncio.run(scenario())


def test_a_thread_with_an_event_loop_must_not_wait() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            with pytest.raises(UsageError, match="must not wait"):
                engine.line.publish_sync(A, 1)

    asyncio.run(scenario())


def test_an_engine_that_does_not_run_publishes_nothing_from_a_thread() -> None:
    engine = Engine(channels=[Room], broker=MemoryBroker())

    with pytest.raises(UsageError, match="does not run"):
        engine.line.publish_sync(A, 1)
