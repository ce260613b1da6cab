"""A route's own socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.base import codes
from offhook.base.errors import Denied as NotAllowed, Disconnect, NotFound, Unauthorized
from offhook.base.incoming import incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage, Receive, Scope, Send
from offhook.testing import asgi
from offhook.testing.asgi import WebSocketClient, websocket
from offhook.testing.clock import run
from offhook.transports.raw import Closed, WebSocket, WebSocketState, serve_socket

Handler = Callable[[WebSocket], Awaitable[object]]
LIMITS = Limits(socket_message=1000)


@asynccontextmanager
async def dialled(handler: Handler, **options: Any) -> AsyncIterator[WebSocketClient]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ws = WebSocket(scope, receive, send, incoming(scope), LIMITS)
        await serve_socket(ws, lambda: handler(ws))

    async with websocket(app, "/echo", **options) as client:
        yield client


async def echo(ws: WebSocket) -> None:
    async for data in ws:
        await ws.send(data)


def test_text_and_binary_are_echoed() -> None:
    async def scenario() -> None:
        async with dialled(echo) as client:
            for data in ("é", b"\x00\xff", "", b"", "x" * 1000):
                await client.send(data)
                assert await client.receive() == data

    run(scenario())


def test_states_from_dialling_to_the_end() -> None:
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


def test_the_state_while_closing() -> None:
    seen: list[WebSocketState] = []

    async def handler(ws: WebSocket) -> None:
        await ws.accept()
        closing = asyncio.ensure_future(ws.close())
        await asyncio.sleep(1)
        seen.append(ws.state)
        await closing
        seen.append(ws.state)

    async def scenario() -> None:
        async with dialled(handler) as client:
            client.stall()
            await asyncio.sleep(2)
            client.flowing.set()
            assert (await client.closed()).code == 1000

    run(scenario())
    assert seen == ["closing", "closed"]


def test_returning_closes_with_1000() -> None:
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
def test_a_socket_that_was_not_accepted_is_refused(handler: Handler, status: int) -> None:
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
def test_what_is_raised_after_the_upgrade_closes(handler: Handler, code: int, reason: str) -> None:
    async def accepted(ws: WebSocket) -> None:
        await ws.accept()
        await handler(ws)

    async def scenario() -> None:
        async with dialled(accepted) as client:
            closed = await client.closed()
            assert (closed.code, closed.reason) == (code, reason)

    run(scenario())


def test_a_failure_is_one_line_in_the_log_without_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
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


def test_the_peer_closes() -> None:
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


def test_receiving_after_the_peer_closed_ends_the_handler_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(ws: WebSocket) -> None:
        await ws.receive()

    async def scenario() -> None:
        async with dialled(handler) as client:
            await client.close(1001)

    run(scenario())
    assert caplog.records == []


def test_sending_to_a_peer_that_is_gone_is_closed_and_no_race() -> None:
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
    assert [each.code for each in seen] == [1006, 1006]


def test_two_tasks_may_use_one_socket() -> None:
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
def test_a_message_that_is_too_big(message: str | bytes) -> None:
    async def scenario() -> None:
        async with dialled(echo) as client:
            await client.send(message)
            assert (await client.closed()).code == 1009

    run(scenario())


def test_a_peer_that_does_not_read_is_given_up() -> None:
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


def test_a_client_that_is_gone_before_the_upgrade() -> None:
    async def receive() -> AsgiMessage:
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message: AsgiMessage) -> None:
        raise AssertionError

    async def scenario() -> None:
        scope: Scope = {"type": "websocket", "path": "/", "headers": []}
        ws = WebSocket(scope, receive, send, incoming(scope), LIMITS)
        await serve_socket(ws, lambda: _nothing(ws))
        assert ws.state is WebSocketState.CONNECTING

    run(scenario())
