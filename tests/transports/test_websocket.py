"""The line over WebSocket, as an ASGI server sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.base.errors import Denied as NotAllowed, Unauthorized
from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage
from offhook.realtime.engine import Engine
from offhook.testing.asgi import Closed, Denied, WebSocketClient, websocket
from offhook.testing.clock import run
from offhook.transports.websocket import WebSocketEndpoint
from tests.realtime.peers import News
from tests.transports.entrances import Who, ann, entrance

CONNECT = '{"id":1,"connect":{}}'


@asynccontextmanager
async def serving(
    authenticate: Who = ann, limits: Limits | None = None, origins: tuple[str, ...] = ()
) -> AsyncIterator[tuple[WebSocketEndpoint, Engine]]:
    async with entrance(authenticate, limits, origins) as way_in:
        yield WebSocketEndpoint(way_in), way_in.engine


async def _ask(ws: WebSocketClient, command: str) -> Any:
    await ws.send(command)
    return json.loads(await ws.receive())


def test_a_line() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint) as ws:
            assert ws.subprotocol is None
            assert (await _ask(ws, CONNECT))["connect"]["ping"] == 25
            assert await _ask(ws, '{"id":2,"subscribe":{"channel":"news"}}') == {"id": 2, "subscribe": {}}
            await engine.line.publish(News(), 5)
            assert await ws.receive() == '{"push":{"channel":"news","pub":{"data":5}}}'
            await ws.close()
            await asyncio.sleep(1)
            assert len(engine.sessions) == 0

    run(scenario())


def test_1_binary_frames_with_json_are_read_too() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, _), websocket(endpoint) as ws:
            await ws.send(CONNECT.encode())
            assert "connect" in json.loads(await ws.receive())

    run(scenario())


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["centrifuge-json"], "centrifuge-json"),
        (["other", "centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf"], "centrifuge-protobuf"),
        (["centrifuge-protobuf", "centrifuge-json"], "centrifuge-json"),
        (["other"], None),
    ],
)
def test_1_the_subprotocol_is_the_first_of_ours_that_was_offered_or_none(
    offered: list[str], chosen: str | None
) -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, _), websocket(endpoint, subprotocols=offered) as ws:
            assert ws.subprotocol == chosen

    run(scenario())


PROTOBUF_CONNECT = bytes([4, 0x08, 1, 0x22, 0])  # the length, id=1, connect={}


@pytest.mark.parametrize(
    ("query", "offered", "binary"),
    [
        ("", ["centrifuge-protobuf"], True),
        ("?cf_protocol=protobuf", [], True),
        ("?format=protobuf", [], True),
        ("?format=json", ["centrifuge-json"], False),
    ],
)
def test_1_protobuf_by_subprotocol_or_query_in_binary_frames(query: str, offered: list[str], binary: bool) -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, _), websocket(endpoint, f"/{query}", subprotocols=offered) as ws:
            await ws.send(PROTOBUF_CONNECT if binary else CONNECT)
            assert isinstance(await ws.receive(), bytes if binary else str)

    run(scenario())


def test_1_a_text_frame_on_a_protobuf_connection_is_no_command() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, _), websocket(endpoint, "/?format=protobuf") as ws:
            await ws.send(CONNECT)
            assert (await ws.closed()).code == 3501

    run(scenario())


def test_1_tools_that_want_the_pings_of_the_websocket_get_none_of_the_line() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint, "/?cf_ws_frame_ping_pong=true") as ws:
            assert "ping" not in (await _ask(ws, CONNECT))["connect"]
            await asyncio.sleep(300)
            assert len(engine.sessions) == 1
            with pytest.raises(TimeoutError):
                await ws.receive(0)

    run(scenario())


@pytest.mark.parametrize(
    ("headers", "welcome"),
    [
        ({}, True),
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://testserver"}, True),
        ({"origin": "https://friend.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_pages_of_other_sites_are_refused_before_the_upgrade(headers: dict[str, str], welcome: bool) -> None:
    async def scenario() -> None:
        asked = []

        async def authenticate(incoming: Incoming) -> None:
            asked.append(incoming)

        async with serving(authenticate, origins=("https://friend.example",)) as (endpoint, _):
            if welcome:
                async with websocket(endpoint, headers=headers):
                    assert len(asked) == 1
                return
            with pytest.raises(Denied) as denied:
                async with websocket(endpoint, headers=headers):
                    pass
            assert (denied.value.status, asked) == (403, [])

    run(scenario())


async def _fails(incoming: Incoming) -> None:
    raise ValueError("secret")


async def _slow(incoming: Incoming) -> None:
    await asyncio.sleep(60)


async def _unauthorized(incoming: Incoming) -> None:
    raise Unauthorized


async def _denies(incoming: Incoming) -> None:
    raise NotAllowed


@pytest.mark.parametrize(
    ("authenticate", "status", "logged"),
    [
        (_fails, 500, "ValueError"),
        (_slow, 503, "deadline"),
        (_unauthorized, 401, ""),
        (_denies, 403, ""),
    ],
)
def test_authentication_that_ends_otherwise(
    authenticate: Any, status: int, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(authenticate) as (endpoint, engine):
            with pytest.raises(Denied) as denied:
                async with websocket(endpoint):
                    pass
            assert denied.value.status == status
            with pytest.raises(Denied) as denied:
                async with websocket(endpoint, extensions=()):
                    pass
            assert denied.value.status == 403
            assert len(engine.sessions) == 0

    run(scenario())
    assert logged in caplog.text
    assert "secret" not in caplog.text
    assert bool(caplog.records) is bool(logged)


def test_nobody_is_refused_right_after_the_upgrade_so_that_no_sdk_comes_back() -> None:
    async def nobody(incoming: Incoming) -> None:
        return None

    async def scenario() -> None:
        for authenticate in (nobody, None):
            async with serving(authenticate) as (endpoint, _), websocket(endpoint) as ws:
                assert str(await ws.closed()) == "3501 bad request"

    run(scenario())


def test_an_engine_that_does_not_run_takes_nobody() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine):
            await engine.stop()
            with pytest.raises(Denied) as denied:
                async with websocket(endpoint):
                    pass
            assert denied.value.status == 503

    run(scenario())


@pytest.mark.parametrize(
    ("size", "character", "fits"),
    [(1000, "x", True), (1001, "x", False), (500, "é", True), (501, "é", False), (251, "😀", False)],
)
@pytest.mark.parametrize("binary", [False, True])
def test_1_a_frame_has_a_limit_in_bytes(size: int, character: str, fits: bool, binary: bool) -> None:
    async def scenario() -> None:
        async with serving(limits=Limits(command_frame=1000)) as (endpoint, _), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            frame = character * size
            await ws.send(frame.encode() if binary else frame)
            assert (await ws.closed()).code == (3501 if fits else 3015)

    run(scenario())


def test_text_that_is_no_text() -> None:
    async def scenario() -> None:
        async with serving(limits=Limits(command_frame=10)) as (endpoint, _), websocket(endpoint) as ws:
            await ws.send("\ud800" * 8)
            assert (await ws.closed()).code == 3501

    run(scenario())


def test_a_slow_reader_is_ended_and_costs_no_memory() -> None:
    async def scenario() -> None:
        async with serving(limits=Limits(queue=5000)) as (endpoint, engine), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            await _ask(ws, '{"id":2,"subscribe":{"channel":"news"}}')
            ws.stall()
            for number in range(1000):
                await engine.line.publish(News(), number)
            await asyncio.sleep(0.1)
            assert len(engine.sessions) == 0
            ws.flowing.set()
            closed = await ws.closed()
            assert (closed.code, closed.reason) == (3008, "slow")

    run(scenario())


def test_a_reader_that_never_reads_again_is_let_go() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            await _ask(ws, '{"id":2,"subscribe":{"channel":"news"}}')
            ws.stall()
            await engine.line.publish(News(), 1)
            await asyncio.sleep(9.9)
            assert len(engine.sessions) == 1
            await asyncio.sleep(0.2)
            assert len(engine.sessions) == 0
            await asyncio.sleep(10)
            assert len(engine.background) == 0

    run(scenario())


def test_a_client_that_vanishes_while_it_is_written_to() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            ws.stall()
            await ws.send('{"id":2,"history":{"channel":"news"}}')
            await asyncio.sleep(1)
            await ws.close(1006)
            await asyncio.sleep(1)
            assert (len(engine.sessions), len(engine.background)) == (0, 0)

    run(scenario())


def test_closing_while_the_client_closes() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            ws.stall()
            await ws.send('{"id":2,"history":{"channel":"news"}}')
            await asyncio.sleep(1)
            await engine.line.disconnect("ann")
            await asyncio.sleep(1)
            await ws.close()
            await asyncio.sleep(1)
            assert (len(engine.sessions), len(engine.background)) == (0, 0)

    run(scenario())


def test_a_server_that_goes_away_says_so() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, engine), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            await engine.stop()
            with pytest.raises(Closed, match="3001 shutdown"):
                await ws.receive()

    run(scenario())


def test_a_flood_is_read_no_faster_than_it_is_answered() -> None:
    async def scenario() -> None:
        limits = Limits(commands_in_flight=2)
        async with serving(limits=limits) as (endpoint, _), websocket(endpoint) as ws:
            await _ask(ws, CONNECT)
            for number in range(2, 200):
                await ws.send(json.dumps({"id": number, "presence": {"channel": f"{number}"}}))
            answered: list[int] = []
            while len(answered) < 198:
                answered += _ids(await ws.receive())
            assert answered == list(range(2, 200))

    run(scenario())


def _ids(frame: Any) -> list[int]:
    return [json.loads(line)["id"] for line in frame.split("\n")]


@pytest.mark.parametrize("origin", [b"http://h", b"http://evil.example"])
def test_a_client_that_is_gone_before_the_upgrade(origin: bytes) -> None:
    async def scenario() -> None:
        first = "websocket.disconnect"

        async def receive() -> AsgiMessage:
            return {"type": first}

        async def send(message: AsgiMessage) -> None:
            raise OSError("gone")

        async with serving() as (endpoint, engine):
            headers = [(b"host", b"h"), (b"origin", origin)]
            scope = {"type": "websocket", "path": "/", "headers": headers}
            await endpoint(scope, receive, send)
            first = "websocket.connect"
            with pytest.raises(OSError, match="gone"):
                await endpoint(scope, receive, send)
            assert len(engine.sessions) == 0

    run(scenario())


def test_a_head_that_is_too_large_to_be_kept_is_refused() -> None:
    async def scenario() -> None:
        async with serving() as (endpoint, _):
            with pytest.raises(Denied) as denied:
                async with websocket(endpoint, headers={"x": "y" * 20_000}):
                    pass
            assert denied.value.status == 431

    run(scenario())
