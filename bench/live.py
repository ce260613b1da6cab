"""One change and everybody who looks at it: by reducer, by revalidation, and by loading the document again.

A real ``offhook serve`` in one process, all viewers in another. Reported are medians over several changes: the
requests and the bytes that a change costs each viewer, and the seconds from the change's request until the last
screen is right.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.contenders import Command, Contender
from bench.http import Http
from bench.served import served
from bench.viewers import ROOM, Viewer, Way

TARGET = "examples.chat.app:app"
WAYS: Mapping[str, Way] = {"reducer": Viewer.fold, "revalidation": Viewer.revalidate, "document": Viewer.reload}
VIEWERS = 200
CHANGES = 9
MESSAGES = 50
"""Messages in the room before the first change: a page of the chat."""
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one change took."""

    requests: float
    bytes: float
    seconds: float


def report() -> str:
    """The whole measurement as a table."""
    with _served() as port:
        costs = asyncio.run(compare(port, VIEWERS, CHANGES))
    rows = [
        f"| {name} | {cost.requests:.2f} | {cost.bytes:,.0f} | {cost.seconds * 1000:,.0f} |"
        for name, cost in costs.items()
    ]
    head = [
        f"One change, {VIEWERS} viewers of a chat room with {MESSAGES} messages, medians of {CHANGES} changes.",
        "",
        "| way | requests a viewer | bytes a viewer | ms until the last screen is right |",
        "| --- | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows])


async def compare(port: int, viewers: int, changes: int) -> dict[str, Cost]:
    """What one change costs by each of the ways, at the chat on *port*."""
    cookie = await _sign_in(port)
    writer = Http(port, cookie=cookie)
    for number in range(MESSAGES):
        await _post(writer, f"Message {number}")
    costs = {}
    for name, way in WAYS.items():
        crowd = [Viewer(Http(port, cookie=cookie), way) for _ in range(viewers)]
        async with _watching(crowd):
            measured = [await _change(writer, crowd, f"{name} {number}") for number in range(changes)]
        costs[name] = _median(measured)
    writer.close()
    return costs


async def _change(writer: Http, crowd: Sequence[Viewer], text: str) -> Cost:
    requests = sum(each.http.traffic.requests for each in crowd)
    sent = sum(each.http.traffic.bytes for each in crowd)
    began = time.perf_counter()
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        group.create_task(_post(writer, text))
        for viewer in crowd:
            group.create_task(viewer.shows(text))
    seconds = time.perf_counter() - began
    return Cost(
        (sum(each.http.traffic.requests for each in crowd) - requests) / len(crowd),
        (sum(each.http.traffic.bytes for each in crowd) - sent) / len(crowd),
        seconds,
    )


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(each.requests for each in costs),
        statistics.median(each.bytes for each in costs),
        statistics.median(each.seconds for each in costs),
    )


@asynccontextmanager
async def _watching(crowd: Sequence[Viewer]) -> AsyncIterator[None]:
    """All of *crowd* have loaded the page and are subscribed. A viewer that fails ends the measurement."""
    waiting = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        watching = [group.create_task(viewer.watch(waiting.release)) for viewer in crowd]
        async with asyncio.timeout(DEADLINE):
            for _ in crowd:
                await waiting.acquire()
        yield
        for task in watching:
            task.cancel()
    for viewer in crowd:
        viewer.http.close()


async def _sign_in(port: int) -> str:
    http = Http(port)
    status, headers, _ = await http.request("POST", "/sign-in", "name=Ada")
    http.close()
    assert status == 303, status
    return headers["set-cookie"].partition(";")[0]


async def _post(http: Http, text: str) -> None:
    status, _, content = await http.request("POST", ROOM, f"text={quote(text)}")
    assert status == 303, content


@contextmanager
def _served() -> Iterator[int]:
    """The chat, built for production and served with an empty database; its port."""
    offhook = [sys.executable, "-m", "offhook"]
    subprocess.run([*offhook, "build", TARGET], check=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {"CHAT_DATABASE": f"sqlite+aiosqlite:///{Path(folder, 'chat.sqlite3')}"}

        def command(port: int) -> Command:
            crowd = ["--limit-connections-of-user", str(VIEWERS)]  # one person has all the screens
            return Command([*offhook, "serve", TARGET, *crowd, "--port", str(port)], environment)

        with served(Contender("Offhook", command)) as server:
            yield server.port
