"""A publish that failed, and random interleavings of publications, restarts of Redis and deaths of processes."""

import asyncio
import random
import signal
from collections import defaultdict
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from offhook.base.errors import BrokerError
from offhook.brokers.base import History
from offhook.brokers.redis.broker import RedisBroker
from offhook.testing.brokers import Heard
from offhook.testing.proxy import FaultProxy
from offhook.testing.redis import Persistence, RedisServer
from offhook.wire.publication import Publication
from tests.brokers.test_redis_survival import HISTORY, back, publish, run


@pytest.mark.parametrize("key", ["once", None])
def test_a_publish_that_a_restart_interrupted_is_repeated_where_it_has_a_key(key: str | None) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        before = await publish(broker)
        await asyncio.to_thread(server.stop, signal.SIGKILL)
        for number in range(2):
            with pytest.raises(BrokerError):
                await broker.publish(
                    "a", Publication(b"%d" % number), history=HISTORY, key=key and f"{key}{number}"
                )
        await asyncio.to_thread(server.start)
        await back(broker, heard)
        page = await broker.history("a")

        assert (page.position.epoch == before.epoch) is (key is not None)
        assert [each.data for each in page.publications] == ([b"1", b"0", b"1"] if key else [])

    run("always", scenario)


_SEEDS = range(4)


@pytest.mark.parametrize("persistence", ["none", "rdb", "always"])
@pytest.mark.parametrize("seed", _SEEDS)
def test_whoever_recovers_has_what_the_stream_has(persistence: Persistence, seed: int) -> None:
    """Readers keep what was acknowledged under an epoch. If it is still the epoch, they have a beginning of it."""
    chance = random.Random(seed)
    acknowledged: dict[str, dict[int, bytes]] = defaultdict(dict)

    async def step(server: RedisServer, brokers: list[RedisBroker], number: int) -> None:
        broker, data = chance.choice(brokers), b"%d" % number
        match chance.choices(["publish", "restart", "save", "die"], [12, 2, 2, 1])[0]:
            case "publish":
                key = chance.choice([None, str(number)])
                with suppress(BrokerError):
                    place = await broker.publish("a", Publication(data), history=History(1000, "1h"), key=key)
                    acknowledged[place.epoch][place.offset] = data
            case "restart":
                await asyncio.to_thread(server.restart, chance.choice([signal.SIGTERM, signal.SIGKILL]))
            case "save":
                async with Redis.from_url(server.url) as redis:
                    await redis.save()
            case "die":
                broker._operations._doubtful.clear()  # it takes along what it does not know
                await broker.close()
                brokers[brokers.index(broker)] = fresh = RedisBroker(server.url)
                await fresh.start(Heard(), f"node-{number}")

    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        brokers = [RedisBroker(server.url) for _ in range(2)]
        for number, each in enumerate(brokers):
            await each.start(Heard(), str(number))
        for number in range(40):
            await step(server, brokers, number)
        async with asyncio.timeout(30):
            while not all(each.ready for each in (broker, *brokers)):
                await asyncio.sleep(0)
        page = await broker.history("a")
        for each in brokers:
            await each.close()

        known = {each.offset: each.data for each in page.publications}
        assert acknowledged[page.position.epoch].items() <= known.items()
        assert list(known) == list(range(1, page.position.offset + 1))
        assert len(set(known.values())) == len(known)

    run(persistence, scenario)


def test_a_repeat_that_redis_refuses_costs_the_channel_its_epoch() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        with FaultProxy(server.port) as proxy:
            other, others = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
            await other.start(others, "other")
            before = await publish(other)
            proxy.cut()
            with pytest.raises(BrokerError):
                await other.publish("a", Publication(b"2"), history=HISTORY, key="once")
            async with Redis.from_url(server.url) as redis:
                await redis.config_set("maxmemory", 1)
                proxy.heal()
                await back(other, others)
                await redis.config_set("maxmemory", 0)
            [after] = await other.positions(["a"])
            await other.close()

        assert after.epoch != before.epoch

    run("none", scenario)


def test_what_fails_while_a_channel_is_settled_comes_after_what_failed_before() -> None:
    async def scenario() -> None:
        operations = RedisBroker("redis://127.0.0.1")._operations
        for word in ("first", "second"):
            with pytest.raises(BrokerError), operations.promising("a", ([], (word,))):
                raise BrokerError("away")
            if word == "first":
                settling = operations._doubtful.pop("a")
        operations._restore("a", settling)

        assert [words for _, words in operations._doubtful["a"].repeats] == [("first",), ("second",)]

    asyncio.run(scenario())
