"""ASGI's websocket scope, as the specification (2.4) has it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.protocols.utils import ClientDisconnected

from offhook.base.types import Receive, Scope, Send
from offhook.testing.clock import run
from tests.server.network import House, Network, settle
from tests.server.raw import CLOSE, HANDSHAKE, TEXT, frame

Talk = Callable[[Scope, Receive, Send], Awaitable[None]]


async def opened(app: Talk, head: bytes = HANDSHAKE + b"\r\n", **settings: Any) -> tuple[House, Network]:
    """A connection whose request is *head*."""
    house = House(app, **settings)
    network = house.connect()
    network.say(head)
    await settle()
    return house, network


def test_the_scope() -> None:
    async def scenario() -> None:
        scopes: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scopes.append(scope)

        head = HANDSHAKE.replace(b"GET / ", b"GET /a%20b/%C3%A9?x=1&y=%20 ")
        further = b"Sec-WebSocket-Protocol: one, two\r\nSec-WebSocket-Protocol: three\r\nX-Odd: \xe9\r\n\r\n"
        await opened(app, head + further, root_path="/root")
        [scope] = scopes
        assert scope["type"] == "websocket"
        assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
        assert (scope["http_version"], scope["scheme"], scope["root_path"]) == ("1.1", "ws", "/root")
        assert (scope["path"], scope["raw_path"]) == ("/root/a b/é", b"/root/a%20b/%C3%A9")
        assert scope["query_string"] == b"x=1&y=%20"
        assert (scope["server"], scope["client"]) == (("127.0.0.1", 8000), ("192.0.2.7", 4711))
        assert scope["subprotocols"] == ["one", "two", "three"]
        assert (b"host", b"test") in scope["headers"]
        assert (b"x-odd", b"\xe9") in scope["headers"]
        assert scope["state"] == {"shared": 1}
        assert "websocket.http.response" in scope["extensions"]

    run(scenario())


def test_accept_with_a_subprotocol_and_headers() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            assert await receive() == {"type": "websocket.connect"}
            headers = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")]
            await send({"type": "websocket.accept", "subprotocol": "two", "headers": headers})
            await receive()

        house = House(app)
        house.state.default_headers = [(b"date", b"today")]
        network = house.connect()
        network.say(HANDSHAKE + b"Sec-WebSocket-Protocol: one, two\r\n\r\n")
        await settle()
        first, *lines = network.take().split(b"\r\n")
        assert first == b"HTTP/1.1 101 Switching Protocols"
        assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
        assert {b"sec-websocket-protocol: two", b"Set-Cookie: a=1", b"set-cookie: b=2", b"date: today"} < set(
            lines
        )

    run(scenario())


def test_what_is_sent_and_received() -> None:
    async def scenario() -> None:
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            got.append(await receive())
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "é"})
            await send({"type": "websocket.send", "bytes": b"\x00", "text": None})
            await send({"type": "websocket.send", "bytes": None, "text": ""})
            for _ in range(4):
                got.append(await receive())

        _, network = await opened(app)
        assert network.take().endswith(b"\r\n\r\n\x81\x02\xc3\xa9\x82\x01\x00\x81\x00")
        network.say(frame(TEXT, "é".encode()) + frame(2, b"\xff") + frame(CLOSE, b"\x0f\xa1why"))
        await settle()
        end = {"type": "websocket.disconnect", "code": 4001, "reason": "why"}
        assert got[1:] == [
            {"type": "websocket.receive", "text": "é"},
            {"type": "websocket.receive", "bytes": b"\xff"},
            end,
            end,
        ]

    run(scenario())


@pytest.mark.parametrize(
    ("sent", "code"), [(frame(CLOSE), 1005), (frame(CLOSE, b"\x03\xe8"), 1000), (frame(3), 1002), (b"", 1006)]
)
def test_the_code_of_a_disconnect(sent: bytes, code: int) -> None:
    async def scenario() -> None:
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            got.append((await receive())["code"])
            with pytest.raises(ClientDisconnected):
                await send({"type": "websocket.send", "text": "nobody hears it"})
            with pytest.raises(ClientDisconnected):
                await send({"type": "websocket.close"})

        _, network = await opened(app)
        network.say(sent)
        if not sent:
            network.vanish()
        await settle()
        assert got == [code]

    run(scenario())


def test_a_sender_that_waits_hears_that_its_peer_is_gone() -> None:
    async def scenario() -> None:
        ended: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            try:
                while True:
                    await send({"type": "websocket.send", "text": "more"})
                    await asyncio.sleep(0)
            except OSError as error:
                ended.append(error)
                raise

        house, network = await opened(app)
        network.stall()
        await settle()
        network.vanish()
        await settle()
        assert len(ended) == 1
        assert not house.state.tasks

    run(scenario())


def test_two_tasks_may_send_and_one_that_gives_up_does_not_stop_the_other() -> None:
    async def scenario() -> None:
        sent: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            await send({"type": "websocket.send", "text": "fills the network"})

            async def say(text: str, seconds: float) -> None:
                async with asyncio.timeout(seconds):
                    await send({"type": "websocket.send", "text": text})
                sent.append(text)

            await asyncio.gather(say("a", 1), say("b", 100), return_exceptions=True)
            await receive()

        _, network = await opened(app)
        network.stall()
        network.say(frame(TEXT, b"go"))
        await asyncio.sleep(10)
        assert sent == []
        network.read()
        await settle()
        assert sent == ["b"]

    run(scenario())


def test_two_tasks_may_receive_and_one_that_gives_up_does_not_stop_the_other() -> None:
    async def scenario() -> None:
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})

            async def hear(seconds: float) -> None:
                async with asyncio.timeout(seconds):
                    got.append((await receive())["text"])

            await asyncio.gather(hear(1), hear(100), return_exceptions=True)

        _, network = await opened(app)
        await asyncio.sleep(10)
        network.say(frame(TEXT, b"late"))
        await settle()
        assert got == ["late"]

    run(scenario())


# Refusals


def test_close_before_accept_is_403() -> None:
    async def scenario() -> None:
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.close"})
            got.append((await receive())["code"])

        house, network = await opened(app)
        assert network.take().startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert (got, network.lost, len(house.state.connections)) == ([1006], True, 0)

    run(scenario())


@pytest.mark.parametrize(
    ("headers", "parts", "expected"),
    [
        ([], [b"no"], [b"content-length: 2", b"connection: close", b"", b"no"]),
        ([], [b"n", b"o"], [b"connection: close", b"", b"no"]),
        ([(b"content-length", b"2")], [b"n", b"o"], [b"content-length: 2", b"connection: close", b"", b"no"]),
        ([(b"Connection", b"close")], [b""], [b"Connection: close", b"content-length: 0", b"", b""]),
    ],
)
def test_a_denial_response(headers: list[tuple[bytes, bytes]], parts: list[bytes], expected: list[bytes]) -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
            for number, part in enumerate(parts, 1):
                more = number < len(parts)
                await send({"type": "websocket.http.response.body", "body": part, "more_body": more})
            assert (await receive())["type"] == "websocket.disconnect"
            with pytest.raises(RuntimeError):
                await send({"type": "websocket.http.response.body"})

        house, network = await opened(app)
        assert network.take().split(b"\r\n") == [b"HTTP/1.1 401 Unauthorized", *expected]
        assert (network.lost, len(house.state.tasks)) == (True, 0)

    run(scenario())


def test_a_denial_that_was_begun_and_never_ended() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.http.response.start", "status": 418})
            await send({"type": "websocket.http.response.body", "body": b"half", "more_body": True})

        _, network = await opened(app)
        assert network.take().endswith(b"half")
        assert network.lost

    run(scenario())


# Mistakes of applications


async def _returns(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()


async def _raises(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError("a mistake")


@pytest.mark.parametrize(
    ("app", "said"),
    [(_returns, "returned without answering the handshake"), (_raises, "ZeroDivisionError: a mistake")],
)
def test_an_application_that_does_not_answer_is_500(
    app: Talk, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        house, network = await opened(app)
        assert network.take().startswith(b"HTTP/1.1 500 ")
        assert (network.lost, len(house.state.connections)) == (True, 0)

    run(scenario())
    assert said in caplog.text


@pytest.mark.parametrize(("fails", "code"), [(False, 1000), (True, 1011)])
def test_an_application_that_leaves_an_open_connection_closes_it(
    fails: bool, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            if fails:
                raise ZeroDivisionError

        _, network = await opened(app)
        assert network.take().endswith(b"\x88\x02" + code.to_bytes(2))

    run(scenario())
    assert ("ZeroDivisionError" in caplog.text) is fails


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "websocket.send", "text": "before accept"}],
        [{"type": "websocket.nonsense"}],
        [{"type": "websocket.http.response.body"}],
        [{"type": "websocket.accept"}, {"type": "websocket.accept"}],
        [{"type": "websocket.accept"}, {"type": "websocket.http.response.start", "status": 404}],
        [{"type": "websocket.accept"}, {"type": "websocket.close"}, {"type": "websocket.send", "text": "after"}],
        [{"type": "websocket.close"}, {"type": "websocket.accept"}],
        [{"type": "websocket.accept", "headers": [(b"x", b"a\r\nset-cookie: b")]}],
        [{"type": "websocket.accept", "headers": [(b"x: y\r\nz", b"a")]}],
        [{"type": "websocket.accept", "subprotocol": "a\r\nx: y"}],
    ],
)
def test_a_message_that_may_not_be_sent_now_is_a_mistake_of_the_application(
    messages: list[dict[str, Any]],
) -> None:
    async def scenario() -> None:
        raised: list[BaseException] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for message in messages[:-1]:
                await send(message)
            with pytest.raises(RuntimeError) as mistake:
                await send(messages[-1])
            raised.append(mistake.value)
            await send({"type": "websocket.close"}) if len(messages) == 1 else None

        await opened(app)
        assert len(raised) == 1

    run(scenario())


def test_a_task_that_is_cancelled_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await receive()
            await receive()

        house, network = await opened(app)
        [task] = house.state.tasks
        task.cancel()
        await settle()
        assert network.take().endswith(b"\x88\x02" + (1011).to_bytes(2))
        await asyncio.sleep(11)
        assert not house.state.connections

    run(scenario())


# Handshakes


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 12", 426),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short", 400),
        (b"Sec-WebSocket-Key", b"X-Key", 400),
        (b"GET /", b"POST /", 405),
        (b"GET / HTTP/1.1", b"GET / HTTP/1.0", 400),
        (b"Host: test", b"X: test", 400),
        (b"Host: test", b"Host: test\r\nHost: test", 400),
        (b"Host: test", b"Host: test\r\nContent-Length: 2", 400),
        (b"Host: test", b"Host: test\r\nTransfer-Encoding: chunked", 400),
        (b"Host: test", b"Host: test\r\nSec-WebSocket-Extensions: ;;", 400),
        (b"Host: test", b"Host: test\r\nSec-WebSocket-Protocol: a b", 400),
        (b"GET /", b"GET \xff", 400),
    ],
)
def test_4_2_a_malformed_handshake_is_answered_and_closed(old: bytes, new: bytes, status: int) -> None:
    async def scenario() -> None:
        house, network = await opened(_raises, (HANDSHAKE + b"\r\n").replace(old, new))
        assert network.take().startswith(b"HTTP/1.1 %d " % status)
        assert network.lost
        assert not house.state.connections
        assert not house.state.tasks

    run(scenario())


def test_an_empty_list_of_subprotocols_offers_none() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            assert scope["subprotocols"] == []
            await send({"type": "websocket.accept"})

        _, network = await opened(app, HANDSHAKE + b"Sec-WebSocket-Protocol:\r\n\r\n")
        assert network.take().startswith(b"HTTP/1.1 101 ")

    run(scenario())
