"""Clients of an engine in memory: real sessions and commands, a wire that is a list."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.dispatch import open_session
from offhook.realtime.engine import Engine
from offhook.testing.clock import virtual_env
from offhook.testing.faults import FaultyBroker
from offhook.wire.codec import Variant
from offhook.wire.json_codec import JsonCodec

ANN = Identity("ann", "Ann", info={"name": "Ann"})
KNOCK = Incoming("/connection/websocket", client="127.0.0.1")
JSON = Variant(JsonCodec(), bytes)


class Room(Channel[int], pattern="room:{name}", history=History(100, "10m"), presence=True, join_leave=True):
    """Everything on, open to all."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: int) -> int:
        return data


class News(Channel[int], pattern="news"):
    """Everything off, open to all."""

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Wire:
    """A transport whose network is a list of lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.frames = 0
        self.last: bytes | None = None
        """The last frame, as the very object that was written."""
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.on_ping: Callable[[], None] = lambda: None
        self._stalled: asyncio.Future[None] | None = None
        self._under_way = b""
        self._writing: asyncio.Future[None] | None = None

    def write(self, frame: bytes) -> "asyncio.Future[None] | None":
        if self._stalled is not None:
            self._under_way = frame
            self._writing = asyncio.get_running_loop().create_future()
            self._stalled.add_done_callback(lambda _: self._pass_on(frame))
            return self._writing
        self._take(frame)
        return None

    @property
    def unsent(self) -> int:
        return len(self._under_way)

    def _take(self, frame: bytes) -> None:
        self.frames += 1
        self.last = frame
        for line in map(json.loads, frame.splitlines()):
            self.lines.append(line)
            if not line:
                asyncio.get_running_loop().call_soon(self.on_ping)

    def _pass_on(self, frame: bytes) -> None:
        assert self._writing is not None
        if not self._writing.done():
            self._take(frame)
            self._writing.set_result(None)

    def stall(self) -> None:
        """The network takes nothing from now on."""
        self._stalled = asyncio.get_running_loop().create_future()

    def flow(self) -> None:
        """The network takes what it has got, and everything after it."""
        assert self._stalled is not None
        self._stalled.set_result(None)
        self._stalled = None

    def break_off(self) -> None:
        """The write under way fails."""
        assert self._writing is not None
        self._writing.set_exception(OSError("gone"))

    async def close(self, code: int, reason: str) -> None:
        if self._stalled is not None:
            await asyncio.shield(self._stalled)
        self.closed = (code, reason)

    def abort(self) -> None:
        self.aborted = True


class Peer:
    """One client of an engine."""

    def __init__(
        self, engine: Engine, identity: Identity[Any] | None = ANN, *, pong: bool = True, **options: Any
    ) -> None:
        self.wire = Wire()
        self.session = open_session(engine, JSON, self.wire, identity, KNOCK, **options)
        if pong:
            self.wire.on_ping = lambda: self.say({})
        self._number = 0
        self._read = 0

    def say(self, *commands: dict[str, Any]) -> None:
        """Send commands in one frame."""
        self.session.receive("\n".join(map(json.dumps, commands)))

    def begin(self, **request: Any) -> int:
        """Send a command with the next number; its number."""
        self._number += 1
        self.say({"id": self._number, **request})
        return self._number

    async def ask(self, **request: Any) -> Any:
        """Send a command and wait for its answer: the result, or ``{"error": …}``."""
        return await self.answer(self.begin(**request))

    async def answer(self, number: int) -> Any:
        """The answer to command *number*."""
        async with asyncio.timeout(30):
            while True:
                for line in self.wire.lines:
                    if line.get("id") == number:
                        [(name, value)] = [(key, value) for key, value in line.items() if key != "id"]
                        return {"error": value["code"]} if name == "error" else value
                await asyncio.sleep(0.01)

    async def connect(self, **said: Any) -> Any:
        """Say who it is."""
        return await self.ask(connect=said)

    async def subscribe(self, channel: str, **options: Any) -> Any:
        """Subscribe."""
        return await self.ask(subscribe={"channel": channel, **options})

    @property
    def pushes(self) -> list[dict[str, Any]]:
        """All pushes so far."""
        return [line["push"] for line in self.wire.lines if "push" in line]

    def published(self, channel: str) -> list[Any]:
        """The data of all publications that came as pushes or in replies to subscribe, in their order."""
        found = []
        for line in self.wire.lines:
            push = line.get("push", {})
            if push.get("channel") == channel and "pub" in push:
                found.append(push["pub"]["data"])
            found += [each["data"] for each in line.get("subscribe", {}).get("publications", [])]
        return found


@asynccontextmanager
async def running(
    *channels: type[Channel[Any]], limits: Limits | None = None, **options: Any
) -> AsyncIterator[tuple[Engine, FaultyBroker]]:
    """An engine with a broker that can be made to fail."""
    broker = FaultyBroker(MemoryBroker(env=virtual_env(1)))
    chosen: Sequence[type[Channel[Any]]] = channels or (Room, News)
    engine = Engine(channels=chosen, broker=broker, limits=limits or Limits(), env=virtual_env(2), **options)
    await engine.start()
    try:
        yield engine, broker
    finally:
        broker.heal()
        await engine.stop()


async def connected(engine: Engine, identity: Identity[Any] | None = ANN, **options: bool) -> Peer:
    """A client that has said who it is."""
    peer = Peer(engine, identity, **options)
    await peer.connect()
    return peer
