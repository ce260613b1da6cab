"""The broker for Redis against a real ``redis-server``: the contract, its faults, and what it costs."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from redis.asyncio import Redis

from offhook.base.errors import BrokerError, UsageError
from offhook.brokers.base import Broker, History
from offhook.brokers.redis import link, operations
from offhook.brokers.redis.broker import RedisBroker
from offhook.brokers.redis.timing import Timing
from offhook.testing.brokers import BrokerConformance, Heard
from offhook.testing.proxy import FaultProxy
from offhook.testing.redis import RedisServer
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication
from tests.brokers.commands import command

FAST = Timing(patience=2.0, sweep=0.05, silence=0.4)
HISTORY = History(3, "1m")

_prefixes = count()


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: RedisServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.port) as running:
        yield running


def new_url(port: int) -> str:
    """A place of its own in the Redis behind *port*."""
    return f"redis://127.0.0.1:{port}/0?prefix={next(_prefixes)}"


class TestRedis(BrokerConformance):
    @pytest.fixture(autouse=True)
    def _redis(self, server: RedisServer, proxy: FaultProxy) -> Iterator[None]:
        self.server, self.proxy = server, proxy
        self.urls: dict[Broker, str] = {}
        yield
        proxy.heal()

    def broker(self) -> Broker:
        return self._broker(new_url(self.proxy.port))

    def _broker(self, url: str) -> Broker:
        broker = RedisBroker(url, timing=FAST)
        self.urls[broker] = url
        return broker

    async def settle(self, broker: Broker, heard: Heard) -> None:
        """Announcements of one connection come in order, so that the last one comes last."""
        await broker.tell(None, b"the last one")
        await heard.until(lambda: b"the last one" in heard.told)

    async def other(self, broker: Broker) -> Broker:
        url = self.urls[broker].replace(str(self.proxy.port), str(self.server.port))
        other = self._broker(url)
        await other.start(Heard(), f"node-{url}")
        return other

    @asynccontextmanager
    async def slow(self, broker: Broker) -> AsyncIterator[None]:
        self.proxy.delay(0.1)
        yield
        self.proxy.heal()

    @asynccontextmanager
    async def cut(self, broker: Broker, heard: Heard) -> AsyncIterator[None]:
        self.proxy.cut()
        await until(lambda: not broker.ready)
        yield
        self.proxy.heal()
        await heard.until(lambda: heard.doubted is None)
        await until(lambda: broker.ready)

    async def lose_data(self, broker: Broker, heard: Heard) -> Broker:
        await asyncio.to_thread(self.server.restart)
        await heard.until(lambda: heard.doubted is None)
        return broker

    async def fail_publish(self, broker: Broker, heard: Heard, channel: str) -> None:
        async with self.cut(broker, heard):
            with pytest.raises(BrokerError, match="Redis"):
                await broker.publish(channel, Publication(b"1"), history=HISTORY)

    async def restart(self, broker: Broker) -> Broker:
        await broker.close()
        return await self.other(broker)


async def until(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds, of which nobody is told."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


Scenario = Callable[[RedisBroker, Heard, Redis], Awaitable[None]]


@pytest.fixture
def started(server: RedisServer, proxy: FaultProxy) -> Iterator[Callable[[Scenario], None]]:
    """Runs a scenario with a broker behind the proxy and a plain client of the same Redis."""
    url = new_url(proxy.port)

    async def scene(scenario: Scenario) -> None:
        broker, heard = RedisBroker(url, timing=FAST), Heard()
        await broker.start(heard, "node-1")
        async with Redis.from_url(server.url) as redis:
            try:
                await scenario(broker, heard, redis)
            finally:
                await broker.close()

    yield lambda scenario: asyncio.run(scene(scenario))
    proxy.heal()


async def publish(broker: Broker, channel: str = "a", number: int = 1) -> Position:
    return await broker.publish(channel, Publication(str(number).encode()), history=HISTORY)


def test_15_2_scripts_that_redis_forgot_are_sent_again(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        before = await publish(broker)
        await redis.script_flush()

        assert await publish(broker) == Position(2, before.epoch)

    started(scenario)


def test_15_5_a_lost_connection_fails_whoever_waits_for_its_confirmation(
    started: Callable[[Scenario], None], proxy: FaultProxy
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        proxy.freeze()
        subscribing = asyncio.ensure_future(broker.subscribe("a"))
        await asyncio.sleep(0)
        proxy.cut()
        with pytest.raises(BrokerError, match="ended"):
            await subscribing
        with pytest.raises(BrokerError):
            await broker.subscribe("a")
        proxy.heal()
        await heard.until(lambda: heard.doubted is None)
        await publish(broker)
        await broker.subscribe("b")
        await publish(broker, "b")
        await heard.until(lambda: bool(heard.publications))

        assert [name for name, _ in heard.publications] == ["b"]

    started(scenario)


def test_15_6_a_connection_that_hears_nothing_is_replaced(
    started: Callable[[Scenario], None], proxy: FaultProxy
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await broker.subscribe("a")
        proxy.strand()
        with pytest.raises(BrokerError, match="did not answer within 2 s"):
            await publish(broker)
        await heard.until(lambda: heard.doubted is None)
        heard.doubted = []
        await heard.until(lambda: heard.doubted is None)
        position = await publish(broker)
        await heard.until(lambda: heard.offsets("a") == [position.offset])

    started(scenario)


def test_15_6_silence_alone_ends_no_connection(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        generation = broker._announcements._generation.current
        before = generation.heard_at
        await until(lambda: generation.heard_at > before)

        assert broker.ready
        assert broker._announcements._generation.current is generation

    started(scenario)


def test_15_6_a_connection_that_redis_lost_is_found_out(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        generation = broker._announcements._generation.current
        generation.unsubscribe([generation.service])
        await heard.until(lambda: heard.doubted is None)

        assert broker._announcements._generation.current is not generation

    started(scenario)


def test_15_6_publishing_while_redis_is_away_fails_at_once(
    started: Callable[[Scenario], None], proxy: FaultProxy
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        before = await publish(broker)
        proxy.cut()
        await until(lambda: not broker.ready)
        for number in range(3):
            async with asyncio.timeout(0.5):
                with pytest.raises(BrokerError, match="Redis"):
                    await publish(broker, "a", number)
        proxy.heal()
        await heard.until(lambda: heard.doubted is None)
        [after] = await broker.positions(["a"])

        assert after.epoch != before.epoch
        assert await publish(broker) == Position(1, after.epoch)

    started(scenario)


def test_a_publish_that_was_given_up_changes_the_epoch_before_the_next(
    started: Callable[[Scenario], None], proxy: FaultProxy
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await broker.subscribe("a")
        before = await publish(broker)
        proxy.delay(0.1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await publish(broker)
        after = await publish(broker)
        proxy.heal()
        await heard.until(lambda: after.offset in heard.offsets("a") and heard.doubts("a"))

        assert after == Position(1, after.epoch)
        assert after.epoch != before.epoch

    started(scenario)


def test_too_many_failures_make_every_channel_doubtful(
    started: Callable[[Scenario], None], proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        monkeypatch.setattr(operations, "_DOUBTS", 2)
        before = await publish(broker, "untouched")
        proxy.cut()
        await until(lambda: not broker.ready)
        for number in range(5):
            with pytest.raises(BrokerError):
                await publish(broker, f"a{number}")
        proxy.heal()
        await until(lambda: broker.ready)
        [after] = await broker.positions(["untouched"])

        assert (after.offset, after.epoch != before.epoch) == (0, True)

    started(scenario)


def test_15_3_metadata_of_a_mere_position_read_live_ten_minutes(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        names = broker._names
        await broker.positions(["read"])
        await publish(broker, "published")
        await broker.history("published", limit=0)

        assert 590_000 < await redis.pttl(names.stream("read")[0]) <= 600_000
        assert 29 * 86_400_000 < await redis.pttl(names.stream("published")[0]) <= 30 * 86_400_000
        assert 50_000 < await redis.pttl(names.stream("published")[1]) <= 60_000

    started(scenario)


def test_15_4_presence_expires(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        ann, bob = ClientInfo("ann", "1"), ClientInfo("bob", "2")
        await broker.add_presence("a", [ann], ttl=0.05)
        await broker.add_presence("a", [bob], ttl=60)
        async with asyncio.timeout(5):
            while await broker.presence_stats("a") != (1, 1):
                pass

        assert await broker.presence("a") == {"2": bob}
        assert await redis.hlen(broker._names.presence("a")[0]) == 1

    started(scenario)


def test_what_strangers_announce_casts_doubt_and_breaks_nothing(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await broker.subscribe("a")
        name = broker._names.announcements("a")
        for payload in (b"", b"p:", b"p:x.y:1:e:\x90", b"p:1.1:1:e:\xff", b"j:?", b"d:1", b"zzz:"):
            await redis.publish(name, payload)
        await redis.publish(broker._names.control, b"what?")
        await heard.until(lambda: heard.doubted is None)
        await publish(broker)
        await heard.until(lambda: heard.offsets("a") == [1])

        assert heard.doubted is None

    started(scenario)


def test_what_redis_refuses_is_a_broker_error_and_is_said_once(
    started: Callable[[Scenario], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await redis.set(broker._names.stream("a")[0], "of another type")
        with pytest.raises(BrokerError, match=r"refused publish: .*WRONGTYPE"):
            await publish(broker)
        await redis.set(broker._names.marks, "of another type")
        await until(lambda: "upkeep" in caplog.text)
        with pytest.raises(BrokerError, match="wrong number of arguments"):
            await broker._operations.call("PUBLISH")

        assert await publish(broker, "a") == Position(1, (await broker.positions(["a"]))[0].epoch)

    started(scenario)


def test_a_replica_is_left(started: Callable[[Scenario], None], server: RedisServer) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await command(redis, "REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(BrokerError):
            await publish(broker)
        await command(redis, "REPLICAOF", "NO", "ONE")
        await heard.until(lambda: heard.doubted is None)
        await until(lambda: broker.ready)
        await publish(broker)

    started(scenario)


def test_commands_that_wait_are_bounded(
    started: Callable[[Scenario], None], proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        monkeypatch.setattr(link, "_AT_ONCE", 3)
        found = await asyncio.gather(*(publish(broker) for _ in range(9)), return_exceptions=True)

        assert any("too many" in str(each) for each in found if isinstance(each, BrokerError))
        await publish(broker)

    started(scenario)


def test_what_a_listener_does_wrong_begins_a_new_generation(
    started: Callable[[Scenario], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await broker.subscribe("a")
        heard.on_publication = lambda channel, publication: 1 / 0  # type: ignore[method-assign,assignment]
        await publish(broker)
        await heard.until(lambda: heard.doubted is None)

        assert "ZeroDivisionError" in caplog.text

    started(scenario)


def test_a_url_that_is_none_is_one_line() -> None:
    for url in (
        "redis://127.0.0.1:x/0",
        "redis://h/0?nonsense=1",
        "http://h",
    ):
        with pytest.raises(UsageError, match=r"no URL of a Redis: [^\n]+$"):
            RedisBroker(url)


def test_a_redis_that_is_not_there_is_one_line_without_a_password() -> None:
    async def scenario() -> None:
        with pytest.raises(BrokerError, match=r"no connection to Redis at 127\.0\.0\.1:1: [^\n]+$") as caught:
            await RedisBroker("redis://ann:secret@127.0.0.1:1/0").start(Heard(), "n")
        assert "secret" not in str(caught.value)

    asyncio.run(scenario())


def test_password_and_socket() -> None:
    async def scenario(server: RedisServer) -> None:
        for url in (f"redis://:secret@127.0.0.1:{server.port}", f"unix://:secret@{server.socket_path}?db=2"):
            broker = RedisBroker(url)
            await broker.start(Heard(), url)
            await publish(broker)
            await broker.close()
        with pytest.raises(BrokerError, match=r"(?i)auth"):
            await RedisBroker(server.url).start(Heard(), "n")

    with RedisServer(options=("--requirepass", "secret")) as server:
        asyncio.run(scenario(server))


def test_applications_share_a_redis_by_their_prefixes(server: RedisServer) -> None:
    async def scenario() -> None:
        ours, theirs = RedisBroker(new_url(server.port)), RedisBroker(new_url(server.port))
        heard = Heard()
        await ours.start(heard, "node")
        await theirs.start(Heard(), "node")
        await ours.subscribe("a")
        await publish(theirs)

        assert await theirs.tell(None, b"?") == await ours.tell("node", b"ours") == 1
        assert (await ours.positions(["a"]))[0].offset == 0
        await heard.until(lambda: heard.told == [b"ours"])
        assert heard.publications == []
        await ours.close()
        await theirs.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("lacking", ["resetchannels", "-info", "-subscribe"])
def test_a_user_that_may_not_do_enough_is_told_at_the_start(lacking: str) -> None:
    async def scenario(server: RedisServer) -> None:
        async with Redis.from_url(server.url) as redis:
            rules = ["on", ">secret", "~*", "&*", "+@all", lacking]
            await command(redis, "ACL", "SETUSER", "ann", *rules)
        broker = RedisBroker(f"redis://ann:secret@127.0.0.1:{server.port}")
        with pytest.raises(BrokerError, match=r"(?i)perm|can't run"):
            await broker.start(Heard(), "n")
        assert not broker.ready

    with RedisServer() as server:
        asyncio.run(scenario(server))


def test_the_permissions_that_the_documentation_names_are_enough() -> None:
    async def scenario(server: RedisServer) -> None:
        async with Redis.from_url(server.url) as redis:
            rules = ["on", ">secret", "~shop:*", "&shop:*", "+@all", "-@dangerous", "+info"]
            await command(redis, "ACL", "SETUSER", "ann", *rules)
        broker, heard = (
            RedisBroker(f"redis://ann:secret@127.0.0.1:{server.port}/0?prefix=shop", timing=FAST),
            Heard(),
        )
        await broker.start(heard, "n")
        await broker.subscribe("a")
        await broker.mark(["a"], "m", deadline=0.01)
        await publish(broker)
        await heard.until(lambda: heard.doubts("a"))
        await broker.add_presence("a", [ClientInfo("ann", "1")], ttl=60)
        assert await broker.presence_stats("a") == (1, 1)
        await broker.close()

    with RedisServer() as server:
        asyncio.run(scenario(server))


def test_15_5_a_confirmation_that_does_not_come_ends_the_connection(
    started: Callable[[Scenario], None], proxy: FaultProxy
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        proxy.freeze()
        with pytest.raises(BrokerError, match="did not confirm within 2 s"):
            await broker.subscribe("a")
        proxy.heal()
        await heard.until(lambda: heard.doubted is None)
        await broker.subscribe("a")

    started(scenario)


def test_15_5_a_subscription_that_is_given_up_is_not_kept(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        subscribing = asyncio.ensure_future(broker.subscribe("a"))
        await asyncio.sleep(0)
        subscribing.cancel()
        await asyncio.wait([subscribing])
        await broker.subscribe("b")
        await publish(broker, "a")
        await publish(broker, "b")
        await heard.until(lambda: bool(heard.publications))

        assert [name for name, _ in heard.publications] == ["b"]

    started(scenario)


def test_too_many_publications_that_are_given_up_begin_a_new_connection(
    started: Callable[[Scenario], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        monkeypatch.setattr(operations, "_DOUBTS", 0)
        before = await publish(broker, "untouched")
        publishing = asyncio.ensure_future(publish(broker))
        await asyncio.sleep(0)
        publishing.cancel()
        await heard.until(lambda: heard.doubted is None)
        await until(lambda: broker.ready)

        assert (await broker.positions(["untouched"]))[0].epoch != before.epoch

    started(scenario)


def test_a_doubt_is_settled_once(started: Callable[[Scenario], None]) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        await broker.subscribe("b")
        for channel in ("a", "b"):
            broker._operations._doubt(channel, None)
        _, [after] = await asyncio.gather(broker.positions(["a", "b"]), broker.positions(["b"]))
        await heard.until(lambda: heard.doubted == ["b"])

        assert await broker.positions(["b"]) == [after]

    started(scenario)


def test_every_operation_is_in_the_package() -> None:
    assert {"publish", "history", "positions", "resume", "sweep"} <= link.SCRIPTS.keys()


def test_without_redis_py_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("offhook.brokers.redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis.asyncio.connection", None)
    with pytest.raises(UsageError, match=r"pip install 'offhook\[redis\]'"):
        importlib.import_module("offhook.brokers.redis")


def test_publications_that_wait_to_be_repeated_have_bounds(
    started: Callable[[Scenario], None], proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        before = {channel: await publish(broker, channel) for channel in ("a", "b", "c")}
        proxy.cut()
        await until(lambda: not broker.ready)
        for channel, keys in {"a": "12", "b": "123", "c": "1-2"}.items():
            for key in keys:
                with pytest.raises(BrokerError):
                    await broker.publish(
                        channel, Publication(b"x" * 30), history=HISTORY, key=key.strip("-") or None
                    )
        proxy.heal()
        await heard.until(lambda: heard.doubted is None)
        after = dict(zip(before, await broker.positions([*before]), strict=True))

        assert after["a"] == Position(3, before["a"].epoch)
        assert after["b"].epoch != before["b"].epoch
        assert after["c"].epoch != before["c"].epoch

    monkeypatch.setattr(operations, "_REPEATED_BYTES", 150)
    started(scenario)
