"""The memory broker: the contract, and what it forgets when."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

import pytest

from offhook.brokers import memory
from offhook.brokers.base import Broker, History
from offhook.brokers.memory import MemoryBroker
from offhook.testing.brokers import BrokerConformance, Heard
from offhook.testing.clock import run, virtual_env
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

HISTORY = History(3, "1m")


class TestMemory(BrokerConformance):
    _seeds = count()

    def broker(self) -> Broker:
        return MemoryBroker(env=virtual_env(next(self._seeds)))

    def run(self, scenario: Coroutine[Any, Any, None]) -> None:
        run(scenario)


def _with(scenario: Callable[[MemoryBroker], Awaitable[None]]) -> None:
    async def started() -> None:
        broker = MemoryBroker(env=virtual_env())
        await broker.start(Heard(), "node")
        await scenario(broker)

    run(started())


async def _publish(broker: MemoryBroker, channel: str = "a") -> Position:
    return await broker.publish(channel, Publication(b"1"), history=HISTORY)


def test_publications_expire_together_after_the_last_one_and_the_top_stays() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        await _publish(broker)
        await asyncio.sleep(50)
        top = await _publish(broker)
        await asyncio.sleep(50)
        assert len((await broker.history("a")).publications) == 2
        await asyncio.sleep(10.1)
        page = await broker.history("a")

        assert (list(page.publications), page.position) == ([], top)
        assert await _publish(broker) == Position(3, top.epoch)

    _with(scenario)


def test_reading_stores_nothing_and_a_position_that_was_read_holds() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        read = await broker.positions([f"{number}" for number in range(5000)])
        assert (await broker.history("7")).position == read[7]
        await asyncio.sleep(86400)
        assert (await broker.positions(["7"]), len(broker._streams)) == ([read[7]], 0)
        assert await _publish(broker, "7") == Position(1, read[7].epoch)
        assert (len(broker._streams), len(broker._epochs) <= 1024) == (1, True)

    _with(scenario)


def test_an_invalidated_channel_never_has_an_earlier_epoch_again() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        epochs = []
        for _ in range(4):
            epochs.append((await broker.positions(["a"]))[0].epoch)
            await broker.invalidate("a")
            epochs.append((await broker.positions(["a"]))[0].epoch)
            await asyncio.sleep(1000)
        assert len(set(epochs)) == 8

    _with(scenario)


@pytest.mark.parametrize(("name", "bound", "size"), [("_STREAMS", 10, 1), ("_BYTES", 10_000, 1000)])
def test_the_streams_that_are_stored_are_bounded(
    name: str, bound: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, name, bound)

    async def scenario(broker: MemoryBroker) -> None:
        heard = broker._listener
        assert isinstance(heard, Heard)
        await broker.subscribe("0")
        for _ in range(3):
            for number in range(30):
                await broker.publish(str(number), Publication(b"1" * size), history=HISTORY)
                await _publish(broker, "used")
                stored = [each for stream in broker._streams.values() for each in stream.publications]
                assert len(broker._streams) <= (10 if name == "_STREAMS" else 31)
                assert sum(each.size for each in stored) == broker._bytes <= 10_000
        assert (await _publish(broker, "used")).offset == 91
        assert heard.doubted == ["0", "0", "0"]
        await asyncio.sleep(100)
        await broker.positions(["used"])
        assert len(broker._looks) == len(broker._streams)

    _with(scenario)


def test_a_stream_is_known_for_a_month() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        top = await _publish(broker)
        await asyncio.sleep(29 * 86400)
        assert await broker.positions(["a"]) == [top]
        await asyncio.sleep(29 * 86400)
        assert await broker.positions(["a"]) == [top]
        await asyncio.sleep(31 * 86400)
        assert (await _publish(broker)).offset == 1

    _with(scenario)


def test_expired_publications_cost_no_memory_for_long() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        for number in range(100):
            await _publish(broker, str(number))
        await asyncio.sleep(200)
        await broker.positions(["a"])

        assert sum(len(stream.publications) for stream in broker._streams.values()) == 0
        assert len(broker._streams) == len(broker._looks) == 100

    _with(scenario)


def test_presence_expires_unless_it_is_renewed() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        ann, bob = ClientInfo("ann", "1"), ClientInfo("bob", "2")
        await broker.add_presence("a", [ann, bob], ttl=60)
        await asyncio.sleep(40)
        await broker.add_presence("a", [ann], ttl=60)
        await asyncio.sleep(40)
        assert await broker.presence("a") == {"1": ann}
        await asyncio.sleep(40)
        assert await broker.presence("a") == {}
        assert broker._present == {}

    _with(scenario)


def test_a_key_is_remembered_for_five_minutes() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        async def publish(key: str) -> int:
            return (await broker.publish("a", Publication(b"1"), history=HISTORY, key=key)).offset

        assert [await publish("k"), await publish("k")] == [1, 1]
        await asyncio.sleep(299)
        assert [await publish("k"), await publish("l")] == [1, 2]
        await asyncio.sleep(2)
        assert [await publish("k"), await publish("l")] == [3, 2]
        await asyncio.sleep(600)
        await publish("m")
        assert len(broker._keys._positions) == 1

    _with(scenario)


def test_streams_outlive_a_restart_in_the_same_process() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        await broker.subscribe("a")
        top = await _publish(broker)
        await broker.close()
        heard = Heard()
        await broker.start(heard, "node")

        assert await broker.positions(["a"]) == [top]
        await _publish(broker)
        assert heard.publications == []

    _with(scenario)


def test_a_stream_whose_time_is_over_is_gone_before_it_is_thrown_away() -> None:
    async def scenario(broker: MemoryBroker) -> None:
        before = await _publish(broker)
        await asyncio.sleep(30 * 86400 - 30)
        await _publish(broker, "other")  # looks at what is old; the first is there for another half minute
        await asyncio.sleep(40)

        assert (await broker.positions(["a"]))[0].epoch != before.epoch

    _with(scenario)
