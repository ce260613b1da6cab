"""The WebSocket class in virtual time: pings, pressure, turns, and every way to end."""

import asyncio
import zlib
from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.base.types import Payload, Receive, Scope, Send
from offhook.testing.clock import run
from offhook.transports.base import DIRECT, Direct
from tests.server.applications import chatter, echo, stubborn
from tests.server.network import House, Network, settle
from tests.server.raw import BINARY, CLOSE, HANDSHAKE, PING, PONG, TEXT, frame

_PING = bytes([0x80 | PING, 0])
_NORMAL = b"\x03\xe8"


def closing(code: int, reason: bytes = b"") -> bytes:
    """The server's Close."""
    payload = code.to_bytes(2) + reason
    return bytes([0x80 | CLOSE, len(payload)]) + payload


def test_what_came_too_early_is_not_lost() -> None:
    async def scenario() -> None:
        early = frame(TEXT, b"early")
        network = House(echo).connect()
        network.say(HANDSHAKE + b"\r\n" + early + early[:3])
        await settle()
        assert network.take().endswith(b"\r\n\r\n\x81\x05early")
        network.say(early[3:])
        await settle()
        assert network.take() == b"\x81\x05early"

    run(scenario())


def test_nothing_is_read_before_the_application_has_accepted() -> None:
    async def scenario() -> None:
        accepts = asyncio.Event()

        async def hesitant(scope: Scope, receive: Receive, send: Send) -> None:
            await accepts.wait()
            await echo(scope, receive, send)

        network = House(hesitant).connect()
        network.say(HANDSHAKE + b"\r\n")
        await settle()
        assert not network.reading
        accepts.set()
        await settle()
        assert network.reading

    run(scenario())


# Pings


def test_5_5_2_a_peer_that_answers_pings_stays() -> None:
    async def scenario() -> None:
        network = await House(echo).upgrade()
        for _ in range(10):
            await asyncio.sleep(21)
            assert network.take() == _PING
            network.say(frame(PONG))
        assert not network.lost

    run(scenario())


def test_5_5_2_a_peer_that_does_not_is_ended_with_its_code() -> None:
    async def scenario() -> None:
        house = House(echo)
        network = await house.upgrade()
        await asyncio.sleep(42)
        assert network.take() == _PING + closing(1011, b"no pong")
        assert network.lost
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_a_peer_that_neither_answers_nor_reads_is_cut() -> None:
    async def scenario() -> None:
        house = House(stubborn)
        network = await house.upgrade()
        network.stall()
        await asyncio.sleep(42)
        assert network.aborted
        assert not house.state.connections

    run(scenario())


def test_a_pong_that_stands_behind_what_the_application_does_not_take_proves_nothing() -> None:
    async def scenario() -> None:
        network = await House(stubborn).upgrade()
        network.say(frame(TEXT, b"nobody takes this") * 200)
        assert not network.reading
        await asyncio.sleep(600)
        assert not network.lost

    run(scenario())


def test_pings_may_be_off() -> None:
    async def scenario() -> None:
        network = await House(echo, ws_ping_interval=None, ws_ping_timeout=None).upgrade()
        await asyncio.sleep(3600)
        assert (network.take(), network.lost) == (b"", False)

    run(scenario())


def test_pings_may_be_without_a_deadline() -> None:
    async def scenario() -> None:
        network = await House(echo, ws_ping_interval=20, ws_ping_timeout=None).upgrade()
        await asyncio.sleep(65)
        assert (network.take(), network.lost) == (_PING * 3, False)

    run(scenario())


def test_5_5_3_under_pressure_the_latest_ping_alone_is_answered() -> None:
    async def scenario() -> None:
        network = await House(chatter).upgrade()
        network.stall()
        await settle()
        for number in range(1000):
            network.say(frame(PING, b"%d" % number))
        assert network.get_write_buffer_size() < 100
        network.read()
        assert network.take().endswith(bytes([0x80 | PONG, 3]) + b"999")

    run(scenario())


# Turns and pressure


def test_a_flood_of_frames_takes_turns_with_others() -> None:
    async def scenario() -> None:
        network = await House(echo, ws_max_size=1 << 20).upgrade()
        network.say(frame(PING) * 5000)
        first = len(network.take()) // 2
        assert 0 < first < 1000
        assert not network.reading
        for _ in range(100):
            await asyncio.sleep(0)
        assert first + len(network.take()) // 2 == 5000
        assert network.reading

    run(scenario())


def test_an_application_that_does_not_read_stops_the_network_and_gets_all_of_it_later() -> None:
    async def scenario() -> None:
        reads = asyncio.Event()
        got: list[str] = []

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await reads.wait()
            while (message := await receive())["type"] == "websocket.receive":
                got.append(message["text"])

        network = await House(late).upgrade()
        network.say(b"".join(frame(TEXT, b"%d" % number) for number in range(3000)))
        assert not network.reading
        reads.set()
        await asyncio.sleep(1)
        assert got == [str(number) for number in range(3000)]
        assert network.reading

    run(scenario())


def test_an_application_waits_while_its_peer_does_not_read() -> None:
    async def scenario() -> None:
        network = await House(chatter).upgrade()
        network.stall()
        await asyncio.sleep(5)
        assert network.get_write_buffer_size() == len(b"\x81\x04tick")
        network.read()
        await settle()
        assert network.take().startswith(b"\x81\x04tick" * 2)

    run(scenario())


# The end


@pytest.mark.parametrize(
    ("said", "answer"),
    [(_NORMAL + b"bye", closing(1000)), (b"", bytes([0x80 | CLOSE, 0])), (b"\x0f\xa0", closing(4000))],
)
def test_7_a_close_is_answered_with_its_code_and_the_connection_ends(said: bytes, answer: bytes) -> None:
    async def scenario() -> None:
        house = House(echo)
        network = await house.upgrade()
        network.say(frame(TEXT, b"last") + frame(CLOSE, said))
        await settle()
        assert network.take() == answer
        assert network.lost
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_7_our_close_waits_for_that_of_the_peer() -> None:
    async def scenario() -> None:
        network = await House(_leaving).upgrade()
        network.say(frame(TEXT, b"?"))
        await settle()
        assert network.take() == closing(4001, b"enough")
        network.say(frame(TEXT, b"too late") + frame(PING) + frame(CLOSE, b"\x0f\xa1"))
        await settle()
        assert (network.take(), network.lost, network.aborted) == (b"", True, False)

    run(scenario())


@pytest.mark.parametrize("said", [b"", frame(3), frame(TEXT, b"x")])
def test_7_but_not_for_ever(said: bytes) -> None:
    async def scenario() -> None:
        house = House(_leaving)
        network = await house.upgrade()
        network.say(frame(TEXT, b"?"))
        await settle()
        network.say(said)
        await asyncio.sleep(11)
        assert network.lost
        assert not house.state.connections

    run(scenario())


async def _leaving(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that closes after the first message."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.close", "code": 4001, "reason": "enough"})


def test_a_peer_that_does_not_read_its_close_is_cut() -> None:
    async def scenario() -> None:
        house = House(echo)
        network = await house.upgrade()
        network.stall()
        network.say(frame(3))
        await settle()
        assert not network.lost
        await asyncio.sleep(11)
        assert network.aborted
        assert not house.state.connections

    run(scenario())


def test_what_came_before_an_error_is_received_even_by_a_slow_application() -> None:
    async def scenario() -> None:
        reads = asyncio.Event()
        got: list[object] = []

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await reads.wait()
            while (message := await receive())["type"] == "websocket.receive":
                got.append(message["text"])
            got.append(message["code"])

        network = await House(late).upgrade()
        network.say(frame(TEXT, b"x") * 200 + frame(3))
        reads.set()
        await settle()
        await settle()
        assert got == ["x"] * 200 + [1002]

    run(scenario())


def test_a_server_that_ends_says_so() -> None:
    async def scenario() -> None:
        house = House(echo)
        idle, asked, opened = house.connect(), house.connect(), await house.upgrade()
        asked.say(HANDSHAKE + b"\r\n")
        for connection in list(house.state.connections):
            connection.shutdown()
        await settle()
        assert idle.lost
        assert asked.take().startswith(b"HTTP/1.1 503 ")
        assert opened.take() == closing(1012)
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_the_end_of_the_server_does_not_wait_for_a_closing_handshake() -> None:
    async def scenario() -> None:
        house = House(_leaving)
        network = await house.upgrade()
        network.say(frame(TEXT, b"?"))
        await settle()
        [connection] = house.state.connections
        connection.shutdown()
        await settle()
        assert network.lost

    run(scenario())


@pytest.mark.parametrize("sent", [b"", frame(TEXT, b"x"), frame(TEXT, b"half")[:5], frame(CLOSE)])
def test_a_peer_that_vanishes_leaves_nothing_behind(sent: bytes) -> None:
    async def scenario() -> None:
        house = House(echo)
        network = await house.upgrade()
        network.say(sent)
        network.vanish()
        await settle()
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


# Compression


def test_7692_compression_only_when_asked_for_by_both() -> None:
    async def scenario() -> None:
        offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        for wanted in (False, True):
            network = House(echo, ws_per_message_deflate=wanted).connect()
            network.say(HANDSHAKE + offer)
            await settle()
            assert (b"permessage-deflate" in network.take()) is wanted

    run(scenario())


def test_7692_a_compressed_message_comes_back_compressed() -> None:
    async def scenario() -> None:
        offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        network = await House(echo, ws_per_message_deflate=True).upgrade(offer)
        stream = zlib.compressobj(wbits=-15)
        packed = (stream.compress(b"word " * 1000) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]
        network.say(frame(TEXT, packed, reserved=0x40))
        await settle()
        answer = network.take()
        assert answer[0] == 0x80 | 0x40 | TEXT
        assert zlib.decompressobj(-15).decompress(answer[2 if answer[1] < 126 else 4 :]) == b"word " * 1000

    run(scenario())


def test_7692_a_bomb_closes_with_1009() -> None:
    async def scenario() -> None:
        offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        network = await House(echo, ws_per_message_deflate=True, ws_max_size=1 << 16).upgrade(offer)
        stream = zlib.compressobj(wbits=-15)
        packed = (stream.compress(bytes(10 << 20)) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]
        network.say(frame(BINARY, packed, reserved=0x40))
        assert network.take().startswith(closing(1009)[:1])
        await settle()
        assert network.lost

    run(scenario())


# Direct


class Taker:
    """A sink that takes every connection over."""

    def __init__(self, **settings: Any) -> None:
        self.told: list[object] = []
        self.direct: Direct
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.direct = scope["extensions"][DIRECT]
        await receive()
        await send({"type": "websocket.accept"})
        self.direct.take(self, limit=1000, **self._settings)

    def received(self, message: Payload) -> None:
        self.told.append(message)

    def lost(self, code: int, reason: str) -> None:
        self.told.append((code, reason))

    def pause_writing(self) -> None:
        self.told.append("busy")

    def resume_writing(self) -> None:
        self.told.append("free")


async def taken(taker: Taker) -> tuple[House, Network]:
    house = House(taker)
    network = await house.upgrade()
    assert not house.state.tasks, "the application's call has returned"
    assert not network.lost
    return house, network


def test_a_connection_that_was_taken_over_stays_open_without_a_task() -> None:
    async def scenario() -> None:
        taker = Taker()
        house, network = await taken(taker)
        network.say(frame(TEXT, b"one") + frame(BINARY, b"two"))
        taker.direct.write(b"any bytes")
        assert network.take() == b"any bytes"
        assert taker.told == ["one", b"two"]
        network.say(frame(CLOSE, _NORMAL + b"bye"))
        await settle()
        assert taker.told[2:] == [(1000, "bye")]
        assert network.take() == closing(1000)
        assert not house.state.connections

    run(scenario())


def test_what_came_too_early_is_told_to_whoever_takes_over() -> None:
    async def scenario() -> None:
        taker = Taker()
        network = House(taker).connect()
        network.say(HANDSHAKE + b"\r\n" + b"".join(frame(TEXT, b"%d" % number) for number in range(200)))
        await settle()
        assert taker.told == [str(number) for number in range(200)]

    run(scenario())


def test_texts_as_bytes_and_a_limit_of_its_own() -> None:
    async def scenario() -> None:
        taker = Taker(text_as_bytes=True)
        _, network = await taken(taker)
        network.say(frame(TEXT, "é".encode()) + frame(TEXT, b"x" * 1001))
        assert taker.told == ["é".encode(), (1009, "message too big")]

    run(scenario())


def test_who_pings_by_himself_is_spared_those_of_the_server() -> None:
    async def scenario() -> None:
        _, network = await taken(Taker(pings=False))
        await asyncio.sleep(3600)
        assert (network.take(), network.lost) == (b"", False)

    run(scenario())


def test_a_sink_may_pause_in_the_middle() -> None:
    async def scenario() -> None:
        taker = Taker()
        _, network = await taken(taker)
        taker.direct.pause_reading()
        assert not network.reading
        network.reading = True
        network.say(frame(TEXT, b"1") + frame(TEXT, b"2"))
        assert taker.told == []
        taker.direct.resume_reading()
        assert taker.told == ["1", "2"]
        assert network.reading

    run(scenario())


def test_a_sink_hears_of_pressure_also_when_it_comes_late() -> None:
    async def scenario() -> None:
        taker = Taker()
        _, network = await taken(taker)
        network.stall()
        taker.direct.write(b"much")
        assert taker.told == ["busy"]
        late = Taker()
        taker.direct.take(late, limit=1)
        assert late.told == ["busy"]
        network.read()
        assert late.told == ["busy", "free"]

    run(scenario())


def test_a_sink_closes_in_order_or_at_once() -> None:
    async def scenario() -> None:
        taker = Taker()
        house, network = await taken(taker)
        taker.direct.close(3001, "shutdown")
        taker.direct.close(3001, "again")
        assert network.take() == closing(3001, b"shutdown")
        network.say(frame(TEXT, b"unheard") + frame(CLOSE, b"\x0b\xb9"))
        await settle()
        assert taker.told == [(1006, "")]
        assert not house.state.connections

        _, network = await taken(taker)
        taker.direct.abort()
        assert network.aborted

    run(scenario())


def test_who_comes_too_late_is_told_and_who_comes_too_early_is_wrong() -> None:
    async def scenario() -> None:
        taker = Taker()
        _, network = await taken(taker)
        network.vanish()
        await settle()
        late = Taker()
        taker.direct.take(late, limit=1)
        assert late.told == [(1006, "")]

        async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
            with pytest.raises(UsageError, match="accept the WebSocket before"):
                scope["extensions"][DIRECT].take(late, limit=1)
            await send({"type": "websocket.close"})

        network = House(hasty).connect()
        network.say(HANDSHAKE + b"\r\n")
        await settle()
        assert network.take().startswith(b"HTTP/1.1 403 ")

    run(scenario())


def test_an_application_that_fails_after_it_gave_away_the_connection_ends_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        taker = Taker()

        async def failing(scope: Scope, receive: Receive, send: Send) -> None:
            await taker(scope, receive, send)
            raise ZeroDivisionError

        network = House(failing).connect()
        network.say(HANDSHAKE + b"\r\n")
        await settle()
        assert network.take().endswith(closing(1011))
        assert taker.told == [(1011, "")]

    run(scenario())
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("tls", "seconds"), [(False, 11), (True, 1.1)])
def test_an_early_close_is_not_lost_while_the_peer_goes_on_sending(tls: bool, seconds: float) -> None:
    async def scenario() -> None:
        network = await House(echo, ws_max_size=1000).upgrade()
        network.stubborn, network.tls = True, tls
        network.say(frame(BINARY, bytes(2000)))
        assert network.take().startswith(closing(1009)[:1])
        for _ in range(9):
            network.say(bytes(2000))
            await asyncio.sleep(0.1)
        assert (network.ended, network.lost) == (not tls, False)
        await asyncio.sleep(seconds)
        assert network.lost

    run(scenario())
