"""Publishing from code without an event loop, into processes that serve lines: a real Redis between them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from offhook import BrokerError, Limits, Position, Publisher, UsageError
from offhook.base.env import SYSTEM
from offhook.base.types import Json
from offhook.brokers.load import open_broker
from offhook.realtime.engine import Engine
from offhook.testing.redis import RedisServer
from tests.realtime.peers import ANN, News, Peer, Room, connected

ROOT = Path(__file__).parent.parent
A = Room(name="a")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def publisher(redis: RedisServer) -> Iterator[Publisher]:
    with Publisher(redis.url, channels=[Room, News]) as made:
        yield made


@asynccontextmanager
async def serving(redis: RedisServer) -> AsyncIterator[tuple[Engine, Peer]]:
    """A process that serves lines, and one of them."""
    engine = Engine(channels=[Room, News], broker=open_broker(redis.url, SYSTEM))
    await engine.start()
    peer = await connected(engine, ANN)
    await peer.subscribe("room:a")
    yield engine, peer
    await engine.stop()


async def _pushed(peer: Peer, kind: str) -> Json:
    """The first push of this kind."""
    async with asyncio.timeout(10):
        while True:
            for push in peer.pushes:
                if kind in push:
                    return push
            await asyncio.sleep(0.01)


def test_what_a_script_publishes_reaches_the_lines_of_another_process(
    redis: RedisServer, publisher: Publisher
) -> None:
    async def scenario() -> None:
        async with serving(redis) as (engine, peer):
            position = await asyncio.to_thread(publisher.publish, A, 7, tags={"kind": "x"})
            assert await engine.line.position(A) == position
            push = await _pushed(peer, "pub")
            assert push == {
                "channel": "room:a",
                "pub": {"data": 7, "offset": 1, "epoch": position.epoch, "tags": {"kind": "x"}},
            }

    asyncio.run(scenario())


def test_a_script_can_do_what_a_line_can(redis: RedisServer, publisher: Publisher) -> None:
    def script() -> None:
        publisher.send("ann", {"hello": 1})
        publisher.subscribe("ann", News())
        assert publisher.presence_stats(A) == (1, 1)
        assert [each.user for each in publisher.presence(A).values()] == ["ann"]
        publisher.refresh("ann", 4e9)
        publisher.unsubscribe("ann", News())
        publisher.revoke(user="ann")
        publisher.disconnect("bob")
        publisher.invalidate(A)

    async def scenario() -> None:
        async with serving(redis) as (_, peer):
            await asyncio.to_thread(script)
            assert await _pushed(peer, "message") == {"message": {"data": {"hello": 1}}}
            async with asyncio.timeout(1):
                while peer.wire.closed is None:
                    await asyncio.sleep(0.01)
            assert peer.wire.closed == (3014, "state invalidated")

    asyncio.run(scenario())


def test_what_is_published_can_be_read_back(publisher: Publisher) -> None:
    start = publisher.position(A)
    publisher.broadcast([A, News()], 5)
    last = publisher.publish(A, 6, key="once")

    assert publisher.publish(A, 6, key="once") == last
    assert publisher.positions([A, News()]) == [last, publisher.position(News())]
    page = publisher.history(A, since=start)
    assert [each.data for each in page.publications] == [b"5", b"6"]


def test_many_threads_share_one_publisher(publisher: Publisher) -> None:
    start = publisher.position(A)
    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(lambda number: publisher.publish(A, number), range(50)))

    assert {each.offset for each in positions} == set(range(start.offset + 1, start.offset + 51))


def test_a_publisher_that_was_closed_connects_again(publisher: Publisher) -> None:
    publisher.close()
    publisher.close()

    assert publisher.publish(A, 1).offset > 0


PROGRAM = """
import os, sys
from offhook import Publisher
from tests.realtime.peers import Room

publisher = Publisher(sys.argv[1], channels=[Room])
first = publisher.publish(Room(name="fork"), 1).offset
child = os.fork()
if not child:
    os._exit(publisher.publish(Room(name="fork"), 2).offset)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(first, status, publisher.publish(Room(name="fork"), 3).offset)
"""


def test_a_process_that_forks_leaves_the_publisher_usable_in_both(redis: RedisServer) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, redis.url],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
    )

    assert (done.stdout, done.stderr) == ("1 2 3\n", "")


def test_a_program_that_closes_nothing_ends_anyway(redis: RedisServer) -> None:
    program = PROGRAM.partition("child =")[0] + "print(first)"
    done = subprocess.run([sys.executable, "-c", program, redis.url], capture_output=True, timeout=30, cwd=ROOT)

    assert (done.returncode, done.stderr) == (0, b"")


def test_memory_would_reach_nobody() -> None:
    with pytest.raises(UsageError, match="would reach nobody"):
        Publisher("memory://", channels=[Room])


def test_a_thread_with_an_event_loop_must_not_wait(publisher: Publisher) -> None:
    async def handler() -> Position:
        return publisher.publish(A, 1)

    with pytest.raises(UsageError, match="this thread runs an event loop"):
        asyncio.run(handler())


def test_a_broker_that_is_away_is_an_error_and_the_next_call_tries_again() -> None:
    with RedisServer() as server, Publisher(server.url, channels=[Room], limits=Limits(publish=1.0)) as publisher:
        server.stop()
        with pytest.raises(BrokerError):
            publisher.publish(A, 1)
        server.start()
        assert publisher.publish(A, 1).offset == 1


def test_the_programs_in_the_documentation(redis: RedisServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.apps.club_scripts"],
        env={**os.environ, "BROKER": redis.url},
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
    )

    assert (done.stdout, done.stderr) == ("1\n1\n", "")
