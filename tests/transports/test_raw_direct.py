"""A route's own socket over a connection of our own server: what only that door does."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.base.incoming import incoming
from offhook.base.limits import Limits
from offhook.base.types import Receive, Scope, Send
from offhook.realtime.sessions import Sessions
from offhook.testing.clock import run
from offhook.transports.raw import Closed, WebSocket, open_socket, serve_socket
from tests.server.network import House, Network, settle
from tests.server.raw import CLOSE, HANDSHAKE, TEXT, frame
from tests.transports.test_raw import Handler, serving


def house_of(handler: Handler, limits: Limits | None = None, **settings: Any) -> House:
    return House(serving(handler, limits or Limits()), **settings)


@asynccontextmanager
async def upgraded(
    handler: Handler, limits: Limits | None = None, extra: bytes = b"", **settings: Any
) -> AsyncIterator[tuple[House, Network]]:
    """One connection; when the block has ended, nothing of it is left."""
    house = house_of(handler, limits, **settings)
    network = await house.upgrade(extra)
    yield house, network
    network.vanish()
    await settle()
    assert (len(house.state.tasks), len(house.state.connections)) == (0, 0)


async def accepts(ws: WebSocket) -> None:
    """Waits for the end."""
    await ws.accept()
    with contextlib.suppress(Closed):
        await ws.receive()


def test_the_call_ends_with_the_upgrade_and_one_task_is_left() -> None:
    returned: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ws = open_socket(scope, receive, send, incoming(scope), Limits())
        await serve_socket(ws, lambda: accepts(ws), Sessions(Limits()))
        returned.append(True)

    async def scenario() -> None:
        house = House(app)
        network = await house.upgrade()
        assert returned == [True]
        assert len(house.state.tasks) == 1
        network.say(frame(CLOSE, b"\x03\xe8"))
        await settle()
        assert not house.state.tasks

    run(scenario())


def test_a_flood_that_nobody_receives_stops_the_network_and_is_received_later() -> None:
    got: list[Any] = []
    begins = asyncio.Event()

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await begins.wait()
        got.extend([text async for text in ws])

    async def scenario() -> None:
        async with upgraded(handler) as (_, network):
            network.say(b"".join(frame(TEXT, b"%d" % number) for number in range(2000)))
            await settle()
            assert not network.reading
            begins.set()
            await asyncio.sleep(1)
            assert network.reading
            network.say(frame(TEXT, b"2000"))
            await settle()
        assert got == [f"{number}" for number in range(2001)]

    run(scenario())


def test_one_long_message_that_nobody_receives_stops_the_network() -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        await ws.receive()
        await ws.receive()

    async def scenario() -> None:
        async with upgraded(handler) as (_, network):
            network.say(frame(TEXT, b"x" * 5000))
            assert not network.reading
            await asyncio.sleep(2)
            assert network.reading

    run(scenario())


def test_a_flood_takes_turns_with_others() -> None:
    got: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        async for text in ws:
            got.append(text)

    async def scenario() -> None:
        async with upgraded(_accepted(handler)) as (_, network):
            network.say(frame(TEXT, b"x") * 5000)
            await asyncio.sleep(0)
            assert 0 < len(got) < 1000
            for _ in range(100):
                await asyncio.sleep(0)
            assert len(got) == 5000

    run(scenario())


def _accepted(handler: Handler) -> Handler:
    async def accepted(ws: WebSocket) -> None:
        await ws.accept()
        await handler(ws)

    return accepted


def test_what_is_sent_ahead_of_a_peer_that_does_not_read_is_bounded_in_bytes_and_time() -> None:
    sent: list[int] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        while True:
            await ws.send("x" * 1000)
            sent.append(1)

    async def scenario() -> None:
        async with upgraded(handler, Limits(socket_backlog=50_000)) as (house, network):
            network.stall()
            await asyncio.sleep(10)
            assert len(sent) == 50
            assert 50_000 < network.get_write_buffer_size() < 52_000
            await asyncio.sleep(2)
            assert network.aborted
            assert not house.state.tasks

    run(scenario())


def test_a_slow_peer_keeps_no_other_waiting() -> None:
    sockets: list[WebSocket] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        sockets.append(ws)
        await accepts(ws)

    async def scenario() -> None:
        house = house_of(handler)
        slow, quick = await house.upgrade(), await house.upgrade()
        slow.stall()
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            for each in sockets:
                await each.send("x" * 1000)
        assert asyncio.get_running_loop().time() == began
        assert len(quick.take()) == 100 * 1004
        slow.vanish()
        quick.vanish()
        await settle()

    run(scenario())


def test_a_message_to_many_is_framed_once() -> None:
    sockets: list[WebSocket] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        sockets.append(ws)
        await accepts(ws)

    async def scenario() -> None:
        house = house_of(handler)
        networks = [await house.upgrade() for _ in range(3)]
        for each in sockets:
            await each.send(text)
        assert len({id(network.written) for network in networks}) == 1
        changing: Any = bytearray(b"a" * 300)
        await sockets[0].send(changing)
        changing[0] = 0
        await sockets[1].send(changing)
        assert networks[0].written[4:] == b"a" * 300
        assert networks[1].written[4:] == bytes(changing)
        for network in networks:
            network.vanish()
        await settle()

    text = "é" * 300
    run(scenario())


def test_what_is_sent_is_compressed_where_that_was_agreed_on() -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.send("x" * 1000)
        await ws.send("short")

    async def scenario() -> None:
        offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        house = house_of(handler, ws_per_message_deflate=True)
        network = house.connect()
        network.say(HANDSHAKE + offer + b"\r\n")
        await settle()
        frames = network.take().partition(b"\r\n\r\n")[2]
        assert frames[0] == 0x80 | 0x40 | TEXT
        assert zlib.decompressobj(-15).decompress(frames[2 : 2 + frames[1]]) == b"x" * 1000
        assert frames[2 + frames[1] :].startswith(b"\x81\x05short")
        network.vanish()
        await settle()

    run(scenario())


def test_a_task_that_is_killed_closes_its_socket() -> None:
    async def scenario() -> None:
        async with upgraded(accepts) as (house, network):
            for task in house.state.tasks:
                task.cancel()
            await settle()
            assert network.take() == b"\x88\x02\x03\xf3"  # 1011

    run(scenario())


def test_the_end_of_the_server_is_told_to_both_sides() -> None:
    codes: list[int | None] = []

    async def handler(ws: WebSocket) -> None:
        await accepts(ws)
        codes.append(ws.close_code)

    async def scenario() -> None:
        async with upgraded(handler) as (house, network):
            for each in list(house.state.connections):
                each.shutdown()
            await settle()
            assert network.take() == b"\x88\x02\x03\xf4"  # 1012
            assert not house.state.tasks

    run(scenario())
    assert codes == [1012]


def test_a_call_that_is_given_up_before_the_upgrade_takes_its_socket_with_it() -> None:
    ended: list[bool] = []

    async def handler(ws: WebSocket) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    async def scenario() -> None:
        async def hurried(scope: Scope, receive: Receive, send: Send) -> None:
            async with asyncio.timeout(1):
                await serving(handler)(scope, receive, send)

        house = House(hurried)
        network = house.connect()
        network.say(HANDSHAKE + b"\r\n")
        await asyncio.sleep(2)
        assert ended == [True]
        assert network.take().startswith(b"HTTP/1.1 500 ")
        assert not house.state.tasks

    run(scenario())


def test_who_sends_while_another_task_accepts_waits_for_that() -> None:
    async def handler(ws: WebSocket) -> None:
        await asyncio.gather(ws.accept("a"), ws.send("1"), ws.send("2"))

    async def scenario() -> None:
        async def hesitant(scope: Scope, receive: Receive, send: Send) -> None:
            async def slow(message: Any) -> None:
                await asyncio.sleep(1)
                await send(message)

            await serving(handler)(scope, receive, slow)

        network = House(hesitant).connect()
        network.say(HANDSHAKE + b"Sec-WebSocket-Protocol: a\r\n\r\n")
        await asyncio.sleep(2)
        head, _, frames = network.take().partition(b"\r\n\r\n")
        assert b"sec-websocket-protocol: a" in head
        assert frames.startswith(b"\x81\x011\x81\x012")
        network.vanish()
        await settle()

    run(scenario())


def test_one_task_at_a_time_receives() -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        first = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(UsageError, match="one task at a time"):
            await ws.receive()
        await ws.send(await first)

    async def scenario() -> None:
        async with upgraded(handler) as (_, network):
            network.say(frame(TEXT, b"x"))
            await settle()
            assert network.take().startswith(b"\x81\x01x")

    run(scenario())


def test_a_close_code_that_may_not_be_sent_closes_nothing() -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.receive()
        with pytest.raises(UsageError, match="1006 is no close code"):
            await ws.close(1006)
        await ws.send("open")

    async def scenario() -> None:
        async with upgraded(_accepted(handler)) as (_, network):
            network.say(frame(TEXT, b"x"))
            await settle()
            assert network.take().startswith(b"\x81\x04open")

    run(scenario())


def test_a_socket_that_is_closed_wakes_who_receives() -> None:
    codes: list[int] = []

    async def handler(ws: WebSocket) -> None:
        async def listen() -> None:
            with pytest.raises(Closed) as closed:
                await ws.receive()
            codes.append(closed.value.code)

        await ws.accept()
        listening = asyncio.create_task(listen())
        await asyncio.sleep(1)
        await ws.close(4000)
        await listening

    async def scenario() -> None:
        async with upgraded(handler):
            await asyncio.sleep(2)

    run(scenario())
    assert codes == [4000]
