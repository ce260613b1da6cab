"""The end of a server, in virtual time: who is told when, who is still served, and who is cut off."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from offhook import Realtime
from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.server.running import Server, configuration, say_evenly
from offhook.server.settings import Settings
from offhook.testing.clock import run
from tests.apps.ticks import Ticks
from tests.server.applications import echo
from tests.server.network import Network, settle
from tests.server.raw import HANDSHAKE, TEXT, frame

GET = b"GET %s HTTP/1.1\r\nHost: test\r\n\r\n"
LINE = HANDSHAKE.replace(b"GET / ", b"GET /connection/websocket ") + b"\r\n"


class Running:
    """A server without a port, and its end."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ended = 0.0
        """How long its end took."""

    def connect(self, sent: bytes = b"") -> Network:
        protocol = self.server._connection()
        network = Network(protocol)
        protocol.connection_made(network)
        if sent:
            network.say(sent)
        return network

    async def line(self) -> Network:
        network = self.connect(LINE)
        await settle()
        network.say(frame(TEXT, b'{"id":1,"connect":{}}'))
        await settle()
        assert b"connect" in network.take()
        return network

    async def end(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.server.shutdown([])
        self.ended = loop.time() - began


@asynccontextmanager
async def serving(app: AsgiApp, drain: float = 10) -> AsyncIterator[Running]:
    """*app*, served with *drain* seconds for its end."""
    config = configuration(app, Settings())
    config.load()
    server = Server(config, drain, lambda: None)
    server.lifespan = config.lifespan_class(config)
    await server.startup([])
    yield Running(server)
    assert not server.server_state.tasks or server.force_exit
    for task in server.server_state.tasks:
        task.cancel()


def ticks() -> Realtime:
    return Realtime(channels=[Ticks], health=True)


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path's number, after so many seconds."""
    if scope["type"] == "http":
        await asyncio.sleep(float(scope["path"][1:]))
    await echo(scope, receive, send)


def test_farewells_are_spread_over_the_time() -> None:
    async def scenario() -> None:
        loop, said = asyncio.get_running_loop(), list[float]()
        began = loop.time()
        await say_evenly([lambda: said.append(loop.time() - began)] * 1000, 5)
        assert said == pytest.approx([number * 0.005 for number in range(1, 1001)])
        await say_evenly([], 5)
        assert loop.time() - began == pytest.approx(5)

    run(scenario())


def test_lines_are_told_one_after_the_other_in_the_first_half() -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            lines = [await running.line() for _ in range(10)]
            ending = asyncio.create_task(running.end())
            for second in range(1, 6):
                await asyncio.sleep(1.001)
                told = [line.take() for line in lines]
                assert [said[2:4] for said in told if said] == [(3001).to_bytes(2)] * 2, second
            for line in lines:
                line.vanish()
            await ending
            assert running.ended < 5.5

    run(scenario())


def test_readiness_turns_first_and_requests_are_still_answered() -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            line = await running.line()
            kept = running.connect(GET % b"/readyz")
            await settle()
            assert b"connection: close" not in kept.take()
            ending = asyncio.create_task(running.end())
            await asyncio.sleep(1)
            kept.say(GET % b"/readyz")
            await settle()
            answer = kept.take()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"connection: close" in answer
            assert kept.lost
            assert line.take() == b""
            await ending
            assert line.take()[2:4] == (3001).to_bytes(2)

    run(scenario())


@pytest.mark.parametrize("head", [LINE, HANDSHAKE + b"\r\n", GET % b"/connection/uni_sse?cf_connect={}"])
def test_nobody_new_is_let_in(head: bytes) -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            await running.line()
            ending = asyncio.create_task(running.end())
            await asyncio.sleep(1)
            late = running.connect(head)
            await settle()
            assert late.take().startswith(b"HTTP/1.1 503 ")
            await ending

    run(scenario())


def test_who_is_on_the_way_in_is_told_as_well() -> None:
    async def scenario() -> None:
        async def slow_to_know(incoming: object) -> None:
            await asyncio.sleep(2)

        async with serving(Realtime(channels=[Ticks], authenticate=slow_to_know, anonymous=True)) as running:
            knocking = running.connect(LINE)
            await running.end()
            assert knocking.take().startswith(b"HTTP/1.1 503 ")

    run(scenario())


def test_raw_sockets_end_as_evenly() -> None:
    async def scenario() -> None:
        async with serving(echo) as running:
            sockets = [running.connect(HANDSHAKE + b"\r\n") for _ in range(5)]
            await settle()
            assert all(each.take().startswith(b"HTTP/1.1 101 ") for each in sockets)
            ending = asyncio.create_task(running.end())
            for number in range(1, 6):
                await asyncio.sleep(1.001)
                assert sum(each.sent[2:4] == (1012).to_bytes(2) for each in sockets) == number
            await ending

    run(scenario())


def test_a_stream_over_http_ends_with_its_code() -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            stream = running.connect(GET % b"/connection/uni_sse?cf_connect={}")
            await settle()
            await running.end()
            assert stream.take().endswith(b"\r\n0\r\n\r\n")
            assert stream.lost

    run(scenario())


def test_nothing_to_do_is_done_at_once() -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            idle = running.connect(GET % b"/healthz")
            await settle()
            await running.end()
            assert running.ended < 0.5
            assert idle.lost

    run(scenario())


def test_who_has_just_come_is_about_to_ask() -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            asks, says_nothing = running.connect(), running.connect()
            ending = asyncio.create_task(running.end())
            await asyncio.sleep(0.5)
            asks.say(GET % b"/healthz")
            await settle()
            assert asks.take().startswith(b"HTTP/1.1 200 ")
            assert asks.lost
            await ending
            assert says_nothing.lost
            assert running.ended < 1.5

    run(scenario())


@pytest.mark.parametrize(("seconds", "status"), [(2, b"200"), (7, b"200"), (60, b"500")])
def test_requests_under_way_end_or_are_cut_off(
    seconds: int, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(slow) as running:
            request = running.connect(GET % b"/%d" % seconds)
            await settle()
            await running.end()
            assert running.ended == pytest.approx(min(seconds, 10), abs=0.3)
            assert request.take()[9:12] == status

    with caplog.at_level(logging.WARNING, "offhook.server"):
        run(scenario())
    cut = ["cut off while under way: 1 requests and sockets"]
    assert caplog.messages == (cut if seconds > 10 else [])


def _signals(server: Server, *signals: int) -> None:
    for number in signals:
        server.handle_exit(number, None)
    server.has_ended()


@pytest.mark.parametrize(
    ("signals", "seconds"), [((signal.SIGTERM,), 5), ((signal.SIGINT,), 0), ((signal.SIGTERM, signal.SIGTERM), 5)]
)
def test_who_presses_ctrl_c_does_not_watch(signals: tuple[int, ...], seconds: float) -> None:
    async def scenario() -> None:
        async with serving(ticks()) as running:
            line = await running.line()
            _signals(running.server, *signals)
            await running.end()
            assert line.take()[2:4] == (3001).to_bytes(2)
            # A second more, for a peer that does not answer.
            assert running.ended == pytest.approx(seconds + 1, abs=0.3)

    run(scenario())


def test_without_any_time_lines_are_told_all_the_same() -> None:
    async def scenario() -> None:
        async with serving(ticks(), drain=0) as running:
            lines = [await running.line() for _ in range(3)]
            await running.end()
            assert [line.take()[2:4] for line in lines] == [(3001).to_bytes(2)] * 3
            assert running.ended < 0.5

    run(scenario())


def test_a_second_ctrl_c_waits_for_nobody() -> None:
    async def scenario() -> None:
        async with serving(slow) as running:
            running.connect(GET % b"/60")
            await settle()
            _signals(running.server, signal.SIGTERM, signal.SIGINT, signal.SIGINT)
            await running.end()
            assert running.ended < 0.5

    run(scenario())


def test_the_last_resort_is_called_off_by_an_ordinary_end(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[float, Callable[[], None]]] = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            timers.append((seconds, function))

        def start(self) -> None: ...

        def cancel(self) -> None:
            del timers[:]

    monkeypatch.setattr("threading.Timer", Timer)
    server = Server(configuration(echo, Settings()), 10, lambda: None)
    server.handle_exit(signal.SIGTERM, None)
    server.handle_exit(signal.SIGINT, None)
    assert [seconds for seconds, _ in timers] == [12, 2]
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    timers[0][1]()
    assert ended == [1]
    server.has_ended()
    assert timers == []
