"""The engine alone: an application of its own, which needs nothing of the page half."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from offhook import BrokerError, Client, Connecting, Disconnect, Realtime, UsageError, Welcome
from offhook.brokers.base import Listener
from offhook.brokers.memory import MemoryBroker
from offhook.jwt import JwtTokens
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env
from tests.apps.ticks import Ticks

SECRET = "a secret of more than thirty-two bytes"


def test_a_line_from_the_lifespan_to_a_publication() -> None:
    app = Realtime(channels=[Ticks], env=virtual_env())

    async def scenario() -> object:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            await client.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"ticks:a"}}')
            while '"id":2' not in str(await client.receive()):
                pass
            await app.line.publish(Ticks(name="a"), {"n": 1})
            while '"pub"' not in (frame := str(await client.receive())):
                pass
            return json.loads(frame.split("\n")[-1])["push"]["pub"]["data"]

    assert run(scenario()) == {"n": 1}


def test_other_addresses_are_not_found() -> None:
    app = Realtime(channels=[Ticks])

    async def scenario() -> int:
        async with asgi.lifespan(app):
            with pytest.raises(asgi.Denied):
                async with asgi.websocket(app, "/elsewhere"):
                    pass
            return (await asgi.request(app, "GET", "/")).status

    assert run(scenario()) == 404


def test_everything_else_is_the_fallbacks_with_its_lifespan() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        seen.append("started")
        yield
        seen.append("stopped")

    async def page(request: Request) -> Response:
        return PlainTextResponse("page")

    async def socket(ws: WebSocket) -> None:
        await ws.accept()
        await ws.send_text("socket")
        await ws.close()

    routes = [Route("/{path:path}", page), WebSocketRoute("/{path:path}", socket)]
    app = Realtime(channels=[Ticks], fallback=Starlette(routes=routes, lifespan=running))

    async def scenario() -> None:
        async with asgi.lifespan(app):
            seen.append((await asgi.request(app, "GET", "/connection/websocket")).text)
            async with asgi.websocket(app, "/elsewhere") as client:
                seen.append(str(await client.receive()))
            async with asgi.websocket(app, "/connection/websocket") as client:
                await client.send('{"id":1,"connect":{}}')
                assert '"connect"' in str(await client.receive())

    run(scenario())
    assert seen == ["started", "page", "socket", "stopped"]


def test_shutting_down_tells_clients_to_come_back() -> None:
    app = Realtime(channels=[Ticks])

    async def scenario() -> int:
        await app.start()
        async with asgi.websocket(app, "/connection/websocket") as client:
            await client.send('{"id":1,"connect":{}}')
            await client.receive()
            await app.stop()
            return (await client.closed()).code

    assert run(scenario()) == 3001


def test_a_broker_that_nobody_knows() -> None:
    with pytest.raises(UsageError, match=r"no broker for 'pigeon://'; installed ones: memory://"):
        Realtime(channels=[Ticks], broker="pigeon://")


def test_nothing_of_the_page_half_is_imported() -> None:
    names = (
        "offhook.pages offhook.bridge offhook.app starlette python_multipart py_mini_racer redis jwt httpx uvicorn"
    )
    program = f"import sys, tests.apps.ticks; print(sorted(set({names.split()}) & sys.modules.keys()))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


CONNECT = '{"id":1,"connect":{}}'


def test_without_a_lifespan_it_starts_when_somebody_comes() -> None:
    app = Realtime(channels=[Ticks], env=virtual_env())

    async def scenario() -> None:
        with pytest.raises(UsageError, match="does not run"):
            await app.line.publish(Ticks(name="a"), {"n": 1})
        async with asgi.websocket(app, "/connection/websocket") as one:
            async with asgi.websocket(app, "/connection/websocket") as other:
                for client in (one, other):
                    await client.send(CONNECT)
                    assert "connect" in json.loads(await client.receive())
            await app.line.publish(Ticks(name="a"), {"n": 1})
        await app.stop()
        with pytest.raises(asgi.Denied):  # it was stopped, and that is meant
            async with asgi.websocket(app, "/connection/websocket"):
                pass

    run(scenario())


def test_another_event_loop_is_told_so() -> None:
    app = Realtime(channels=[Ticks])

    async def connect() -> None:
        async with asgi.websocket(app, "/connection/websocket") as client:
            await client.send(CONNECT)
            await client.receive()

    run(connect())
    with pytest.raises(UsageError, match="runs in another event loop"):
        run(connect())


class _Away(MemoryBroker):
    async def start(self, listener: Listener, node: str) -> None:
        raise BrokerError("the broker is away")


def test_a_broker_that_is_away_turns_clients_away_for_now(caplog: pytest.LogCaptureFixture) -> None:
    app = Realtime(channels=[Ticks], broker=_Away())

    async def scenario() -> int:
        with pytest.raises(asgi.Denied):
            async with asgi.websocket(app, "/connection/websocket"):
                pass
        return (await asgi.request(app, "POST", "/emulation")).status

    assert run(scenario()) == 503
    assert caplog.messages == ["the engine cannot start: the broker is away"] * 2


def test_hooks_and_tokens_are_the_engines() -> None:
    heard: list[str] = []

    async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
        heard.append(f"{client.user_id} {connecting.name}")
        return Welcome(data={"hello": client.user_id}, channels=[Ticks(name=client.user_id)])

    async def on_disconnect(client: Client[Any], disconnect: Disconnect) -> None:
        heard.append(f"{client.user_id} {disconnect.code.number}")

    tokens = JwtTokens(secret=SECRET)
    app = Realtime(channels=[Ticks], tokens=tokens, on_connect=on_connect, on_disconnect=on_disconnect)

    async def scenario() -> object:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            token = jwt.encode({"sub": "ann"}, SECRET)
            await client.send(json.dumps({"id": 1, "connect": {"token": token, "name": "js"}}))
            return json.loads(await client.receive())["connect"]

    reply = run(scenario())
    assert isinstance(reply, dict)
    assert (reply["data"], set(reply["subs"])) == ({"hello": "ann"}, {"ticks:ann"})
    assert heard == ["ann js", "ann 3000"]


def test_with_tokens_nobody_is_let_in_without_one() -> None:
    app = Realtime(channels=[Ticks], tokens=JwtTokens(secret=SECRET))

    async def scenario() -> int:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            await client.send(CONNECT)
            return (await client.closed()).code

    assert run(scenario()) == 3501
