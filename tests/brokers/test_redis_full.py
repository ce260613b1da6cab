"""A Redis that refuses: what has no room, and what it says about it."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from offhook.base.errors import BrokerError
from offhook.brokers.redis import link
from offhook.brokers.redis.broker import RedisBroker
from offhook.testing.brokers import Heard
from offhook.testing.redis import RedisServer
from tests.brokers.commands import command
from tests.brokers.test_redis import FAST, Scenario, publish


@pytest.fixture
def full() -> Iterator[Callable[[Scenario], None]]:
    """Runs a scenario on a Redis of its own; ``fill`` leaves no memory."""

    async def scene(server: RedisServer, scenario: Scenario) -> None:
        broker, heard = RedisBroker(server.url, timing=FAST), Heard()
        await broker.start(heard, "node-1")
        async with Redis.from_url(server.url) as redis:
            try:
                await scenario(broker, heard, redis)
            finally:
                await broker.close()

    with RedisServer(options=("--maxmemory-policy", "noeviction")) as server:
        yield lambda scenario: asyncio.run(scene(server, scenario))


async def fill(redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)


def test_a_full_redis_settles_what_is_unknown_and_takes_a_process_back(
    full: Callable[[Scenario], None],
) -> None:
    async def scenario(broker: RedisBroker, heard: Heard, redis: Redis) -> None:
        before = await publish(broker)
        await fill(redis)
        size = await redis.dbsize()
        with pytest.raises(BrokerError, match="no memory left"):
            await publish(broker)
        for number in range(100):
            await broker.positions(["a", f"unknown{number}"])
        assert await redis.dbsize() == size
        assert await broker.positions(["a"]) == [before]
        broker._operations._doubt("a", None)
        assert (await broker.positions(["a"]))[0].epoch != before.epoch
        await redis.config_set("maxmemory", 0)
        await command(redis, "HSET", "offhook:count", "id", "another server")
        await fill(redis)
        await broker.close()
        await broker.start(heard, "node-1")
        await redis.config_set("maxmemory", 0)
        assert (await publish(broker)).offset == 1

    full(scenario)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ResponseError("CROSSSLOT Keys in request don't hash to the same slot"), "cluster"),
        (ResponseError("unknown command 'SCRIPT', with args beginning with: 'LOAD'"), "Sentinel"),
        (ResponseError("Error running script (call to f_ab): @user_script:30: @user_script: 30: odd"), " 30: odd"),
        (ResponseError("odd script: ab, on @user_script:12."), "odd"),
    ],
)
def test_errors_of_redis_are_in_words_without_the_source_of_a_script(error: ResponseError, words: str) -> None:
    said = link.in_words(error)
    assert words in said
    assert "script:" not in said.replace("@user_script:", "")
