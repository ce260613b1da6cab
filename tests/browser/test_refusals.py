"""What the chat refuses, by its code, asked by programs; and nothing of it leaves a traceback in the log."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.servers import Server


@contextmanager
def _signed_in(chat: Server, name: str = "Ada") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=chat.url) as client:
        answer = client.post("/sign-in", data={"name": name})
        assert answer.status_code == 303
        yield client


def _line(chat: Server, client: httpx.Client | None = None, **headers: str) -> ClientConnection:
    if client is not None:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return connect(f"ws://127.0.0.1:{chat.port}/connection/websocket", additional_headers=headers)


def _say(line: ClientConnection, command: dict[str, Any]) -> dict[str, Any]:
    line.send(json.dumps(command))
    answer: dict[str, Any] = json.loads(line.recv(timeout=5))
    return answer


def _read_all(line: ClientConnection) -> None:
    while True:
        line.recv(timeout=10)


def _close_code(line: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        _read_all(line)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_unknown_room(chat: Server) -> None:
    with _signed_in(chat) as client, _line(chat, client) as line:
        assert client.get("/rooms/99").status_code == 404
        assert client.get("/rooms/first").status_code == 404
        _say(line, {"id": 1, "connect": {}})
        assert _say(line, {"id": 2, "subscribe": {"channel": "room:99"}})["error"]["code"] == 102
        assert _say(line, {"id": 3, "subscribe": {"channel": "room:first"}})["error"]["code"] == 102


def test_refused_room(chat: Server) -> None:
    with _signed_in(chat, "Mallory") as client, _line(chat, client) as line:
        assert client.get("/rooms/4").status_code == 403
        _say(line, {"id": 1, "connect": {}})
        assert _say(line, {"id": 2, "subscribe": {"channel": "room:4"}})["error"]["code"] == 103
        assert _say(line, {"id": 3, "publish": {"channel": "room:1", "data": {}}})["error"]["code"] == 103


def test_invalid_form(chat: Server) -> None:
    with _signed_in(chat) as client:
        answer = client.post("/__data/rooms/1?_routes=routes/room", data={"text": "x" * 501})
        result = answer.json()["results"]["routes/room"]
        assert result["status"] == 422
        assert result["data"]["errors"]["text"]["code"] == "max_length"
        assert result["data"]["values"] == {"text": "x" * 501}
        assert client.post("/rooms/1", data={"text": ""}).status_code == 422


def test_body_too_large(chat: Server) -> None:
    with _signed_in(chat) as client:
        assert client.post("/rooms/1", data={"text": "x" * (1 << 20)}).status_code == 413
        assert client.get("/rooms/1").status_code == 200


def test_foreign_origin(chat: Server) -> None:
    with _signed_in(chat) as client:
        with pytest.raises(InvalidStatus) as refused:
            _line(chat, client, Origin="https://evil.example")
        assert refused.value.response.status_code == 403
        posted = client.post("/rooms/1", data={"text": "x"}, headers={"Origin": "https://evil.example"})
        assert posted.status_code == 403
        assert "<p>x</p>" not in client.get("/rooms/1").text


def test_malformed_frame(chat: Server) -> None:
    with _signed_in(chat) as client, _line(chat, client) as line:
        line.socket.sendall(b"\xf1\x80\x00\x00\x00\x00")  # reserved bits set (RFC 6455, section 5.2)
        assert _close_code(line) == 1002


@pytest.mark.parametrize("frame", ["{", "[]", "", '{"id":1}', '{"id":1,"subscribe":{"channel":"room:1"}}'])
def test_malformed_command(chat: Server, frame: str) -> None:
    with _signed_in(chat) as client, _line(chat, client) as line:
        line.send(frame)
        assert _close_code(line) == 3501


def test_nobody_is_signed_in(chat: Server) -> None:
    with httpx.Client(base_url=chat.url) as stranger, _line(chat) as line:
        answer = stranger.get("/rooms/1?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/rooms/1%3Fx%3D1")
        assert _close_code(line) == 3501


def test_a_forged_cookie_is_nobody(chat: Server) -> None:
    with _signed_in(chat) as client:
        value = client.cookies["offhook"]
        forged = httpx.get(f"{chat.url}/rooms/1", cookies={"offhook": value[:-2] + "xx"})
        assert forged.status_code == 303


def test_vanishing_in_the_middle(chat: Server) -> None:
    for part in (b"GET / HT", b"POST /rooms/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"):
        with socket.create_connection(("127.0.0.1", chat.port)) as half:
            half.sendall(part)
    assert httpx.get(f"{chat.url}/sign-in").status_code == 200
