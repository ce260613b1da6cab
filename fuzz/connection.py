"""Whole connections: whatever frames come, a session raises nothing and ends with a code of ours."""

import asyncio
from typing import Any

from offhook.base import codes
from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.brokers.memory import MemoryBroker
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.dispatch import open_session
from offhook.realtime.engine import Engine
from offhook.testing.clock import run, virtual_env
from offhook.wire.codec import Codec, Variant
from offhook.wire.json_codec import JsonCodec
from offhook.wire.protobuf_codec import ProtobufCodec

SEPARATOR = b"\n---\n"
"""Between two frames of an input."""
_CODES = {code.number for code in codes.TABLE if code.kind == "disconnect"}


class Room(Channel[Any], pattern="room:{name}", history=History(10, "1m"), presence=True):
    """Everything on, open to all."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Any) -> Any:
        return data


class _Sink:
    """A transport that takes everything, and checks what it is told at the end."""

    def write(self, frame: bytes) -> None:
        assert frame

    @property
    def unsent(self) -> int:
        return 0

    async def close(self, code: int, reason: str) -> None:
        assert code in _CODES, code

    def abort(self) -> None: ...


def json_connection(data: bytes) -> None:
    """Frames in JSON."""
    run(_talk(JsonCodec(), data))


def protobuf_connection(data: bytes) -> None:
    """Frames in Protobuf."""
    run(_talk(ProtobufCodec(), data))


async def _talk(codec: Codec, data: bytes) -> None:
    env = virtual_env(1)
    engine = Engine(channels=[Room], broker=MemoryBroker(env=env), limits=Limits(), env=env, anonymous=True)
    await engine.start()
    sink = _Sink()
    session = open_session(engine, Variant(codec, bytes), sink, None, Incoming("/", client="127.0.0.1"))
    for frame in data.split(SEPARATOR):
        session.receive(frame)
        await asyncio.wait_for(session.ready(), 60)
        await asyncio.sleep(0.1)  # of virtual time: most replies come before the next frame
    session.lost()
    await engine.stop()
