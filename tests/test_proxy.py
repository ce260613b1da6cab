"""The proxy, between a real client and a real other server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from offhook.base.errors import UsageError
from offhook.base.types import AsgiApp, AsgiMessage
from offhook.proxy import proxy
from offhook.testing import asgi
from offhook.testing.ports import free_port
from tests.listening import listening

SOON = 10.0


@dataclass
class Upstream:
    """The other server: says what it saw, and can be asked to misbehave."""

    seen: list[Any] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    proceed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/seen{rest:path}", self.mirror, methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
            Route("/away", self.redirect),
            Route("/packed", self.packed),
            Route("/unchanged", self.unchanged),
            Route("/upload", self.upload, methods=["POST"]),
            Route("/events", self.events),
            Route("/broken", self.broken),
            Route("/slow", self.slow),
            WebSocketRoute("/echo", self.echo),
            WebSocketRoute("/closes", self.closes),
            WebSocketRoute("/refuses", self.refuses),
            WebSocketRoute("/records", self.records),
        ]
        return Starlette(routes=routes)

    async def mirror(self, request: Request) -> Response:
        headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers.raw]
        answer = {"target": _target(request), "headers": headers, "body": (await request.body()).decode()}
        response = JSONResponse(answer, headers={"Connection": "x-secret", "X-Secret": "1", "Keep-Alive": "9"})
        response.headers.append("Set-Cookie", "a=1")
        response.headers.append("Set-Cookie", "b=2")
        return response

    async def redirect(self, request: Request) -> Response:
        return RedirectResponse("/seen", 302)

    async def packed(self, request: Request) -> Response:
        return Response(b"\x1f\x8b packed", headers={"Content-Encoding": "gzip"})

    async def unchanged(self, request: Request) -> Response:
        return Response(status_code=304, headers={"Content-Length": "100", "ETag": '"1"'})

    async def upload(self, request: Request) -> Response:
        try:
            async for part in request.stream():
                self.seen.append(part)
                self.proceed.set()
        except ClientDisconnect:
            self.gone.set()
        return Response(str(sum(map(len, self.seen))))

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        try:
            yield "data: first\n\n"
            await asyncio.Event().wait()
        finally:
            self.gone.set()

    async def broken(self, request: Request) -> Response:
        return StreamingResponse(iter([b"half"]), headers={"Content-Length": "100"})

    async def slow(self, request: Request) -> Response:
        self.proceed.set()
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.gone.set()
        return Response()

    async def echo(self, ws: WebSocket) -> None:
        self.seen.append((ws.scope["subprotocols"], dict(ws.headers)))
        protocol = next(iter(ws.scope["subprotocols"]), None)
        await ws.accept(protocol, headers=[(b"set-cookie", b"socket=1")])
        while (message := await ws.receive())["type"] == "websocket.receive":
            await ws.send({"type": "websocket.send", **{k: message.get(k) for k in ("text", "bytes")}})
        self.seen.append((message["code"], message.get("reason")))
        self.gone.set()

    async def closes(self, ws: WebSocket) -> None:
        await ws.accept()
        await ws.close(4321, "enough")

    async def refuses(self, ws: WebSocket) -> None:
        await ws.send_denial_response(Response("no", 401))

    async def records(self, ws: WebSocket) -> None:
        await ws.accept()
        try:
            await ws.receive_text()
        except WebSocketDisconnect as left:
            self.seen.append(left.code)
        self.gone.set()


def _target(request: Request) -> str:
    return f"{request.scope['raw_path'].decode()}?{request.scope['query_string'].decode()}"


Scenario = Callable[[Upstream, str], Awaitable[None]]


def between(scenario: Scenario, **options: float) -> None:
    """Run *scenario*, with the other server and the address of the front."""

    async def run() -> None:
        upstream = Upstream()
        async with (
            asyncio.timeout(30),
            listening(upstream.app) as port,
            listening(proxy(f"http://127.0.0.1:{port}", **options)) as front,
        ):
            await scenario(upstream, f"127.0.0.1:{front}")

    asyncio.run(run())


@asynccontextmanager
async def browsing(front: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{front}", trust_env=False, timeout=SOON) as client:
        yield client


# Requests


def test_a_request_goes_up_and_its_answer_down() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            answer = await client.post(
                "/seen/a%2Fb//c/%2e%2e/d?q=%20&q=ä", content="body", headers={"Cookie": "x=1"}
            )
            seen = answer.json()
        headers = dict(seen["headers"])
        assert seen["target"] == "/seen/a%2Fb//c/%2e%2e/d?q=%20&q=%C3%A4"
        assert seen["body"] == "body"
        assert headers["host"] == headers["x-forwarded-host"] == front
        assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
        assert (headers["cookie"], headers["content-length"], headers["via"]) == ("x=1", "4", "1.1 offhook")
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]

    between(scenario)


def test_what_concerns_one_connection_stays_there() -> None:
    claims = {
        "Connection": "x-mine, keep-alive",
        "X-Mine": "1",
        "Keep-Alive": "timeout=5",
        "TE": "trailers",
        "Proxy-Authorization": "Basic secret",
        "X-Forwarded-For": "6.6.6.6",
        "X_Forwarded_For": "6.6.6.6",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
    }

    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            answer = await client.get("/seen", headers=claims)
        headers = answer.json()["headers"]
        names = [name for name, _ in headers]
        assert [value for name, value in headers if name == "x-forwarded-for"] == ["127.0.0.1"]
        assert not {"x-mine", "keep-alive", "te", "proxy-authorization", "forwarded", "x-real-ip"} & set(names)
        assert not {"x_forwarded_for", "x-forwarded-prefix", "transfer-encoding", "content-length"} & set(names)
        assert "x-secret" not in answer.headers
        assert "keep-alive" not in answer.headers
        assert len(answer.headers.get_list("date")) == 1

    between(scenario)


def test_redirects_and_packed_bodies_are_the_clients() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            redirected = await client.get("/away")
            assert (redirected.status_code, redirected.headers["location"]) == (302, "/seen")
            async with client.stream("GET", "/packed") as packed:
                assert [part async for part in packed.aiter_raw()] == [b"\x1f\x8b packed"]
                assert packed.headers["content-encoding"] == "gzip"

    between(scenario)


def test_an_answer_without_a_body_has_none() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            unchanged = await client.get("/unchanged")
            head = await client.head("/events")
        assert (unchanged.status_code, unchanged.headers["etag"]) == (304, '"1"')
        assert (head.status_code, head.content) == (200, b"")

    between(scenario)


def test_a_body_goes_up_while_it_comes() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await upstream.proceed.wait()  # the other server has it, and we have not sent the rest
            yield b"x" * 900_000

        async with browsing(front) as client:
            assert (await client.post("/upload", content=parts())).text == "900005"

    between(scenario)


def test_an_answer_comes_down_while_it_is_made_and_ends_when_the_client_hangs_up() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client, client.stream("GET", "/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert await anext(answer.aiter_raw()) == b"data: first\n\n"
        await asyncio.wait_for(upstream.gone.wait(), SOON)

    between(scenario)


def test_a_client_that_hangs_up_before_the_answer_cancels_the_question() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            asking = asyncio.ensure_future(client.get("/slow"))
            await upstream.proceed.wait()
            asking.cancel()
            await asyncio.wait_for(upstream.gone.wait(), SOON)

    between(scenario)


def test_a_client_that_hangs_up_in_its_body_cancels_the_question() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        host, port = front.split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        await upstream.proceed.wait()
        writer.close()
        await asyncio.wait_for(upstream.gone.wait(), SOON)

    between(scenario)


def test_an_answer_that_breaks_off_does_not_look_complete() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/broken")

    between(scenario)


def test_an_answer_that_does_not_come_is_504() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        async with browsing(front) as client:
            assert (await client.get("/slow")).status_code == 504
        await asyncio.wait_for(upstream.gone.wait(), SOON)

    between(scenario, answer=0.2)


def test_another_server_that_is_away_is_502_and_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        port = free_port()
        front = proxy(f"http://127.0.0.1:{port}")
        assert [await status(front, "/seen") for _ in range(3)] == [502] * 3
        with pytest.raises(asgi.Denied, match="502"):
            async with asgi.websocket(front, "/echo", headers={"host": "a"}):
                pass
        async with listening(Upstream().app, port), asgi.lifespan(front):
            assert await status(front, "/seen") == 200

    with caplog.at_level(logging.WARNING, "offhook.proxy"):
        asyncio.run(scenario())
    away, back = caplog.messages
    assert away.startswith("no answer from 127.0.0.1:")
    assert back.endswith("answers again")


async def status(app: AsgiApp, path: str) -> int:
    """That of the answer to a client that does not hang up."""
    sent: list[AsgiMessage] = []
    waiting: list[AsgiMessage] = [{"type": "http.request"}]

    async def receive() -> AsgiMessage:
        return waiting.pop() if waiting else await asyncio.get_running_loop().create_future()

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"a")]}
    await app(scope, receive, send)
    found: int = sent[0]["status"]
    return found


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nBad Header: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
)
def test_an_answer_that_is_not_http_is_502(garbage: bytes) -> None:
    async def scenario() -> None:
        async with speaking(garbage) as port, listening(proxy(f"http://127.0.0.1:{port}")) as front:
            async with browsing(f"127.0.0.1:{front}") as client:
                answer = await client.get("/")
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{front}/", proxy=None)
        assert (answer.status_code, answer.text) == (502, "Bad gateway")
        assert refused.value.response.status_code == 502

    asyncio.run(scenario())


@asynccontextmanager
async def speaking(said: bytes) -> AsyncIterator[int]:
    """A server that reads a head, says *said* and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://evil.example/seen HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET //evil.example/seen HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /seen HTTP/1.1\r\nHost: a@evil.example\r\n\r\n",
    ],
)
def test_no_request_leads_elsewhere(head: bytes) -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        host, port = front.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head)
        assert (await reader.readuntil(b"\r\n")).split()[1] in {
            b"200",
            b"404",
            b"400",
        }  # it was this upstream that said so, or the server in front of it refused the host
        writer.close()

    between(scenario)


# Sockets


def test_messages_of_both_kinds_in_both_directions() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        headers = {"Cookie": "who=ann", "X-Forwarded-For": "6.6.6.6", "Origin": "http://page"}
        dialled = connect(
            f"ws://{front}/echo?x=1",
            proxy=None,
            subprotocols=[Subprotocol("b"), Subprotocol("a")],
            additional_headers=headers,
            max_size=None,
        )
        async with dialled as ws:
            assert ws.subprotocol == "b"
            assert ws.response is not None
            assert ws.response.headers["set-cookie"] == "socket=1"
            for message in ("é", b"\x00\xff", "", b"", "x" * 1_000_000):
                await ws.send(message)
                assert await ws.recv() == message
        offered, seen = upstream.seen[0]
        assert offered == ["b", "a"]
        assert (seen["host"], seen["cookie"], seen["origin"]) == (front, "who=ann", "http://page")
        assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")

    between(scenario)


def test_how_the_client_closes_is_how_the_other_server_sees_it() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        ws = await connect(f"ws://{front}/echo", proxy=None)
        await ws.close(4000, "bye")
        await asyncio.wait_for(upstream.gone.wait(), SOON)
        assert upstream.seen[-1] == (4000, "bye")

    between(scenario)


def test_a_client_that_vanishes_has_gone_away() -> None:
    async def scenario() -> None:
        upstream = Upstream()
        async with listening(upstream.app) as port:
            async with asgi.websocket(proxy(f"http://127.0.0.1:{port}"), "/records", headers={"host": "a"}) as ws:
                await ws.close(1006)
            await asyncio.wait_for(upstream.gone.wait(), SOON)
        assert upstream.seen == [1001]

    asyncio.run(scenario())


def test_how_the_other_server_closes_is_how_the_client_sees_it() -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        ws = await connect(f"ws://{front}/closes", proxy=None)
        with pytest.raises(ConnectionClosed):
            await ws.recv()
        assert (ws.close_code, ws.close_reason) == (4321, "enough")

    between(scenario)


def test_another_server_that_vanishes_is_a_bad_gateway() -> None:
    async def vanish(ws: ServerConnection) -> None:
        ws.transport.abort()

    async def scenario() -> None:
        async with serve(vanish, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with listening(proxy(f"http://127.0.0.1:{port}")) as front:
                ws = await connect(f"ws://127.0.0.1:{front}/", proxy=None)
                await ws.wait_closed()
        assert ws.close_code == 1014

    asyncio.run(scenario())


@pytest.mark.parametrize(("path", "status"), [("/refuses", 401), ("/nowhere", 403), ("/seen", 403)])
def test_a_refused_upgrade_keeps_its_status(path: str, status: int) -> None:
    async def scenario(upstream: Upstream, front: str) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{front}{path}", proxy=None)
        assert refused.value.response.status_code == status

    between(scenario)


def test_a_redirected_upgrade_is_not_followed() -> None:
    async def scenario() -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: ws://evil.example/\r\nContent-Length: 0\r\n\r\n"
        async with speaking(moved) as port:
            with pytest.raises(asgi.Denied, match="502"):
                async with asgi.websocket(proxy(f"http://127.0.0.1:{port}"), headers={"host": "a"}):
                    pass

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["", "a@evil.example", "a/b", "a b", "a:99999", "é"])
def test_an_upgrade_with_a_host_that_is_none(host: str) -> None:
    async def scenario() -> None:
        with pytest.raises(asgi.Denied, match="400"):
            async with asgi.websocket(proxy("http://127.0.0.1:1"), headers={"host": host}):
                pass

    asyncio.run(scenario())


# Its address


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:3000", "ftp://a", "http://", "http://a:b", "http://a/path", "http://a?q", "http://u:p@a"],
)
def test_an_address_that_is_not_a_servers(url: str) -> None:
    with pytest.raises(UsageError, match="needs scheme, host and port"):
        proxy(url)
