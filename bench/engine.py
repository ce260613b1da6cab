"""The engine alone, in one process and without a network: what comes in, what goes out, and a crowd that returns.

Compared is processor time, in medians over several rounds of one run: an inbound command with msgspec's decoding
of the same bytes, a delivery with a bare loop that writes the same bytes to the same sockets. The transports of
commands take everything and do nothing.
"""

import asyncio
import json
import socket
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.dispatch import open_session
from offhook.realtime.engine import Engine
from offhook.realtime.fanout import CHUNK
from offhook.realtime.session import Session
from offhook.wire.codec import Variant
from offhook.wire.commands import Command
from offhook.wire.json_codec import JsonCodec
from offhook.wire.publication import Publication
from offhook.wire.replies import pub_push

ROUNDS = 25
CLIENTS = 200
"""Connections that send one command each, in one turn of the loop."""
SUBSCRIBERS = 5000
SOCKETS = 2000
"""Subscribers with a socket each, whose two ends are both files of this process."""
MISSED = 10
"""Publications that each of those who return recovers."""
TEXT = json.dumps({"author": "ann", "text": "A message of a chat, as long as they are. " * 3})

_MANY = 10**9
_LIMITS = Limits(commands_a_second=_MANY, commands_at_once=_MANY, handler=600, ping=3600)
"""Nobody is refused, and nobody gives up: a machine that is busy with something else shows in the time alone."""
_JSON = Variant(JsonCodec(), bytes)


class Room(
    Channel[Any],
    pattern="room:{name}",
    history=History(100, "10m"),
    presence=True,
    without_subscription=("publish", "call"),
):
    """Everything on, open to all; nothing that it does takes time."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Any) -> Any:
        return data

    async def on_call(self, client: Client[Any], data: Any) -> Any:
        return data


class Sink:
    """A transport that takes everything and counts it."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, frame: bytes) -> None:
        """Taken."""
        self.written += 1

    def drain(self) -> None:
        """Nothing is kept."""

    @property
    def unsent(self) -> int:
        """Nothing is kept."""
        return 0

    async def close(self, code: int, reason: str) -> None:
        """Fine."""

    def abort(self) -> None:
        """Fine."""


class Wire(Sink):
    """A transport with a socket behind it, and somebody who reads when nobody looks at the clock."""

    def __init__(self) -> None:
        super().__init__()
        self._near, self._far = socket.socketpair()
        self._send = self._near.send

    def write(self, frame: bytes) -> None:
        """Into the kernel."""
        self.written += 1
        self._send(frame)

    def drain(self) -> None:
        """Everything is read."""
        self._far.recv(1 << 20)

    def abort(self) -> None:
        """No socket is left behind."""
        self._near.close()
        self._far.close()


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection."""

    session: Session
    sink: Sink


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of ours, and of what it is compared with."""

    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """How many times the other."""
        return self.ours / self.bare


COMMANDS: Mapping[str, str] = {
    "a call": f'{{"id":7,"rpc":{{"method":"room:other","data":{TEXT}}}}}',
    "a publish": f'{{"id":7,"publish":{{"channel":"room:other","data":{TEXT}}}}}',
    "presence_stats": '{"id":7,"presence_stats":{"channel":"room:1"}}',
    "an unsubscribe": '{"id":7,"unsubscribe":{"channel":"room:other"}}',
    "a subscribe that is refused": '{"id":7,"subscribe":{"channel":"room:1"}}',
}


def report() -> str:
    """The whole measurement as tables."""
    return asyncio.run(_report())


async def _report() -> str:
    async with running() as engine:
        peers = await connect(engine, CLIENTS)
        commands = {name: await inbound(peers, frame) for name, frame in COMMANDS.items()}
    async with running() as engine:
        delivered = await delivery(engine, await connect(engine, SOCKETS, Wire))
    async with running() as engine:
        returned = [await returning(engine, SUBSCRIBERS, MISSED) for _ in range(3)]
    rows = [_row(name, cost) for name, cost in commands.items()]
    return "\n".join(
        [
            f"Processor time in microseconds, medians of {ROUNDS} rounds.",
            "",
            "| an inbound command, until its reply is written | ours | decoding alone | ratio |",
            "| --- | ---: | ---: | ---: |",
            *rows,
            "",
            f"| a delivery, one of {SOCKETS:,} | ours | a bare loop of writes | ratio |",
            "| --- | ---: | ---: | ---: |",
            _row("from the hub into the socket", delivered),
            "",
            f"{SUBSCRIBERS:,} subscribers of one channel return at once, each with {MISSED} publications to "
            f"recover: {statistics.median(returned):.2f} s until all are live again.",
        ]
    )


def _row(name: str, cost: Cost) -> str:
    return f"| {name} | {cost.ours:.2f} | {cost.bare:.2f} | {cost.ratio:.1f} |"


@asynccontextmanager
async def running() -> AsyncIterator[Engine]:
    """An engine with the memory broker."""
    engine = Engine(channels=[Room], broker=MemoryBroker(), limits=_LIMITS, anonymous=True)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def _open(engine: Engine, kind: type[Sink] = Sink) -> Peer:
    sink = kind()
    return Peer(open_session(engine, _JSON, sink, None, Incoming("/", client="127.0.0.1")), sink)


async def connect(engine: Engine, count: int, kind: type[Sink] = Sink) -> list[Peer]:
    """Connections that have subscribed to one channel."""
    peers = [_open(engine, kind) for _ in range(count)]
    for peer in peers:
        peer.session.receive('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:1"}}')
    await _live(peers)
    return peers


async def _live(peers: Sequence[Peer]) -> None:
    waiting = list(peers)
    while waiting:
        await asyncio.sleep(0)
        waiting = [peer for peer in waiting if not any(each.live for each in peer.session.subscriptions.values())]


async def inbound(peers: Sequence[Peer], frame: str, rounds: int = ROUNDS) -> Cost:
    """One command of each of *peers*, from its frame to the reply."""
    decode = msgspec.json.Decoder(Command).decode

    async def answered() -> None:
        goal = [peer.sink.written + 1 for peer in peers]
        for peer in peers:
            peer.session.receive(frame)
        while any(peer.sink.written < written for peer, written in zip(peers, goal, strict=True)):
            await asyncio.sleep(0)

    async def decoded() -> None:
        for _ in peers:
            decode(frame)

    return await _compare(answered, decoded, len(peers), rounds)


async def delivery(engine: Engine, peers: Sequence[Peer], rounds: int = ROUNDS) -> Cost:
    """One publication to all *peers*, from the hub to their transports."""
    position = await engine.broker.publish("room:1", Publication(TEXT.encode()), history=Room.history)
    await asyncio.sleep(1)
    offset, frame = position.offset, _JSON.encode(pub_push("room:1", Publication(TEXT.encode(), 10**6))).frame
    transports = [peer.sink for peer in peers]

    async def delivered() -> None:
        nonlocal offset
        offset += 1
        engine.hub.on_publication("room:1", Publication(TEXT.encode(), offset, position.epoch))
        for _ in range(0, len(peers), CHUNK):
            await asyncio.sleep(0)

    async def written() -> None:
        for transport in transports:
            transport.write(frame)
        await asyncio.sleep(0)

    def drain() -> None:
        for transport in transports:
            transport.drain()

    drain()
    return await _compare(delivered, written, len(peers), rounds, drain)


def _nothing() -> None:
    """Between two rounds."""


async def _compare(
    ours: Callable[[], Awaitable[None]],
    bare: Callable[[], Awaitable[None]],
    count: int,
    rounds: int,
    between: Callable[[], None] = _nothing,
) -> Cost:
    """Both in turn, so that what else the machine does meets both."""
    pairs = []
    for _ in range(rounds):
        first = await _microseconds(ours)
        between()
        pairs.append((first, await _microseconds(bare)))
        between()
    first, second = (statistics.median(each) / count for each in zip(*pairs, strict=True))
    return Cost(first, second)


async def _microseconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    await work()
    return (time.process_time() - began) * 1e6


async def returning(engine: Engine, count: int, missed: int) -> float:
    """Seconds until *count* subscribers that left, and missed publications, are live again."""
    for peer in await connect(engine, count):
        since = await engine.broker.positions(["room:1"])
        peer.session.lost()
    for number in range(missed):
        await engine.broker.publish("room:1", Publication(b"%d" % number), history=Room.history)
    [position] = since
    subscribe = {"channel": "room:1", "recover": True, "offset": position.offset, "epoch": position.epoch}
    frame = '{"id":1,"connect":{}}\n' + json.dumps({"id": 2, "subscribe": subscribe})
    began = time.perf_counter()
    peers = [_open(engine) for _ in range(count)]
    for peer in peers:
        peer.session.receive(frame)
    await _live(peers)
    seconds = time.perf_counter() - began
    for peer in peers:
        peer.session.lost()
    return seconds
