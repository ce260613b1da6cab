"""The line over a connection of our own server, without ASGI in between."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from offhook.transports.websocket import WebSocketEndpoint
from tests.realtime.peers import News
from tests.server.network import House, Network, settle
from tests.server.raw import BINARY, CLOSE, HANDSHAKE, PING, TEXT, frame
from tests.transports.entrances import entrance

CONNECT = frame(TEXT, b'{"id":1,"connect":{}}')
SUBSCRIBE = frame(TEXT, b'{"id":2,"subscribe":{"channel":"news"}}')


@asynccontextmanager
async def serving(limits: Limits | None = None, **settings: Any) -> AsyncIterator[tuple[House, Engine]]:
    async with entrance(limits=limits) as way_in:
        yield House(WebSocketEndpoint(way_in), **settings), way_in.engine


def frames(network: Network) -> list[bytes]:
    """The payloads of the short frames that the server has sent."""
    data, found = network.take(), []
    while data:
        size, start = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4]), 4)
        found.append(data[start : start + size])
        data = data[start + size :]
    return found


def close_code(network: Network) -> int:
    """The code of the Close that came last."""
    return int.from_bytes(frames(network)[-1][:2])


def test_who_does_not_answer_a_ping_is_not_waited_for() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await house.upgrade()
            network.say(CONNECT)
            await asyncio.sleep(35)
            assert close_code(network) == 3012
            assert network.lost
            assert not engine.sessions

    run(scenario())


def test_a_line_without_a_task() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await house.upgrade()
            network.say(CONNECT)
            await settle()
            assert json.loads(frames(network)[0])["connect"]["ping"] == 25
            network.say(SUBSCRIBE)
            await settle()
            assert frames(network) == [b'{"id":2,"subscribe":{}}']
            assert not house.state.tasks
            await engine.line.publish(News(), 5)
            await settle()
            assert frames(network) == [b'{"push":{"channel":"news","pub":{"data":5}}}']
            network.say(frame(CLOSE, b"\x03\xe8"))
            await settle()
            assert (len(engine.sessions), len(house.state.connections)) == (0, 0)

    run(scenario())


def test_all_lines_of_one_variant_are_written_the_same_object() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            networks = [await _subscribed(house) for _ in range(3)]
            await engine.line.publish(News(), 5)
            await settle()
            assert networks[0].written == b'\x81\x2c{"push":{"channel":"news","pub":{"data":5}}}'
            assert len({id(network.written) for network in networks}) == 1

    run(scenario())


def test_protobuf_is_binary() -> None:
    async def scenario() -> None:
        async with serving() as (house, _):
            network = await house.upgrade(b"Sec-WebSocket-Protocol: centrifuge-protobuf\r\n")
            network.say(frame(BINARY, bytes([4, 0x08, 1, 0x22, 0])))
            await settle()
            assert network.take()[0] == 0x80 | BINARY
            network.say(CONNECT)
            await settle()
            assert close_code(network) == 3501

    run(scenario())


def test_what_is_compressed_is_compressed_once_for_all() -> None:
    async def scenario() -> None:
        async with serving(ws_per_message_deflate=True) as (house, engine):
            offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            networks = [await _subscribed(house, offer) for _ in range(2)]
            await engine.line.publish(News(), 5, tags={"long": "0" * 300})
            await settle()
            assert networks[0].written is networks[1].written
            frame = networks[0].take()
            assert frame[0] == 0x80 | 0x40 | TEXT
            inflated = zlib.decompressobj(-15).decompress(frame[2:])
            assert inflated == b'{"push":{"channel":"news","pub":{"data":5,"tags":{"long":"%s"}}}}' % (b"0" * 300)

    run(scenario())


def test_5_the_line_pings_and_the_server_does_not() -> None:
    async def scenario() -> None:
        async with serving() as (house, _):
            network = await house.upgrade()
            network.say(CONNECT)
            await settle()
            network.take()
            for _ in range(5):
                await asyncio.sleep(25)
                assert frames(network) == [b"{}"]
                network.say(frame(TEXT, b"{}"))
            await asyncio.sleep(60)
            assert close_code(network) == 3012

    run(scenario())


def test_5_or_the_other_way_round() -> None:
    async def scenario() -> None:
        async with serving() as (house, _):
            network = house.connect()
            network.say(HANDSHAKE.replace(b"GET /", b"GET /?cf_ws_frame_ping_pong=true") + b"\r\n")
            await settle()
            network.say(CONNECT)
            await settle()
            network.take()
            await asyncio.sleep(21)
            assert network.take() == bytes([0x80 | PING, 0])

    run(scenario())


def test_4_who_says_nothing_is_closed() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await house.upgrade()
            await asyncio.sleep(11)
            assert close_code(network) == 3502
            assert not network.lost, "the peer has time for its part"
            network.say(frame(CLOSE, b"\x0d\xae"))
            await settle()
            assert (len(engine.sessions), len(house.state.connections)) == (0, 0)

    run(scenario())


@pytest.mark.parametrize(
    ("sent", "code"), [(frame(TEXT, b"x" * 2000), 3015), (frame(3), 1002), (frame(TEXT, b"\xff"), 1007)]
)
def test_what_breaks_the_websocket_ends_the_session(sent: bytes, code: int) -> None:
    async def scenario() -> None:
        async with serving(Limits(command_frame=1000)) as (house, engine):
            network = await house.upgrade()
            network.say(sent)
            assert close_code(network) == code
            await settle()
            assert (len(engine.sessions), len(house.state.connections)) == (0, 0)

    run(scenario())


def test_commands_in_flight_are_bounded_by_not_reading() -> None:
    async def scenario() -> None:
        async with serving(Limits(commands_in_flight=1)) as (house, _):
            network = await house.upgrade()
            network.say(CONNECT)
            await settle()
            network.take()
            wanted = (b'{"id":%d,"presence":{"channel":"room:a"}}' % number for number in range(3, 50))
            join = frame(TEXT, b'{"id":2,"subscribe":{"channel":"room:a"}}')
            network.say(join + b"".join(frame(TEXT, each) for each in wanted))
            assert not network.reading
            await asyncio.sleep(1)
            assert b'"id":49' in network.take()
            assert network.reading

    run(scenario())


# Pressure


async def _subscribed(house: House, extra: bytes = b"") -> Network:
    network = await house.upgrade(extra)
    for command in (CONNECT, SUBSCRIBE):
        network.say(command)
        await settle()
    network.take()
    return network


def test_what_waits_for_a_busy_network_is_joined() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await _subscribed(house)
            network.stall()
            for number in range(4):
                await engine.line.publish(News(), number)
                await settle()
            network.read()
            await settle()
            first, joined = frames(network)
            assert json.loads(first)["push"]["pub"]["data"] == 0
            assert [json.loads(each)["push"]["pub"]["data"] for each in joined.splitlines()] == [1, 2, 3]

    run(scenario())


def test_a_line_that_does_not_read_is_cut_and_slows_nobody() -> None:
    async def scenario() -> None:
        async with serving(Limits(queue=1000)) as (house, engine):
            stalled, healthy = await _subscribed(house), await _subscribed(house)
            stalled.stall()
            for number in range(100):
                await engine.line.publish(News(), number)
                await settle()
                assert len(frames(healthy)) == 1, number
            assert stalled.get_write_buffer_size() < 500
            assert len(engine.sessions) == 1
            await asyncio.sleep(11)
            assert stalled.aborted
            assert len(house.state.connections) == 1

    run(scenario())


def test_a_write_has_its_deadline() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await _subscribed(house)
            network.stall()
            await engine.line.publish(News(), 1)
            await asyncio.sleep(10.5)
            assert len(engine.sessions) == 0
            assert network.aborted
            assert not house.state.connections

    run(scenario())


def test_a_line_that_vanishes_under_pressure_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await _subscribed(house)
            network.stall()
            await engine.line.publish(News(), 1)
            network.vanish()
            await settle()
            await engine.line.publish(News(), 2)
            assert (len(engine.sessions), len(house.state.connections)) == (0, 0)

    run(scenario())


def test_the_end_of_the_engine_is_told_with_3001() -> None:
    async def scenario() -> None:
        async with serving() as (house, engine):
            network = await _subscribed(house)
            await engine.stop()
            await settle()
            assert close_code(network) == 3001

    run(scenario())
