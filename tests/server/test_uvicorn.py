"""The canary: uvicorn's interface for protocol classes is documented nowhere. This fails when it moves."""

import asyncio
import inspect
from typing import Any

import pytest
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from offhook.server.http import HttpProtocol
from offhook.server.listening import listen
from offhook.server.websocket import WebSocketProtocol
from tests.server.applications import echo


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("http", ["httptools", "h11", HttpProtocol])
@pytest.mark.parametrize("ws", [WebSocketProtocol, "offhook.server.websocket:WebSocketProtocol"])
def test_the_classes_work_with_those_of_uvicorn(loop: Any, http: Any, ws: Any) -> None:
    config = uvicorn.Config(echo, http=http, ws=ws, loop=loop, log_level="error")
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_echoes(uvicorn.Server(config)))


async def _echoes(server: uvicorn.Server) -> None:
    [bound] = listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve([bound]))
    try:
        async with connect(f"ws://127.0.0.1:{bound.getsockname()[1]}") as client:
            await client.send("hello")
            assert await client.recv() == "hello"
            assert len(server.server_state.connections) == 1
            assert len(server.server_state.tasks) == 1
    finally:
        server.should_exit = True
        await serving
    assert not server.server_state.connections
    assert not server.server_state.tasks


def test_the_call_by_which_uvicorn_hands_an_upgrade_over() -> None:
    source = inspect.getsource(HttpToolsProtocol.handle_websocket_upgrade)
    calls = ["connection_made(self.transport)", "data_received(", "self.transport.set_protocol(protocol)"]
    places = [source.find(call) for call in calls]

    assert -1 not in places
    assert places == sorted(places)
    for keyword in ("config=self.config", "server_state=self.server_state", "app_state=self.app_state"):
        assert keyword in source


@pytest.mark.parametrize(
    "name",
    [
        "connection_made",
        "connection_lost",
        "data_received",
        "handle_websocket_upgrade",
        "on_body",
        "on_header",
        "on_headers_complete",
        "on_message_begin",
        "on_message_complete",
        "on_response_complete",
        "on_url",
        "pause_writing",
        "resume_writing",
        "shutdown",
        "timeout_keep_alive_handler",
        "_should_upgrade",
        "_unset_keepalive_if_required",
    ],
)
def test_what_the_http_class_overrides_or_calls_is_there(name: str) -> None:
    assert callable(getattr(HttpToolsProtocol, name))


def test_what_the_classes_read_is_there() -> None:
    config, state = Config(echo, log_config=None), ServerState()
    for name in ("ws_max_size", "ws_ping_interval", "ws_ping_timeout", "ws_per_message_deflate", "root_path"):
        assert hasattr(config, name)
    assert (state.connections, state.tasks, state.default_headers) == (set(), set(), [])
    written = inspect.getsource(HttpToolsProtocol) + inspect.getsource(RequestResponseCycle)
    for name in ("cycle", "flow", "headers", "parser", "pipeline", "scope", "transport", "url"):
        assert f"self.{name}" in written
    for name in (
        "disconnected",
        "message_event",
        "response_complete",
        "response_started",
        "waiting_for_100_continue",
    ):
        assert f"self.{name}" in written
