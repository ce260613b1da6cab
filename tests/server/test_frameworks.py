"""Applications of other frameworks under our classes, and applications of ours under other servers."""

import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from fastapi import FastAPI, WebSocket as FastSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from offhook.testing.ports import free_port
from tests.servers import DEADLINE, ROOT, Server

fast = FastAPI()
ended: list[int] = []


@fast.websocket("/items/{number}")
async def items(ws: FastSocket, number: int) -> None:
    """Answers with a path parameter, a query parameter and what came."""
    await ws.accept(subprotocol="second", headers=[(b"x-number", b"%d" % number)])
    while True:
        try:
            await ws.send_json([number, ws.query_params.get("q"), await ws.receive_json()])
        except WebSocketDisconnect as disconnect:
            ended.append(disconnect.code)
            return


async def _letters(ws: WebSocket) -> None:
    await ws.accept()
    async for text in ws.iter_text():
        if text == "close":
            await ws.close(4002, "as you like")
            return
        await ws.send_bytes(text.encode())


async def _denied(ws: WebSocket) -> None:
    await ws.send_denial_response(PlainTextResponse("not you", 401, headers={"x-why": "because"}))


async def _page(request: object) -> PlainTextResponse:
    return PlainTextResponse("a page")


plain = Starlette(
    routes=[WebSocketRoute("/letters", _letters), WebSocketRoute("/denied", _denied), Route("/page", _page)]
)


@pytest.fixture(scope="module")
def starlette_() -> Iterator[str]:
    with Server("tests.server.test_frameworks:plain") as server:
        yield f"ws://127.0.0.1:{server.port}"
    assert "ERROR" not in server.log


def test_fastapi() -> None:
    with (
        Server("tests.server.test_frameworks:fast") as server,
        connect(f"ws://127.0.0.1:{server.port}/items/7?q=%C3%A9", subprotocols=["first", "second"]) as client,  # type: ignore[list-item]
    ):
        assert client.subprotocol == "second"
        assert client.response is not None
        assert client.response.headers["x-number"] == "7"
        client.send(json.dumps({"a": 1}))
        assert json.loads(client.recv(DEADLINE)) == [7, "é", {"a": 1}]
    assert "ERROR" not in server.log


def test_starlette_closes_with_a_reason(starlette_: str) -> None:
    with connect(f"{starlette_}/letters") as client:
        client.send("é")
        assert client.recv(DEADLINE) == "é".encode()
        client.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(DEADLINE)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4002, "as you like")


def test_starlette_denies(starlette_: str) -> None:
    with pytest.raises(InvalidStatus) as denied:
        connect(f"{starlette_}/denied")
    response = denied.value.response
    assert (response.status_code, response.headers["x-why"], response.body) == (401, "because", b"not you")
    with pytest.raises(InvalidStatus) as missing:
        connect(f"{starlette_}/nowhere")
    assert missing.value.response.status_code in (403, 404)


_MOMENT = 0.05
SERVERS = {
    "hypercorn": ["hypercorn", "{target}", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", "{target}", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}"],
    "uvicorn websockets-sansio": ["uvicorn", "{target}", "--port", "{port}", "--ws", "websockets-sansio"],
    "uvicorn wsproto": ["uvicorn", "{target}", "--port", "{port}", "--ws", "wsproto"],
}


@contextmanager
def served(command: Sequence[str], target: str) -> Iterator[int]:
    """*target* under another server; its port."""
    port = free_port()
    filled = [part.format(target=target, port=port) for part in command]
    with subprocess.Popen(
        [sys.executable, "-m", *filled], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        lines: queue.Queue[bytes | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, lines))
        reader.start()
        try:
            _await(lines, port)
            yield port
        finally:
            process.terminate()
            process.wait(DEADLINE)
            reader.join(DEADLINE)


def _read(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _await(lines: "queue.Queue[bytes | None]", port: int) -> None:
    """Return when the server takes connections; what it prints means something else with each of them."""
    for _ in range(int(DEADLINE / _MOMENT)):
        with suppress(queue.Empty):
            assert lines.get(timeout=_MOMENT) is not None, "the server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("the server does not listen")


@pytest.mark.parametrize("name", SERVERS)
def test_a_line_under_another_server(name: str) -> None:
    with (
        served(SERVERS[name], "tests.apps.ticks:app") as port,
        connect(f"ws://127.0.0.1:{port}/connection/websocket") as client,
    ):
        client.send('{"id":1,"connect":{}}')
        assert "connect" in json.loads(client.recv(DEADLINE))
