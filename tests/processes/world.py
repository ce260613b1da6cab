"""Publishers and followers of two processes, and the check that nobody was told anything wrong."""

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

CHANNELS = ("a", "b", "quiet")
"""Published to by the first process, by the second, and only while all is well."""
_FOLLOWERS = 3
_AGAIN = 0.05
"""Seconds until a client tries again."""
_PATIENCE = 12.0
_PROGRESS = 20
"""Publications."""


@dataclass(slots=True)
class Segment:
    """What a follower has without a hole: the publications after *start*."""

    epoch: str
    start: int
    numbers: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + len(self.numbers)

    def number(self, offset: int) -> int:
        return self.numbers[offset - self.start - 1]

    def covers(self, epoch: str, offset: int) -> bool:
        return epoch == self.epoch and self.start < offset <= self.end


class Follower:
    """A client that recovers: it keeps its positions over reconnects, and knows when it was told to start over."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self.segments: dict[str, list[Segment]] = {name: [] for name in CHANNELS}
        self.recovered: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._commands = count(1)
        self._asked: dict[int, str] = {}

    def restarts(self, name: str) -> int:
        """How often it was told that it misses something."""
        return len(self.segments[name]) - 1

    def position(self, name: str) -> tuple[str, int]:
        segment = self.segments[name][-1]
        return segment.epoch, segment.end

    async def run(self) -> None:
        """Follow, for ever, at one address after the other."""
        for attempt in count():
            with contextlib.suppress(OSError, WebSocketException, asyncio.TimeoutError):
                async with connect(self._urls[attempt % len(self._urls)], open_timeout=5) as socket:
                    await self._follow(socket)
            await asyncio.sleep(_AGAIN)

    async def _follow(self, socket: ClientConnection) -> None:
        self._socket = socket
        await self._send({"connect": {}})
        for name in CHANNELS:
            await self._subscribe(name)
        async for frame in socket:
            for line in str(frame).splitlines():
                await self._take(json.loads(line))

    async def _send(self, command: dict[str, Any]) -> int:
        number = next(self._commands)
        await self._socket.send(json.dumps({"id": number, **command}))
        return number

    async def _subscribe(self, name: str) -> None:
        request: dict[str, Any] = {"channel": f"feed:{name}"}
        if self.segments[name]:
            segment = self.segments[name][-1]
            request |= {"recover": True, "epoch": segment.epoch, "offset": segment.end}
        self._asked[await self._send({"subscribe": request})] = name

    async def _take(self, reply: dict[str, Any]) -> None:
        match reply:
            case {"id": number, "subscribe": result}:
                self._subscribed(self._asked.pop(number), result)
            case {"id": number, "error": {"code": code}}:
                if number not in self._asked or code != 100:
                    self.wrong.append(f"{reply}")
                else:
                    asyncio.get_running_loop().create_task(self._again(self._asked.pop(number)))
            case {"push": {"channel": channel, "pub": publication}}:
                self._append(channel.removeprefix("feed:"), publication)
            case {"push": {"channel": channel, "unsubscribe": {"code": 2500}}}:
                await self._subscribe(channel.removeprefix("feed:"))
            case {} if not reply:
                await self._socket.send("{}")
            case {}:
                if "connect" not in reply:
                    self.wrong.append(f"{reply}")

    async def _again(self, name: str) -> None:
        socket = self._socket
        await asyncio.sleep(_AGAIN)
        if socket is self._socket:
            with contextlib.suppress(WebSocketException):
                await self._subscribe(name)

    def _subscribed(self, name: str, result: dict[str, Any]) -> None:
        if result.get("recovered"):
            self.recovered[name] += 1
            for publication in result.get("publications", ()):
                self._append(name, publication)
        else:
            self.segments[name].append(Segment(result["epoch"], result.get("offset", 0)))

    def _append(self, name: str, publication: dict[str, Any]) -> None:
        segment = self.segments[name][-1]
        if publication["offset"] != segment.end + 1:
            self.wrong.append(f"{name}: {publication['offset']} after {segment.end}")
        segment.numbers.append(publication["data"])


@dataclass(slots=True)
class World:
    """Two processes under load.

    :param ports: of the two processes.
    """

    ports: Sequence[int]
    followers: list[Follower] = field(default_factory=list)
    acknowledged: defaultdict[str, list[tuple[str, int, int]]] = field(default_factory=lambda: defaultdict(list))
    failed: Counter[str] = field(default_factory=Counter)
    _http: httpx.AsyncClient = field(init=False)
    _numbers: Iterator[int] = field(default_factory=count)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Followers of all channels at both processes; everybody is whole again in the end."""
        urls = [f"ws://127.0.0.1:{port}/connection/websocket" for port in self.ports]
        self.followers = [Follower(order) for order in (urls, urls[::-1]) for _ in range(_FOLLOWERS)]
        following = _meanwhile(*(each.run() for each in self.followers))
        async with httpx.AsyncClient(timeout=30) as self._http, following:
            await _until(lambda: all(segments for each in self.followers for segments in each.segments.values()))
            await self._settle()
            yield
            await self._settle()

    @contextlib.asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """A publisher at each process."""
        pairs = zip(CHANNELS[:2], self.ports, strict=True)
        async with _meanwhile(*(self._publish_on(name, port) for name, port in pairs)):
            await self.progress("a", "b")
            yield
            await self.progress("a", "b")

    async def progress(self, *names: str) -> None:
        """Return when more was acknowledged in each of the channels."""
        goals = {name: len(self.acknowledged[name]) + _PROGRESS for name in names}
        await _until(lambda: all(len(self.acknowledged[name]) >= goal for name, goal in goals.items()))

    async def publish(self, name: str, port: int) -> bool:
        """Publish another number; whether that was acknowledged."""
        number = next(self._numbers)
        position = await self._ask("POST", port, f"name={name}&n={number}")
        if position is None:
            self.failed[name] += 1
            return False
        self.acknowledged[name].append((*position, number))
        return True

    async def _ask(self, method: str, port: int, query: str) -> tuple[str, int] | None:
        try:
            answer = await self._http.request(method, f"http://127.0.0.1:{port}/?{query}")
        except httpx.HTTPError:
            return None
        if answer.status_code != 200:
            return None
        epoch, offset = answer.json()
        return epoch, offset

    async def _publish_on(self, name: str, port: int) -> None:
        while True:
            if not await self.publish(name, port):
                await asyncio.sleep(_AGAIN)

    async def _settle(self) -> None:
        """Publish once more to each channel, and return when everybody has all of all."""
        for name in CHANNELS:
            while not await self.publish(name, self.ports[1]):
                await asyncio.sleep(_AGAIN)
        async with asyncio.timeout(_PATIENCE):
            while not all([await self._is_whole(name) for name in CHANNELS]):
                await asyncio.sleep(_AGAIN)

    async def _is_whole(self, name: str) -> bool:
        top = await self._ask("GET", self.ports[1], f"name={name}")
        return all(each.position(name) == top for each in self.followers)

    def restarts(self, name: str) -> int:
        """How often a follower was told that it misses something."""
        return sum(each.restarts(name) for each in self.followers)

    def check(self) -> None:
        """Nothing acknowledged is missing, nothing came twice or in another order.

        And nobody was told to start over where every publish was acknowledged.
        """
        for name in CHANNELS:
            assert self.failed[name] or not self.restarts(name), f"{name} began anew without need"
        self.check_whole()

    def check_whole(self) -> None:
        """What everybody was told is true."""
        for follower in self.followers:
            assert follower.wrong == []
            for name, acknowledged in self.acknowledged.items():
                for epoch, offset, number in acknowledged:
                    for segment in follower.segments[name]:
                        if segment.covers(epoch, offset):
                            assert segment.number(offset) == number


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await asyncio.sleep(_AGAIN)


@contextlib.asynccontextmanager
async def _meanwhile(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """All of *works* run inside; if one fails, everything does."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()
