"""A route's own socket."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import Denied as NotAllowed, Disconnect, NotFound, Unauthorized
from offhook.base.incoming import incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send
from offhook.realtime.sessions import Sessions
from offhook.testing import asgi
from offhook.testing.clock import run
from offhook.transports.raw import Closed, WebSocket, WebSocketState, open_socket, serve_socket
from tests.transports.doors import by_asgi, by_direct

Handler = Callable[[WebSocket], Awaitable[object]]
Dialled = Callable[..., AbstractAsyncContextManager[Any]]
LIMITS = Limits(socket_message=1000, socket_backlog=0)
DOORS = {"asgi": by_asgi, "direct": by_direct}


def serving(handler: Handler, limits: Limits = LIMITS) -> AsgiApp:
    sessions = Sessions(limits)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ws = open_socket(scope, receive, send, incoming(scope), limits)
        await serve_socket(ws, lambda: handler(ws), sessions)

    return app


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dialled(door: str) -> Dialled:
    return lambda handler, **options: DOORS[door](serving(handler), **options)


async def echo(ws: WebSocket) -> None:
    async for data in ws:
        await ws.send(data)


def test_text_and_binary_are_echoed(dialled: Dialled) -> None:
    async def scenario() -> None:
        async with dialled(echo) as client:
            for data in ("é", b"\x00\xff", "", b"", "x" * 1000):
                await client.send(data)
                assert await client.receive() == data

    run(scenario())


def test_states_from_dialling_to_the_end(dialled: Dialled) -> None:
    states: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        states.append((ws.state.value, ws.close_code))
        await ws.accept("b")
        states.append((ws.state.value, ws.incoming.path))
        await ws.accept("ignored")
        await ws.close(4000, "bye")
        states.append((ws.state.value, ws.close_code, ws.close_reason))
        await ws.close()

    async def scenario() -> None:
        async with dialled(handler, subprotocols=["a", "b"]) as client:
            assert client.subprotocol == "b"
            closed = await client.closed()
            assert (closed.code, closed.reason) == (4000, "bye")

    run(scenario())
    assert states == [("connecting", None), ("open", "/echo"), ("closed", 4000, "bye")]


def test_the_state_while_closing(dialled: Dialled) -> None:
    seen: list[WebSocketState] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        closing = asyncio.ensure_future(ws.close())
        await asyncio.sleep(1)
        seen.append(ws.state)
        await closing
        seen.append(ws.state)

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(3)
            client.flowing.set()
            assert (await client.closed()).code == 1000

    run(scenario())
    assert seen == ["closing", "closed"]


def test_returning_closes_with_1000(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.send("hello")

    async def scenario() -> None:
        async with dialled(handler) as client:
            assert await client.receive() == "hello"
            assert (await client.closed()).code == 1000

    run(scenario())


async def _nothing(ws: WebSocket) -> None: ...


async def _closes(ws: WebSocket) -> None:
    await ws.close()


async def _denies(ws: WebSocket) -> None:
    raise NotAllowed


async def _not_found(ws: WebSocket) -> None:
    raise NotFound


async def _unauthorized(ws: WebSocket) -> None:
    raise Unauthorized


async def _breaks(ws: WebSocket) -> None:
    raise ValueError("secret")


async def _disconnects(ws: WebSocket) -> None:
    raise Disconnect(codes.FORCE_DISCONNECT)


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (_nothing, 403),
        (_closes, 403),
        (_denies, 403),
        (_not_found, 404),
        (_unauthorized, 401),
        (_breaks, 500),
        (_disconnects, 403),
    ],
)
def test_a_socket_that_was_not_accepted_is_refused(dialled: Dialled, handler: Handler, status: int) -> None:
    async def scenario() -> None:
        with pytest.raises(asgi.Denied) as denied:
            async with dialled(handler):
                pass
        assert denied.value.status == status

    run(scenario())


@pytest.mark.parametrize(
    ("handler", "code", "reason"),
    [
        (_denies, 1008, "permission denied"),
        (_breaks, 1011, "internal error"),
        (_disconnects, 3503, "force disconnect"),
    ],
)
def test_what_is_raised_after_the_upgrade_closes(
    dialled: Dialled, handler: Handler, code: int, reason: str
) -> None:
    async def accepted(ws: WebSocket) -> None:
        await ws.accept()
        await handler(ws)

    async def scenario() -> None:
        async with dialled(accepted) as client:
            closed = await client.closed()
            assert (closed.code, closed.reason) == (code, reason)

    run(scenario())


def test_a_failure_is_one_line_in_the_log_without_what_was_sent(
    dialled: Dialled, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(ws: WebSocket) -> None:
        int(str(await ws.receive()))

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.send("my password")
            assert (await client.closed()).code == 1011

    run(scenario())
    [record] = caplog.records
    assert "the socket of /echo failed: ValueError at " in record.getMessage()
    assert "password" not in caplog.text
    assert "Traceback" not in caplog.text


def test_the_peer_closes(dialled: Dialled) -> None:
    seen: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        async for _ in ws:
            pass
        seen.append((ws.state, ws.close_code, ws.close_reason))
        for use in (ws.receive(), ws.send("x")):
            with pytest.raises(Closed) as closed:
                await use
            seen.append((closed.value.code, closed.value.reason))
        await ws.close()

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.close(4001, "bye")

    run(scenario())
    assert seen == [("closed", 4001, "bye"), (4001, "bye"), (4001, "bye")]


def test_receiving_after_the_peer_closed_ends_the_handler_quietly(
    dialled: Dialled, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.receive()

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.close(1001)

    run(scenario())
    assert caplog.records == []


def test_sending_to_a_peer_that_is_gone_is_closed_and_no_race(dialled: Dialled, door: str) -> None:
    seen: list[Closed] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        for _ in range(2):
            try:
                await ws.send("x")
            except Closed as closed:
                seen.append(closed)

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.close()

    run(scenario())
    # Over ASGI a send only fails; why is known to who receives.
    assert [each.code for each in seen] == [{"asgi": 1006, "direct": 1000}[door]] * 2


def test_two_tasks_may_use_one_socket(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        async def tick() -> None:
            while True:
                await ws.send("tick")
                await asyncio.sleep(1)

        ticking = asyncio.create_task(tick())
        async for data in ws:
            await ws.send(data)
        with pytest.raises(Closed):
            await ticking

    async def scenario() -> None:
        async with dialled(handler) as client:
            assert await client.receive() == "tick"
            await client.send("hello")
            assert [await client.receive() for _ in range(3)] == ["hello", "tick", "tick"]
            await client.close()
            await asyncio.sleep(2)

    run(scenario())


@pytest.mark.parametrize("message", ["x" * 1001, b"x" * 1001, "é" * 501])
def test_a_message_that_is_too_big(dialled: Dialled, message: str | bytes) -> None:
    async def scenario() -> None:
        async with dialled(echo) as client:
            await client.send(message)
            assert (await client.closed()).code == 1009

    run(scenario())


def test_a_peer_that_does_not_read_is_given_up(dialled: Dialled) -> None:
    ended: list[float] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        try:
            while True:
                await ws.send("x")
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(12)
            assert ended == [11]

    run(scenario())


def test_a_peer_that_does_not_read_does_not_keep_a_close_waiting_for_ever(dialled: Dialled) -> None:
    ended: list[float] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        with contextlib.suppress(Closed):
            await ws.send("x" * 100)
        await ws.close()
        ended.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(25)
            assert ended == [11]

    run(scenario())


def test_both_close_at_once(dialled: Dialled) -> None:
    seen: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        await ws.receive()
        await asyncio.sleep(1)
        await ws.close(4000, "ours")
        seen.append((ws.state, ws.close_code))

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.send("x")
            await asyncio.sleep(1)
            await client.close(4001, "theirs")
            await asyncio.sleep(1)

    run(scenario())
    assert seen in ([("closed", code)] for code in (4000, 4001, 1006))


def test_receiving_may_be_given_up_and_begun_again(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ws.receive(), 1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await ws.receive()
        given_up = asyncio.create_task(ws.receive())
        await asyncio.sleep(0.1)
        given_up.cancel()
        await ws.send(await ws.receive())

    async def scenario() -> None:
        async with dialled(handler) as client:
            await asyncio.sleep(8)
            await client.send("still there")
            assert await client.receive() == "still there"

    run(scenario())


def test_no_message_is_lost_by_a_receive_that_is_cancelled_when_it_comes(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        receiving = asyncio.create_task(ws.receive())
        await asyncio.sleep(1)
        got: list[Any] = []
        for _ in range(5):
            receiving.cancel()
            got += await asyncio.gather(receiving, return_exceptions=True)
            receiving = asyncio.create_task(ws.receive())
            await asyncio.sleep(0.1)
        assert [each for each in got if isinstance(each, str)] == []
        await ws.send(await receiving)

    async def scenario() -> None:
        async with dialled(handler) as client:
            await asyncio.sleep(2)
            await client.send("once")
            assert await client.receive() == "once"

    run(scenario())


def test_a_send_that_is_given_up_was_not_sent(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        await asyncio.wait({asyncio.create_task(ws.send("1"))}, timeout=1)
        waiting = asyncio.create_task(ws.send("2"))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.sleep(2)
        await ws.send("3")

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(4)
            client.flowing.set()
            got = [await client.receive(), await client.receive()]
            assert got == ["1", "3"]

    run(scenario())


def test_several_tasks_send_to_a_peer_that_pauses(dialled: Dialled) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(ws.send(f"{number}" * 100))

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(3)
            client.flowing.set()
            got = [str(await client.receive()) for _ in range(20)]
            assert got == [f"{number}" * 100 for number in range(20)]

    run(scenario())


def test_a_peer_that_leaves_while_somebody_waits_to_send(dialled: Dialled) -> None:
    seen: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        try:
            while True:
                await ws.send("x")
        finally:
            seen.append(ws.state)

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(2)

    run(scenario())
    assert seen == ["closed"]


def test_messages_that_came_before_the_end_are_received(dialled: Dialled) -> None:
    got: list[Any] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        await asyncio.sleep(1)
        got.extend([text async for text in ws])

    async def scenario() -> None:
        async with dialled(handler) as client:
            for number in range(200):
                await client.send(f"{number}")
            await client.close()

    run(scenario())
    assert got == [f"{number}" for number in range(200)]


@pytest.mark.parametrize(
    ("limits", "status"), [(Limits(connections=1), 503), (Limits(connections_of_address=1), 429)]
)
def test_a_process_and_an_address_have_only_so_many(door: str, limits: Limits, status: int) -> None:
    app = serving(echo, limits)

    async def scenario() -> None:
        for _ in range(2):
            async with DOORS[door](app) as client:
                await client.send("hello")
                with pytest.raises(asgi.Denied) as denied:
                    async with DOORS[door](app) as another:
                        await another.send("hello")
                assert denied.value.status == status
                assert await client.receive() == "hello"

    run(scenario())


def test_a_client_that_is_gone_before_the_upgrade() -> None:
    async def receive() -> AsgiMessage:
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message: AsgiMessage) -> None:
        raise AssertionError

    async def scenario() -> None:
        scope: Scope = {"type": "websocket", "path": "/", "headers": []}
        ws = WebSocket(scope, receive, send, incoming(scope), LIMITS)
        await serve_socket(ws, lambda: _nothing(ws), Sessions(LIMITS))
        assert ws.state is WebSocketState.CONNECTING

    run(scenario())
