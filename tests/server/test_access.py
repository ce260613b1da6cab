"""The access log: one line each, and nothing that is secret."""

import asyncio
import logging

import pytest

from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.server.access import AccessLog
from offhook.testing.clock import run
from tests.server.applications import echo
from tests.server.network import House, settle
from tests.server.raw import CLOSE, HANDSHAKE, frame

GET = b"GET /r%C3%B6om?token=secret HTTP/1.1\r\nHost: test\r\nCookie: secret\r\n"


def lines(caplog: pytest.LogCaptureFixture, app: AsgiApp, sent: bytes) -> list[str]:
    """What is logged about one connection that sends *sent* and is gone after five seconds."""

    async def scenario() -> None:
        network = House(AccessLog(app), logs_access=True).connect()
        network.say(sent)
        await asyncio.sleep(5)
        network.vanish()
        await settle()

    caplog.clear()
    with caplog.at_level(logging.INFO, "offhook.access"):
        run(scenario())
    assert "secret" not in caplog.text
    return [record.getMessage() for record in caplog.records if record.name == "offhook.access"]


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


async def patient(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] == "http.request":
        pass


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(2)
    await send({"type": "http.response.body", "body": b""})


async def closed(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close"})


async def denied(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("app", "sent", "line"),
    [
        (echo, GET + b"\r\n", '192.0.2.7 "GET /r%C3%B6om" 200 0.000'),
        (streaming, GET + b"\r\n", '192.0.2.7 "GET /r%C3%B6om" 200 2.000'),
        (patient, GET + b"\r\n", '192.0.2.7 "GET /r%C3%B6om" 499 5.000'),
        (broken, GET + b"\r\n", '192.0.2.7 "GET /r%C3%B6om" 500 0.000'),
        (echo, HANDSHAKE.replace(b"GET /", b"GET /?secret") + b"\r\n", '192.0.2.7 "GET /" 101 0.000'),
        (echo, HANDSHAKE + b"\r\n" + frame(CLOSE), '192.0.2.7 "GET /" 101 0.000'),
        (closed, HANDSHAKE + b"\r\n", '192.0.2.7 "GET /" 403 0.000'),
        (denied, HANDSHAKE + b"\r\n", '192.0.2.7 "GET /" 429 0.000'),
        (echo, GET + b"Content-Length: x\r\n\r\n", '192.0.2.7 "- /r%C3%B6om" 400 0.000'),
        (
            echo,
            HANDSHAKE.replace(b"GET /", b"PUT /r%C3%B6om?secret") + b"\r\n",
            '192.0.2.7 "PUT /r%C3%B6om" 405 0.000',
        ),
        (echo, HANDSHAKE.replace(b": 13", b": 8") + b"\r\n", '192.0.2.7 "GET /" 426 0.000'),
        (echo, b"\x16\x03\x01", '192.0.2.7 "- -" 400 0.000'),
        (echo, b"GET /" + b"y" * 20_000 + b"?secret", '192.0.2.7 "- /' + "y" * 255 + '" 414 0.000'),
    ],
)
def test_one_line_each(caplog: pytest.LogCaptureFixture, app: AsgiApp, sent: bytes, line: str) -> None:
    assert lines(caplog, app, sent) == [line]


def test_its_fields_are_for_programs(caplog: pytest.LogCaptureFixture) -> None:
    lines(caplog, echo, GET + b"\r\n")
    [record] = [each for each in caplog.records if each.name == "offhook.access"]
    fields = {name: getattr(record, name) for name in ("client", "method", "path", "status", "seconds")}
    assert fields == {"client": "192.0.2.7", "method": "GET", "path": "/r%C3%B6om", "status": 200, "seconds": 0.0}


def test_it_is_silent_where_nobody_asked(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        network = House(echo).connect()
        network.say(GET + b"Content-Length: x\r\n\r\n")
        network = House(echo).connect()
        network.say(GET + b"\r\n")
        await settle()

    with caplog.at_level(logging.INFO, "offhook.access"):
        run(scenario())
    assert [record for record in caplog.records if record.name == "offhook.access"] == []
