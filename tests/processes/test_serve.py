"""``offhook serve`` as an operator sees it: a crowd is sent away, workers die, and nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.asyncio.client import connect

from offhook.testing.redis import RedisServer
from tests.processes.clients import crowd, ends
from tests.servers import DEADLINE, ROOT, Server

TICKS = "tests.apps.ticks:app"
CROWD = 1000


def test_a_thousand_lines_are_told_to_come_back() -> None:
    async def scenario(server: Server) -> None:
        clients = await crowd(server.port, CROWD)
        stopped = asyncio.create_task(asyncio.to_thread(server.stop))
        assert await ends(clients) == {3001: CROWD}
        assert await stopped == 0

    server = Server(TICKS)
    server.start()
    asyncio.run(scenario(server))
    assert server.log.count("\n") == 1


@pytest.mark.parametrize("options", [(), ("--compress",)])
def test_messages_are_compressed_if_that_was_chosen(options: tuple[str, ...]) -> None:
    async def scenario(server: Server) -> None:
        async with connect(f"ws://127.0.0.1:{server.port}/echo", proxy=None) as client:
            assert client.response is not None
            agreed = client.response.headers.get("Sec-WebSocket-Extensions", "")
            assert ("permessage-deflate" in agreed) == bool(options)
            await client.send("again and " * 100)
            assert await client.recv() == "again and " * 100

    with Server("tests.apps.target.app:app", options=options) as server:
        asyncio.run(scenario(server))


@pytest.fixture
def workers() -> Iterator[Server]:
    """Two workers that tell who they are."""
    with Server("tests.processes.who:app", options=["--workers", "2"]) as server:
        yield server


def answering(server: Server) -> set[int]:
    """The processes that answer, and whose child they are."""
    with httpx.Client(base_url=server.url, headers={"Connection": "close"}, timeout=DEADLINE) as client:
        return {int(client.get("/").text) for _ in range(60)}


def gone(process: int) -> None:
    """Return when there is no such process."""
    with suppress(ChildProcessError, ProcessLookupError):
        while True:
            os.kill(process, 0)
            os.sched_yield()


def test_workers_share_the_port_and_end_together(workers: Server) -> None:
    found = answering(workers)
    assert len(found) == 2
    assert workers.stop() == 0
    for process in found:
        gone(process)
    workers.start()


def test_a_worker_that_dies_is_replaced_and_its_queue_is_served(workers: Server) -> None:
    first, second = sorted(answering(workers))
    os.kill(first, signal.SIGKILL)
    workers.says("a worker ended with status -9")
    assert second in (found := answering(workers))
    assert first not in found
    assert len(found) == 2


def test_workers_are_renewed_without_a_gap(workers: Server) -> None:
    before = answering(workers)
    os.kill(workers.pid, signal.SIGHUP)
    for _ in range(2):
        workers.says("started")
        assert len(answering(workers)) >= 1
    for process in before:
        gone(process)
    assert not before & answering(workers)


def test_nobody_is_left_behind_by_a_supervisor_that_is_killed(workers: Server) -> None:
    found = answering(workers)
    workers.stop(signal.SIGKILL)
    for process in found:
        gone(process)
    workers.start()


def test_lines_of_all_workers_are_told_to_come_back() -> None:
    async def scenario(server: Server) -> None:
        clients = await crowd(server.port, 40)
        stopped = asyncio.create_task(asyncio.to_thread(server.stop))
        assert await ends(clients) == {3001: 40}
        assert await stopped == 0

    with RedisServer("none") as redis:
        broker = f"redis://127.0.0.1:{redis.port}"
        server = Server("tests.processes.app:app", options=["--workers", "2"], BROKER=broker)
        server.start()
        asyncio.run(scenario(server))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            TICKS,
            "memory:// is for one process, and these are 2 workers, which would not hear each other: give the ",
        ),
        ("nowhere:app", "there is no module 'nowhere' in "),
        ("tests.server.applications:number", "tests.server.applications:number is not an ASGI application"),
        ("tests.server.applications:unusable", "the application lacks a part"),
        ("tests.processes.who:suicidal", "a worker ended with status -9 before it served"),
    ],
)
def test_a_worker_that_does_not_start_is_one_line(target: str, said: str) -> None:
    command = [sys.executable, "-m", "offhook", "serve", target, "--port", "0", "--workers", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {said}")
    assert done.stderr.count("\n") == 1
