"""``Realtime``: the engine alone, to serve or to mount. It needs nothing of the page half."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from offhook.base import observe
from offhook.base.drain import on_drain
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import BrokerError
from offhook.base.incoming import Authenticate
from offhook.base.limits import Limits, chosen
from offhook.base.mounting import below_root
from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.brokers.base import Broker
from offhook.brokers.load import open_broker
from offhook.health import metrics, probes
from offhook.http_api import http_api
from offhook.realtime.channel import Channel
from offhook.realtime.engine import Engine
from offhook.realtime.hooks import OnConnect, OnDisconnect
from offhook.realtime.line import Line
from offhook.realtime.sessions import Sessions
from offhook.realtime.tokens import Tokens
from offhook.transports.base import Entrance
from offhook.transports.emulation import emulation
from offhook.transports.http_stream import http_stream
from offhook.transports.lifespan import nested, serve_lifespan
from offhook.transports.sse import sse
from offhook.transports.uni import uni_http_stream, uni_sse
from offhook.transports.websocket import WebSocketEndpoint

if TYPE_CHECKING:
    from offhook.prometheus import EngineCollector

LINE_PATH = "/connection/websocket"
"""Where the official SDKs look for a line by default."""


def _endpoints(entrance: Entrance) -> Mapping[tuple[str, str], AsgiApp]:
    """What answers, by the kind of a scope and its path; the paths are those of the SDKs' documentation."""
    return {
        ("websocket", LINE_PATH): WebSocketEndpoint(entrance),
        ("http", "/connection/http_stream"): http_stream(entrance),
        ("http", "/connection/sse"): sse(entrance),
        ("http", "/emulation"): emulation(entrance),
        ("http", "/connection/uni_sse"): uni_sse(entrance),
        ("http", "/connection/uni_http_stream"): uni_http_stream(entrance),
    }


class Realtime:
    """The engine alone: channels behind ``/connection/websocket``, in an ASGI application of its own.

    :param channels: the channel classes of the application.
    :param authenticate: who opens a line; without it everybody is anonymous.
    :param broker: a URL such as ``memory://``, or a broker.
    :param anonymous: whether a line may be opened by nobody in particular; by default only where there is no
        ``authenticate`` and no ``tokens``.
    :param on_connect: asked about every client that connects: ``async def on_connect(client, connecting)``. It
        returns None or a ``Welcome``, or raises ``Denied``.
    :param on_disconnect: told about every client that was let in when it has gone, and why.
    :param tokens: reads the tokens that clients show, such as ``offhook.jwt.JwtTokens``.
    :param origins: further page origins that may open a line, such as ``https://admin.example.com``.
    :param api_key: opens the HTTP API (``POST /api/publish`` …) to servers that send it as ``X-API-Key``; at least
        16 characters. Without one there is no API.
    :param health: whether ``/healthz`` and ``/readyz`` answer.
    :param metrics_key: opens ``/metrics`` to whoever sends it as ``Authorization: Bearer``; at least 16
        characters.
    :param fallback: the application that answers everything else, such as ``proxy("http://127.0.0.1:3000")``;
        its lifespan is served too. Without one everything else is not found.

    ``line`` is the application's end of all lines: ``await realtime.line.publish(Room(room_id=1), message)``.
    ``sessions`` knows who is connected; what else is open counts there too.
    """

    def __init__(
        self,
        *,
        channels: Sequence[type[Channel[Any]]],
        authenticate: Authenticate[Any] | None = None,
        broker: str | Broker = "memory://",
        anonymous: bool | None = None,
        on_connect: OnConnect | None = None,
        on_disconnect: OnDisconnect | None = None,
        tokens: Tokens | None = None,
        origins: Sequence[str] = (),
        api_key: str | None = None,
        health: bool = False,
        metrics_key: str | None = None,
        fallback: AsgiApp | None = None,
        limits: Limits | None = None,
        env: Env = SYSTEM,
    ) -> None:
        self.limits = chosen(limits)
        self._fallback = fallback or _not_found
        self._engine = Engine(
            channels=channels,
            broker=open_broker(broker, env) if isinstance(broker, str) else broker,
            limits=self.limits,
            env=env,
            anonymous=authenticate is None and tokens is None if anonymous is None else anonymous,
            authenticate=authenticate,
            on_connect=on_connect,
            on_disconnect=on_disconnect,
            tokens=tokens,
        )
        pages = {
            **({} if api_key is None else http_api(self._engine, api_key)),
            **(probes(self._engine) if health else {}),
            **({} if metrics_key is None else metrics(self._engine, metrics_key)),
        }
        self._endpoints = {
            **_endpoints(Entrance(self._engine, authenticate, origins)),
            **{("http", path): page for path, page in pages.items()},
        }
        self.line: Line = self._engine.line
        self.sessions: Sessions = self._engine.sessions

    async def start(self) -> None:
        """Start the broker; a lifespan does it."""
        await self._engine.start()

    async def stop(self) -> None:
        """Close every line with 3001, so that clients come back elsewhere, then stop the broker."""
        await self._engine.stop()

    def collector(self) -> "EngineCollector":
        """The engine's numbers for a Prometheus registry of the application's own: ``registry.register(...)``.

        It needs the extra ``offhook[metrics]``.
        """
        from offhook.prometheus import EngineCollector

        return EngineCollector(self._engine)

    def announce(self, build: str) -> None:
        """Tell every client that connects which build of the pages this server has."""
        self._engine.connect_data = {"build": build}

    def ends_with(self, scope: Scope) -> None:
        """Have the server behind *scope* say when it ends, so that every line is told."""
        on_drain(scope, self._engine)

    def serves(self, scope: Scope) -> bool:
        """Whether this connection or request is for the line."""
        return _address(scope) in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the line, and everything else by the fallback."""
        match scope["type"]:
            case "lifespan":
                self.ends_with(scope)
                await serve_lifespan(lambda: self._running(scope), receive, send)
            case _ if self.serves(scope):
                await self._wake()
                self.ends_with(scope)
                await self._endpoints[_address(scope)](scope, receive, send)
            case _:
                await self._fallback(scope, receive, send)

    async def _wake(self) -> None:
        """Start where no lifespan arrived."""
        try:
            await self._engine.wake()
        except BrokerError as error:
            observe.LINE.error("the engine cannot start: %s", error)  # whoever asks is told 503

    @asynccontextmanager
    async def _running(self, scope: Scope) -> AsyncIterator[None]:
        await self.start()
        try:
            async with nested(self._fallback, scope):
                yield
        finally:
            await self.stop()


def _address(scope: Scope) -> tuple[str, str]:
    """The kind of a scope and its path below the place where this application is mounted."""
    return scope["type"], below_root(scope)["path"] if "path" in scope else ""


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "http":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body"})
        case "websocket":
            await send({"type": "websocket.close", "code": 1000})
