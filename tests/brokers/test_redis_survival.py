"""What an acknowledged publish survives, mode by mode: the table of ``docs/guarantees.md``."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from offhook.base.errors import BrokerError
from offhook.brokers.base import Broker, History
from offhook.brokers.redis import orders
from offhook.brokers.redis.broker import RedisBroker
from offhook.testing.brokers import Heard
from offhook.testing.proxy import FaultProxy
from offhook.testing.redis import Persistence, RedisServer
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication
from tests.brokers.commands import command

HISTORY = History(10, "1h")


async def publish(broker: Broker) -> Position:
    return await broker.publish("a", Publication(b"1"), history=HISTORY)


async def back(broker: Broker, heard: Heard) -> None:
    """Return when *broker* is ready again and has said so."""
    await heard.until(lambda: heard.doubted is None and broker.ready)


Scenario = Callable[[RedisServer, RedisBroker, Heard], Awaitable[None]]


def run(persistence: Persistence, scenario: Scenario) -> None:
    async def started(server: RedisServer) -> None:
        broker, heard = RedisBroker(server.url), Heard()
        await broker.start(heard, "node")
        try:
            await scenario(server, broker, heard)
        finally:
            await broker.close()

    with RedisServer(persistence) as server:
        asyncio.run(started(server))


@pytest.mark.parametrize(
    ("persistence", "how", "survives"),
    [
        ("none", signal.SIGTERM, False),
        ("none", signal.SIGKILL, False),
        ("rdb", signal.SIGTERM, False),
        ("rdb", signal.SIGKILL, False),
        ("everysec", signal.SIGTERM, True),
        ("everysec", signal.SIGKILL, True),
        ("always", signal.SIGTERM, True),
        ("always", signal.SIGKILL, True),
    ],
)
def test_a_restart_of_redis(persistence: Persistence, how: signal.Signals, survives: bool) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        before = await publish(broker)
        await asyncio.to_thread(server.restart, how)
        await back(broker, heard)
        page = await broker.history("a")

        assert (page.position == before) is survives
        assert (page.position.epoch == before.epoch) is survives
        assert len(page.publications) == survives

    run(persistence, scenario)


@pytest.mark.parametrize(("persistence", "arrives"), [("always", True), ("none", False)])
def test_an_order_that_a_process_missed_arrives_or_is_said_to_be_lost(
    persistence: Persistence, arrives: bool
) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        with FaultProxy(server.port) as proxy:
            other, others = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
            await other.start(others, "other")
            proxy.cut()
            await broker.order(b"revoke")
            await asyncio.to_thread(server.restart, signal.SIGKILL)
            proxy.heal()
            await others.until(lambda: others.ordered == [b"revoke"] or others.orders_lost > 0)
            await other.close()

        assert others.orders_lost == (not arrives)
        assert not arrives or others.ages[0] > 0

    run(persistence, scenario)


def test_more_orders_than_are_kept_are_said_to_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        with FaultProxy(server.port) as proxy:
            other, others = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
            await other.start(others, "other")
            proxy.cut()
            for number in range(4):
                await broker.order(b"%d" % number)
            proxy.heal()
            await others.until(lambda: others.orders_lost == 1)
            await broker.order(b"next")
            await others.until(lambda: others.ordered == [b"next"])
            await other.close()

    monkeypatch.setattr(orders, "_KEPT", 3)
    run("none", scenario)


def test_a_lost_tail_changes_the_epoch() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        async with Redis.from_url(server.url) as redis:
            before = await publish(broker)
            await redis.save()
        await publish(broker)
        await asyncio.to_thread(server.restart, signal.SIGKILL)
        await back(broker, heard)
        await publish(broker)

        assert (await broker.positions(["a"]))[0].epoch != before.epoch

    run("rdb", scenario)


def test_a_lost_tail_that_only_another_process_saw_changes_the_epoch_when_it_is_back() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        before = await publish(broker)
        log = server.log.read_bytes()
        with FaultProxy(server.port) as proxy:
            other, others = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
            await other.start(others, "other")
            await publish(other)
            proxy.cut()
            await asyncio.to_thread(server.stop, signal.SIGKILL)
            server.log.write_bytes(log)  # the machine's last second
            await asyncio.to_thread(server.start)
            await back(broker, heard)
            assert await publish(broker) == Position(2, before.epoch)
            heard.doubted = []
            proxy.heal()
            await back(other, others)
            await heard.until(lambda: heard.doubted is None)
            await other.close()

        assert (await broker.positions(["a"]))[0].epoch != before.epoch

    run("always", scenario)


@pytest.mark.parametrize(("persistence", "survives"), [("rdb", False), ("always", True)])
def test_what_only_a_process_saw_that_died_with_redis_is_not_vouched_for(
    persistence: Persistence, survives: bool
) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        dead = RedisBroker(server.url)
        await dead.start(Heard(), "dead")
        await publish(dead)
        await broker.publish("b", Publication(b"1"), history=HISTORY)
        async with Redis.from_url(server.url) as redis:
            await redis.save()
        before = [await publish(dead) for _ in range(3)][-1]
        await dead.close()
        await asyncio.to_thread(server.restart, signal.SIGKILL)
        await back(broker, heard)
        for _ in range(3):
            after = await publish(broker)

        assert (after.epoch == before.epoch) is survives
        assert after.offset == (7 if survives else 3)

    run(persistence, scenario)


def test_a_lost_tail_that_only_a_dead_process_saw_changes_the_epoch() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        async with Redis.from_url(server.url) as redis:
            other = RedisBroker(server.url)
            await other.start(Heard(), "other")
            before = await publish(other)
            await redis.save()
            await publish(other)
            await other.close()  # it comes back no more
            looked = await calls(redis)
            while await calls(redis) < looked + 2:  # the process that is left has looked how far Redis has counted
                await asyncio.sleep(0.1)
        await asyncio.to_thread(server.restart, signal.SIGKILL)
        await back(broker, heard)

        assert (await broker.positions(["a"]))[0].epoch != before.epoch

    async def calls(redis: Redis) -> int:
        statistics = await redis.info("commandstats")
        return int(statistics["cmdstat_evalsha"]["calls"])

    run("rdb", scenario)


def test_redis_without_memory_refuses_what_is_new_and_answers_what_is_read() -> None:
    async def started(server: RedisServer) -> None:
        broker, heard = RedisBroker(server.url), Heard()
        await broker.start(heard, "node")
        async with Redis.from_url(server.url) as redis:
            before = await publish(broker)
            await redis.config_set("maxmemory", 1)
            keys = await redis.dbsize()
            for refused in (
                publish(broker),
                broker.publish("new", Publication(b"1"), history=HISTORY, mark="m"),
                broker.mark(["a"], "m", deadline=60),
                broker.add_presence("a", [ClientInfo("ann", "1")], ttl=60),
                broker.order(b"revoke"),
            ):
                with pytest.raises(BrokerError, match="no memory left"):
                    await refused
            unknown = [await broker.positions([f"never {number}"]) for number in range(3)]

            assert (await broker.history("a")).position == before
            assert unknown == [[Position(0, "full")]] * 3
            assert await redis.dbsize() == keys

            await redis.config_set("maxmemory", 0)
            assert await publish(broker) == Position(2, before.epoch)
            assert (await broker.positions(["never 1"]))[0].epoch not in ("", "full")
        await broker.close()

    with RedisServer("none") as server:
        asyncio.run(started(server))


def test_a_restart_that_nobody_saw_changes_the_epoch() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        before = await publish(broker)
        await broker.close()
        await asyncio.to_thread(server.restart)
        fresh = RedisBroker(server.url)
        await fresh.start(Heard(), "fresh")
        [after] = await fresh.positions(["a"])
        await fresh.close()

        assert after.epoch != before.epoch

    run("always", scenario)


@pytest.mark.parametrize(("persistence", "lags"), [("always", False), ("always", True), ("none", False)])
def test_a_replica_takes_over(persistence: Persistence, lags: bool) -> None:
    async def scenario(server: RedisServer, replica: RedisServer, proxy: FaultProxy) -> None:
        broker, heard = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
        await broker.start(heard, "node")
        before = await publish(broker)
        async with Redis.from_url(server.url) as old, Redis.from_url(replica.url) as new:
            await command(new, "REPLICAOF", "127.0.0.1", str(server.port))
            while not await command(old, "WAIT", 1, 100):
                pass
            while await new.xlen("offhook:stream:a") != 1:
                pass
            await command(new, "REPLICAOF", "NO", "ONE")
        if lags:
            await publish(broker)
        proxy._target = replica.port
        proxy.drop()
        await back(broker, heard)
        [after] = await broker.positions(["a"])
        await broker.close()

        is_whole = persistence == "always" and not lags
        assert (after.epoch == before.epoch) is is_whole
        assert after.offset == int(is_whole)

    with RedisServer() as server, RedisServer(persistence) as replica, FaultProxy(server.port) as proxy:
        asyncio.run(scenario(server, replica, proxy))


def test_orders_that_were_missed_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        with FaultProxy(server.port) as proxy:
            other, others = RedisBroker(f"redis://127.0.0.1:{proxy.port}"), Heard()
            await other.start(others, "other")
            proxy.cut()
            given = [b"%d" % number for number in range(5)]
            for data in given:
                await broker.order(data)
            proxy.heal()
            await others.until(lambda: others.ordered == given)
            await other.close()
        assert others.orders_lost == 0

    monkeypatch.setattr(orders, "_PAGE", 2)
    run("none", scenario)


def test_an_announced_order_that_does_not_follow_is_looked_for() -> None:
    async def scenario(server: RedisServer, broker: RedisBroker, heard: Heard) -> None:
        await broker.order(b"1")
        await heard.until(lambda: heard.ordered == [b"1"])
        broker._orders.heard(7, "another epoch", b"7")
        await broker.order(b"2")
        await heard.until(lambda: heard.ordered == [b"1", b"2"])

    RedisBroker("redis://127.0.0.1")._orders.heard(1, "", b"before it was started")
    run("none", scenario)
