"""The in-memory clients."""

import asyncio

import pytest

from offhook.base.types import Receive, Scope, Send
from offhook.testing.asgi import Closed, Denied, request, stream, websocket
from offhook.testing.clock import run


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes: requests with what was asked for, sockets until ``bye``."""
    if scope["type"] == "http":
        body = (await receive())["body"]
        gone = (await receive())["type"].encode()
        headers = [(b"X-Path", scope["raw_path"]), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": scope["query_string"] + body, "more_body": True})
        await send({"type": "http.response.body", "body": gone})
        return
    await receive()
    if scope["path"] == "/no":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000, "reason": "bye"})
        else:
            await send({"type": "websocket.send", **{key: message[key] for key in message if key != "type"}})


def test_a_request() -> None:
    async def scenario() -> None:
        response = await request(app, "POST", "/a%20b?x=1", body=b"!", headers={"Host": "other"})
        assert (response.status, response.text) == (201, "x=1!http.disconnect")
        assert response.headers == {"x-path": "/a%20b", "set-cookie": "a\nb"}

    run(scenario())


def test_a_socket() -> None:
    async def scenario() -> None:
        async with websocket(app, "/yes", subprotocols=["x"]) as ws:
            assert ws.subprotocol == "x"
            await ws.send("text")
            await ws.send(b"bytes")
            assert (await ws.receive(), await ws.receive()) == ("text", b"bytes")
            with pytest.raises(TimeoutError):
                await ws.receive(within=1)
            await ws.send("more")
            await ws.send("bye")
            assert str(await ws.closed()) == "4000 bye"
        with pytest.raises(Denied) as denied:
            async with websocket(app, "/no"):
                pass
        assert denied.value.status == 403

    run(scenario())


def test_an_application_that_does_not_answer_is_not_waited_for() -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(15)

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            await request(silent, "GET", "/", deadline=5)
        with pytest.raises(TimeoutError):
            async with websocket(silent, deadline=5):
                pass

    run(scenario())


def test_closed_says_how() -> None:
    closed = Closed(1000, "")

    assert (closed.code, closed.reason) == (1000, "")


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Counts for as long as somebody listens, or to what was asked for."""
    last = int((await receive())["body"] or 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Last", b"%d" % last)]})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    number = 0
    try:
        while number != last:
            number += 1
            await send({"type": "http.response.body", "body": b"%d," % number, "more_body": True})
            await asyncio.sleep(1)
        await send({"type": "http.response.body"})
    except OSError:
        assert (await receive())["type"] == "http.disconnect"


def test_an_answer_that_goes_on() -> None:
    async def scenario() -> None:
        async with stream(counting, "POST", "/", body=b"3") as client:
            assert (client.status, client.headers) == (200, {"x-last": "3"})
            assert [await client.until(b",") for _ in range(3)] == [b"1", b"2", b"3"]
            with pytest.raises(EOFError):
                await client.until(b",")
            assert await client.receive() == b""

    run(scenario())


def test_a_reader_that_stalls_and_one_that_vanishes() -> None:
    async def scenario() -> None:
        async with stream(counting, "POST", "/", body=b"-1") as client:
            assert await client.receive() == b"1,"
            client.stall()
            with pytest.raises(TimeoutError):
                await client.receive(within=5)
            client.flowing.set()
            assert await client.receive() == b"2,"
            await client.close()
            with pytest.raises(TimeoutError):
                await client.receive(within=5)

    run(scenario())
