"""Starting and stopping."""

import asyncio

import pytest

from offhook.base.errors import BrokerError, UsageError
from offhook.brokers.base import Listener
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from tests.realtime.peers import Room, connected, running


def test_stopping_sends_everybody_elsewhere() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peers = [await connected(engine) for _ in range(3)]
            await peers[0].subscribe("room:a")
            assert engine.accepting
            await engine.stop()
            assert not engine.accepting
            assert [peer.wire.closed for peer in peers] == [(3001, "shutdown")] * 3
            await engine.stop()

    run(scenario())


def test_an_engine_can_start_again() -> None:
    async def scenario() -> None:
        engine = Engine(channels=[Room], broker=MemoryBroker())
        await engine.stop()
        for _ in range(2):
            await engine.start()
            peer = await connected(engine)
            await peer.subscribe("room:a")
            await engine.line.publish(Room(name="a"), 1)
            await asyncio.sleep(0.1)
            assert peer.published("room:a") == [1]
            await engine.stop()

    run(scenario())


def test_many_connections_come_and_go_and_leave_nothing() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            for _ in range(200):
                peer = await connected(engine)
                peer.begin(subscribe={"channel": "room:a"})
                peer.begin(subscribe={"channel": "news"})
                await asyncio.sleep(0)
                peer.session.lost()
            await asyncio.sleep(10)
            assert (len(engine.hub), len(engine.sessions), len(engine.background)) == (0, 0, 0)
            assert await engine.line.presence(Room(name="a")) == {}

    run(scenario())


def test_an_engine_wakes_when_it_is_first_needed_and_only_once() -> None:
    async def scenario() -> None:
        engine = Engine(channels=[Room], broker=MemoryBroker())
        await asyncio.gather(engine.wake(), engine.wake(), engine.wake())
        assert engine.accepting
        await engine.wake()
        await engine.start()
        assert len(engine.background) == 0
        await engine.stop()
        await engine.wake()
        assert not engine.accepting  # it was stopped, and that is meant

    run(scenario())


def test_an_engine_whose_broker_is_away_wakes_later() -> None:
    class Away(MemoryBroker):
        away = True

        async def start(self, listener: Listener, node: str) -> None:
            if self.away:
                raise BrokerError("away")
            await super().start(listener, node)

    async def scenario() -> None:
        broker = Away()
        engine = Engine(channels=[Room], broker=broker)
        for _ in range(2):
            with pytest.raises(BrokerError):
                await engine.wake()
        broker.away = False
        await engine.wake()
        assert engine.accepting
        await engine.stop()

    run(scenario())


@pytest.mark.parametrize("verb", ["wake", "start", "stop"])
def test_another_event_loop_is_refused(verb: str) -> None:
    engine = Engine(channels=[Room], broker=MemoryBroker())
    first = asyncio.new_event_loop()
    try:
        first.run_until_complete(engine.start())
        with pytest.raises(UsageError, match="runs in another event loop"):
            asyncio.run(getattr(engine, verb)())
        first.run_until_complete(engine.stop())
    finally:
        first.close()


def test_an_engine_that_was_stopped_can_start_in_another_event_loop() -> None:
    engine = Engine(channels=[Room], broker=MemoryBroker())

    async def scenario() -> None:
        await engine.start()
        await engine.line.publish(Room(name="a"), 1)
        await engine.stop()

    asyncio.run(scenario())
    asyncio.run(scenario())


def test_hanging_up_sends_everybody_elsewhere_and_still_publishes() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            peer = await connected(engine)
            engine.shut()
            assert (peer.wire.closed, engine.accepting) == (None, False)
            for farewell in engine.farewells():
                farewell()
            await engine.finish()
            assert (peer.wire.closed, engine.accepting) == ((3001, "shutdown"), False)
            assert (await engine.line.publish(Room(name="1"), 1)).offset == 1
            await engine.stop()
            await engine.start()
            assert engine.accepting

    run(scenario())


def test_hanging_up_does_not_wait_for_ever() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            engine.background.start(asyncio.sleep(60))
            before = asyncio.get_running_loop().time()
            await engine.finish()
            assert asyncio.get_running_loop().time() - before == engine.limits.write

    run(scenario())


def test_a_broker_that_is_away_is_one_line_and_not_one_a_command(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with running() as (engine, broker):
            peers = [await connected(engine) for _ in range(5)]
            broker.fail("history")
            for wait in (0, 1, 11):
                await asyncio.sleep(wait)
                answers = await asyncio.gather(*(peer.subscribe("room:a") for peer in peers))
                assert answers == [{"error": 100}] * 5

    run(scenario())

    assert caplog.messages == ["commands fail: history fails, as asked for"] * 2
