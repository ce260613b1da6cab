"""Lines over HTTP as an ASGI server sees them: one answer that goes on, and requests for the other direction."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from offhook.base.errors import BrokerError, Unauthorized
from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiApp, AsgiMessage
from offhook.testing.asgi import Response, StreamClient, request, stream
from offhook.testing.clock import run
from offhook.transports.base import Entrance
from offhook.transports.emulation import emulation
from offhook.transports.http_stream import http_stream
from offhook.transports.sse import sse
from offhook.transports.uni import uni_http_stream, uni_sse
from tests.realtime.peers import News
from tests.transports.entrances import Who, ann, entrance

CONNECT = '{"id":1,"connect":{}}'
PROTOBUF_CONNECT = bytes([4, 0x08, 1, 0x22, 0])  # the length, id=1, connect={}
PROTOBUF = {"content-type": "application/octet-stream"}

ENDPOINTS: Mapping[str, Callable[[Entrance], AsgiApp]] = {
    "http_stream": http_stream,
    "sse": sse,
    "emulation": emulation,
    "uni_http_stream": uni_http_stream,
    "uni_sse": uni_sse,
}
every_endpoint = pytest.mark.parametrize("name", ENDPOINTS)
both = pytest.mark.parametrize("name", ["http_stream", "sse"])


@dataclass(frozen=True, slots=True)
class Reader:
    """A client of one line, in JSON."""

    stream: StreamClient
    way_in: Entrance
    events: bool

    async def next(self, within: float | None = None) -> Any:
        """The next reply or push."""
        while True:
            piece = await self.stream.until(b"\n\n" if self.events else b"\n", within)
            data = piece.removeprefix(b"\r\n")
            if data:
                return json.loads(data.partition(b"data: ")[2] if self.events else data)

    async def say(self, connected: Mapping[str, str], *commands: object) -> Response:
        """Send *commands* as the SDKs do."""
        envelope = {
            "session": connected["session"],
            "node": connected["node"],
            "data": "\n".join(map(json.dumps, commands)),
        }
        return await request(emulation(self.way_in), "POST", "/emulation", body=json.dumps(envelope).encode())


@asynccontextmanager
async def reading(
    name: str,
    *,
    authenticate: Who = ann,
    limits: Limits | None = None,
    frame: str = CONNECT,
    method: str = "POST",
) -> AsyncIterator[Reader]:
    async with entrance(authenticate, limits) as way_in:
        path = f"/?cf_connect={quote(frame)}" if method == "GET" else "/"
        async with stream(ENDPOINTS[name](way_in), method, path, body=frame.encode()) as client:
            yield Reader(client, way_in, "sse" in name)


@pytest.mark.parametrize(("name", "method"), [("http_stream", "POST"), ("sse", "GET"), ("sse", "POST")])
def test_14_a_line(name: str, method: str) -> None:
    async def scenario() -> None:
        async with reading(name, method=method) as reader:
            connected = (await reader.next())["connect"]
            engine = reader.way_in.engine
            assert connected["node"] == engine.node
            answer = await reader.say(connected, {"id": 2, "subscribe": {"channel": "news"}})
            assert answer.status == 204
            assert await reader.next() == {"id": 2, "subscribe": {}}
            await engine.line.publish(News(), 5)
            assert await reader.next() == {"push": {"channel": "news", "pub": {"data": 5}}}

    run(scenario())


@pytest.mark.parametrize(
    ("name", "content_type", "first"),
    [
        ("http_stream", "application/x-ndjson", b'{"id":1'),
        ("sse", "text/event-stream; charset=utf-8", b"\r\n"),
        ("uni_sse", "text/event-stream; charset=utf-8", b"\r\n"),
        ("uni_http_stream", "application/x-ndjson", b'{"connect"'),
    ],
)
def test_14_the_answer_begins_at_once_and_nobody_may_keep_or_buffer_it(
    name: str, content_type: str, first: bytes
) -> None:
    async def scenario() -> None:
        async with reading(name, frame="{}" if "uni" in name else CONNECT) as reader:
            headers = reader.stream.headers
            assert reader.stream.status == 200
            assert headers["content-type"] == content_type
            assert headers["cache-control"] == "private, no-cache, no-store, must-revalidate, max-age=0"
            assert headers["x-accel-buffering"] == "no"
            assert (await reader.stream.receive()).startswith(first)

    run(scenario())


def test_14_several_replies_are_one_event_each() -> None:
    async def scenario() -> None:
        async with reading("sse") as reader:
            connected = (await reader.next())["connect"]
            await reader.say(connected, *({"id": n, "unsubscribe": {"channel": "a"}} for n in (2, 3, 4)))
            found = [await reader.next() for _ in range(3)]
            assert sorted(each["id"] for each in found) == [2, 3, 4]

    run(scenario())


def test_14_protobuf_by_content_type() -> None:
    async def scenario() -> None:
        async with (
            entrance() as way_in,
            stream(http_stream(way_in), "POST", "/", headers=PROTOBUF, body=PROTOBUF_CONNECT) as client,
        ):
            reply = await client.receive()
            assert client.headers["content-type"] == "application/octet-stream"
            assert (reply[0] & 0x7F | reply[1] << 7, reply[2:4]) == (len(reply) - 2, b"\x08\x01")
            [session] = way_in.engine.sessions
            pong = _field(1, way_in.engine.node) + _field(2, session.secret) + _field(3, "\x00")
            answer = await request(emulation(way_in), "POST", "/", headers=PROTOBUF, body=pong)
            assert answer.status == 204
            await asyncio.sleep(0)
            assert len(way_in.engine.sessions) == 0  # nobody had pinged

    run(scenario())


def _field(number: int, text: str) -> bytes:
    return bytes([number << 3 | 2, len(text)]) + text.encode()


@pytest.mark.parametrize("name", ["http_stream", "sse", "uni_http_stream", "uni_sse"])
@pytest.mark.parametrize("frame", ["nonsense", "[", '{"id":1,"connect":{}} {}'])
def test_16_what_is_no_command_is_told_in_the_stream(name: str, frame: str) -> None:
    async def scenario() -> None:
        async with reading(name, frame=frame) as reader:
            push = {"disconnect": {"code": 3501, "reason": "bad request"}}
            expected = push if "uni" in name else {"push": push}
            assert reader.stream.status == 200
            assert await reader.next() == expected
            with pytest.raises(EOFError):
                await reader.next()

    run(scenario())


@both
def test_14_a_connection_that_fails_says_so_with_status_200(name: str) -> None:
    async def nobody(incoming: Incoming) -> None:
        return None

    async def scenario() -> None:
        async with reading(name, authenticate=nobody) as reader:
            assert reader.stream.status == 200
            assert await reader.next() == {"push": {"disconnect": {"code": 3501, "reason": "bad request"}}}
            with pytest.raises(EOFError):
                await reader.next()

    run(scenario())


@both
def test_14_a_disconnect_push_precedes_the_end(name: str) -> None:
    async def scenario() -> None:
        async with reading(name) as reader:
            await reader.next()
            await reader.way_in.engine.stop()
            assert await reader.next() == {"push": {"disconnect": {"code": 3001, "reason": "shutdown"}}}
            with pytest.raises(EOFError):
                await reader.next()

    run(scenario())


@both
def test_5_pings_are_answered_through_emulation(name: str) -> None:
    async def scenario() -> None:
        async with reading(name) as reader:
            connected = (await reader.next())["connect"]
            for _ in range(3):
                assert await reader.next(within=30) == {}
                assert (await reader.say(connected, {})).status == 204
            assert await reader.next(within=30) == {}
            assert (await reader.next(within=30))["push"]["disconnect"]["code"] == 3012

    run(scenario())


@both
def test_a_client_that_vanishes_is_forgotten_at_once(name: str) -> None:
    async def scenario() -> None:
        async with reading(name) as reader:
            connected = (await reader.next())["connect"]
            await reader.stream.close()
            await asyncio.sleep(0.1)
            assert len(reader.way_in.engine.sessions) == 0
            assert (await reader.say(connected, {"id": 2, "presence": {"channel": "news"}})).status == 404

    run(scenario())


@both
def test_a_slow_reader_is_ended_and_costs_no_memory(name: str) -> None:
    async def scenario() -> None:
        async with reading(name, limits=Limits(queue=5000)) as reader:
            engine = reader.way_in.engine
            connected = (await reader.next())["connect"]
            await reader.say(connected, {"id": 2, "subscribe": {"channel": "news"}})
            await reader.next()
            reader.stream.stall()
            for number in range(1000):
                await engine.line.publish(News(), number)
            await asyncio.sleep(0.1)
            assert len(engine.sessions) == 0
            reader.stream.flowing.set()
            *_, last = [line async for line in _rest(reader)]
            assert last["push"]["disconnect"] == {"code": 3008, "reason": "slow"}

    run(scenario())


async def _rest(reader: Reader) -> AsyncIterator[Any]:
    while True:
        try:
            yield await reader.next()
        except EOFError:
            return


@both
def test_a_reader_that_never_reads_again_is_let_go(name: str) -> None:
    async def scenario() -> None:
        async with reading(name) as reader:
            engine = reader.way_in.engine
            connected = (await reader.next())["connect"]
            await reader.say(connected, {"id": 2, "subscribe": {"channel": "news"}})
            await reader.next()
            reader.stream.stall()
            await engine.line.publish(News(), 1)
            await asyncio.sleep(9.9)
            assert len(engine.sessions) == 1
            await asyncio.sleep(0.2)
            assert len(engine.sessions) == 0
            await asyncio.sleep(10)
            assert len(engine.background) == 0

    run(scenario())


# Refusals


@every_endpoint
def test_14_the_methods_of_an_endpoint(name: str) -> None:
    async def scenario() -> None:
        async with entrance() as way_in:
            endpoint = ENDPOINTS[name](way_in)
            allowed = "GET, POST, OPTIONS" if "sse" in name else "POST, OPTIONS"
            preflight = await request(endpoint, "OPTIONS", "/")
            assert preflight.status == 204
            assert preflight.headers["access-control-max-age"] == "300"
            assert preflight.headers["access-control-allow-methods"] == allowed
            for method in ("PUT", "DELETE", "HEAD", *(["GET"] if "sse" not in name else [])):
                refused = await request(endpoint, method, "/")
                assert (refused.status, refused.headers["allow"]) == (405, allowed)

    run(scenario())


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/?cf_connect="), ("POST", "/?cf_connect=1")])
def test_14_a_missing_command_is_400(method: str, path: str) -> None:
    async def scenario() -> None:
        async with entrance() as way_in:
            assert (await request(sse(way_in), method, path)).status == 400
            assert (await request(http_stream(way_in), "POST", path)).status == 400

    run(scenario())


@every_endpoint
def test_14_too_much_is_413(name: str) -> None:
    async def scenario() -> None:
        async with entrance(limits=Limits(command_frame=100)) as way_in:
            endpoint = ENDPOINTS[name](way_in)
            assert (await request(endpoint, "POST", "/", body=b"x" * 201)).status == 413
            if "sse" in name:
                assert (await request(endpoint, "GET", f"/?cf_connect={'x' * 101}")).status == 413

    run(scenario())


@every_endpoint
def test_a_body_that_does_not_come_is_408(name: str) -> None:
    async def scenario() -> None:
        sent: list[AsgiMessage] = []
        parts: list[AsgiMessage] = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive() -> AsgiMessage:
            if not parts:
                await asyncio.sleep(60)
            return parts.pop()

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        async with entrance() as way_in:
            scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
            await ENDPOINTS[name](way_in)(scope, receive, send)
            assert sent[0]["status"] == 408

    run(scenario())


@every_endpoint
def test_a_client_that_leaves_before_it_has_asked_gets_no_answer(name: str) -> None:
    async def scenario() -> None:
        async def receive() -> AsgiMessage:
            return {"type": "http.disconnect"}

        async def send(message: AsgiMessage) -> None:
            raise AssertionError(message)

        async with entrance() as way_in:
            scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
            await ENDPOINTS[name](way_in)(scope, receive, send)

    run(scenario())


@every_endpoint
@pytest.mark.parametrize(
    ("headers", "welcome"),
    [
        ({}, True),
        ({"origin": "https://testserver"}, True),
        ({"origin": "https://friend.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_pages_of_other_sites_are_refused(name: str, headers: dict[str, str], welcome: bool, method: str) -> None:
    async def scenario() -> None:
        asked = []

        async def authenticate(incoming: Incoming) -> None:
            asked.append(incoming)
            raise Unauthorized

        async with entrance(authenticate, origins=("https://friend.example",)) as way_in:
            answer = await request(ENDPOINTS[name](way_in), method, "/", headers=headers, body=b"{")
            assert (answer.status == 403) is not welcome
            assert welcome or not asked
            readable = headers.get("origin") if welcome else None
            assert answer.headers.get("access-control-allow-origin") == readable

    run(scenario())


@pytest.mark.parametrize("name", ["http_stream", "sse", "uni_http_stream", "uni_sse"])
def test_who_may_not_connect_is_told_by_status(name: str) -> None:
    async def refuse(incoming: Incoming) -> None:
        raise Unauthorized

    async def scenario() -> None:
        async with entrance(refuse) as way_in:
            endpoint = ENDPOINTS[name](way_in)
            assert (await request(endpoint, "POST", "/", body=b"{}")).status == 401
            await way_in.engine.stop()
            assert (await request(endpoint, "POST", "/", body=b"{}")).status == 503

    run(scenario())


@pytest.mark.parametrize("name", ["http_stream", "sse", "uni_http_stream", "uni_sse"])
def test_17_connections_of_one_address_and_of_one_process_are_limited(name: str) -> None:
    async def scenario(limits: Limits, status: int) -> None:
        async with entrance(limits=limits) as way_in:
            endpoint = ENDPOINTS[name](way_in)
            frame = b"{}" if "uni" in name else CONNECT.encode()
            async with stream(endpoint, "POST", "/", body=frame) as first:
                assert first.status == 200
                assert (await request(endpoint, "POST", "/", body=frame)).status == status

    run(scenario(Limits(connections_of_address=1), 429))
    run(scenario(Limits(connections=1), 503))


def test_room_that_is_taken_while_the_application_says_who_it_is() -> None:
    async def slow(incoming: Incoming) -> Identity[str] | None:
        await asyncio.sleep(1)
        return Identity("ann", "Ann")

    async def scenario() -> None:
        async with entrance(slow, Limits(connections=1)) as way_in:
            endpoint = http_stream(way_in)
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(_open_for(endpoint, 5))
                await asyncio.sleep(2)
                assert len(way_in.engine.sessions) == 1

    run(scenario())


async def _open_for(endpoint: AsgiApp, seconds: float) -> None:
    async with stream(endpoint, "POST", "/", body=CONNECT.encode()):
        await asyncio.sleep(seconds)


# Emulation


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"session":1,"node":"n","data":"{}"}', {}, 400),
        (b'{"session":"s","node":"n","data":{}}', {}, 400),
        (b"\xff", {}, 400),
        (b"\xff\xff", PROTOBUF, 400),
        (b'{"session":"s","node":"n","data":"{}"}', {}, 404),
        (b'{"session":"","node":"","data":"{}"}', {}, 404),
        (_field(1, "n") + _field(2, "s") + _field(3, "d"), PROTOBUF, 404),
    ],
)
def test_14_emulation_of_what_is_not_there(body: bytes, headers: dict[str, str], status: int) -> None:
    async def scenario() -> None:
        async with entrance() as way_in:
            answer = await request(emulation(way_in), "POST", "/", headers=headers, body=body)
            assert (answer.status, answer.headers["cache-control"]) == (
                status,
                "private, no-cache, no-store, must-revalidate, max-age=0",
            )

    run(scenario())


@both
def test_14_an_unknown_session_is_404_with_or_without_its_node(name: str) -> None:
    async def scenario() -> None:
        async with reading(name) as reader:
            connected = (await reader.next())["connect"]
            for wrong in ({"session": "guess"}, {"session": ""}, {"node": "gone"}):
                assert (await reader.say(connected | wrong, {})).status == 404
            assert len(reader.way_in.engine.sessions) == 1

    run(scenario())


def test_the_id_of_a_client_is_not_its_secret_and_both_are_new_each_time() -> None:
    async def scenario() -> None:
        async with entrance() as way_in:
            seen = set()
            for _ in range(3):
                async with stream(http_stream(way_in), "POST", "/", body=CONNECT.encode()) as client:
                    connected = json.loads(await client.receive())["connect"]
                    seen |= {connected["client"], connected["session"]}
            assert len(seen) == 6

    run(scenario())


def test_14_a_process_that_cannot_be_reached_is_500(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with entrance() as way_in:
            await way_in.engine.broker.close()
            with pytest.raises(BrokerError):
                await way_in.engine.broker.tell(None, b"")
            body = b'{"session":"s","node":"elsewhere","data":"{}"}'
            assert (await request(emulation(way_in), "POST", "/", body=body)).status == 500

    run(scenario())
    assert "could not be passed" in caplog.text
    assert "elsewhere" not in caplog.text


def test_16_commands_after_the_end_are_404() -> None:
    async def scenario() -> None:
        async with reading("http_stream") as reader:
            connected = (await reader.next())["connect"]
            assert (await reader.say(connected, {"id": 2, "connect": {}})).status == 204
            assert (await reader.next())["push"]["disconnect"]["code"] == 3501
            assert (await reader.say(connected, {"id": 3})).status == 404

    run(scenario())


# Unidirectional


@pytest.mark.parametrize("name", ["uni_sse", "uni_http_stream"])
def test_14_a_line_on_which_only_the_server_speaks(name: str) -> None:
    async def scenario() -> None:
        async with reading(name, frame="") as reader:
            connected = (await reader.next())["connect"]
            assert {"session", "pong", "node"}.isdisjoint(connected)
            assert connected["ping"] == 25
            for _ in range(4):
                assert await reader.next(within=30) == {}
            await reader.way_in.engine.stop()
            assert await reader.next() == {"disconnect": {"code": 3001, "reason": "shutdown"}}
            with pytest.raises(EOFError):
                await reader.next()

    run(scenario())
