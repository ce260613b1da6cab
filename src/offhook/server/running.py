"""One process that serves: an application under uvicorn with uvloop and httptools, from its start to its end.

The end, from the first signal on: no line is let in any more, and readiness says so. Over the first half of the
time that ``Settings.drain`` gives, those who never end by themselves are told to come back, one after the other,
while requests are still answered. Then nobody is listened to, requests that are under way end, and when the time
is over whoever is left is cut off.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from types import FrameType

import uvicorn

from offhook.base.drain import STATE, Drains
from offhook.base.errors import BrokerError, UsageError
from offhook.base.limits import Limits, chosen
from offhook.base.observe import Lines
from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send
from offhook.server.access import AccessLog
from offhook.server.descriptors import room_for
from offhook.server.forwarded import Forwarded, Proxies
from offhook.server.http import Config, HttpProtocol, State
from offhook.server.listening import BACKLOG
from offhook.server.settings import Settings
from offhook.server.websocket import WebSocketProtocol

_LOG = logging.getLogger("offhook.server")
_UVICORN = logging.getLogger("uvicorn.error")
_LOOK = 0.05
"""Seconds between two looks whether something is over."""
_HANGING_UP = 1.0
"""Seconds that peers have to answer the closing of a WebSocket."""
_LEFT = 2.0
"""Seconds that the application's own end may take when its requests have taken all the time there was."""


def run(app: AsgiApp, settings: Settings, sockets: list[socket.socket], ready: Callable[[], object]) -> None:
    """Serve *app* on *sockets* until a signal, and return when everything has ended.

    :param ready: called when it has started.
    :raises UsageError: the settings are wrong, or the application refused to start.
    """
    starting = Starting(app)
    config = configuration(starting, settings, getattr(app, "limits", None))
    server = Server(config, settings.drain, ready)
    try:
        server.run(sockets)
    except SystemExit:
        # uvicorn's way to say that the lifespan failed; the reason is ours to tell.
        raise UsageError(starting.refusal or "the application did not start; the log above says why") from None
    finally:
        server.has_ended()


def log_to_stderr(settings: Settings) -> None:
    """The log of this process, unless the application has set up another one."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    # What uvicorn says at INFO is its life cycle, and the address of every socket with its query.
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLogger().level))


def configuration(app: AsgiApp, settings: Settings, limits: Limits | None = None) -> Config:
    """uvicorn's settings for lines that stay open.

    :param limits: the application's; without them the usual ones.
    :raises UsageError: a proxy's address is none, or TLS is not possible.
    """
    limits, tls = limits or chosen(), settings.tls()
    proxies = Proxies(settings.forwarded_allow_ips)
    if settings.access_log:
        app = AccessLog(app)
    if proxies:
        app = Forwarded(app, proxies)
    return Config(
        app,
        limits=limits,
        hosts=settings.hosts,
        room=room_for(limits),
        logs_access=settings.access_log,
        root_path=settings.root_path,
        ssl_context_factory=None if tls is None else (lambda config, default: tls),
        interface="asgi3",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        # The endpoints know their own, smaller limits; this one holds before a message is in memory.
        ws_max_size=max(limits.command_frame, limits.socket_message),
        # For raw sockets; the line has pings of its own.
        ws_ping_interval=limits.ping,
        ws_ping_timeout=limits.pong,
        ws_per_message_deflate=settings.compress,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
    )


async def say_evenly(farewells: Iterable[Callable[[], object]], seconds: float) -> None:
    """Say one after the other, the last when *seconds* are over: those who come back then do not come at once."""
    all_of_them = list(farewells)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, farewell in enumerate(all_of_them, 1):
        await asyncio.sleep(began + seconds * number / len(all_of_them) - loop.time())
        farewell()


class Server(uvicorn.Server):
    """uvicorn's, with an end of our own.

    :param drain: seconds from a signal to the end.
    :param ready: called when it has started.
    """

    config: Config

    def __init__(self, config: Config, drain: float, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.server_state: State = State()
        self._drain = drain
        self._ready = ready
        self._drains = Drains()
        self._evenly = True
        self._last_resort: list[threading.Timer] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, for sockets that are bound already."""
        self.lifespan.state[STATE] = self._drains
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(1)
        loop = asyncio.get_running_loop()
        # Somebody who connects and says nothing has as long for TLS as for the head of a request.
        patience = None if self.config.ssl is None else self.config.limits.head_time
        self.servers = [
            await loop.create_server(
                self._connection, sock=each, ssl=self.config.ssl, ssl_handshake_timeout=patience, backlog=BACKLOG
            )
            for each in sockets or []
        ]
        self.started = True
        self._ready()

    def _connection(self) -> HttpProtocol:
        return HttpProtocol(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The end, in its order; see the module."""
        loop, tasks = asyncio.get_running_loop(), self.server_state.tasks
        began = loop.time()
        self.server_state.draining = True
        self._drains.shut()
        parting = asyncio.create_task(self._part())
        await self._until(lambda: parting.done() and not tasks, began + self._drain / 2)
        for server in self.servers:
            server.close()
        for farewell in self._drains.farewells():
            farewell()  # Those who had begun to come in.
        for connection in list(self.server_state.connections):
            if not (_leaves(connection) or _is_new(connection)):
                connection.shutdown()
        await self._until(lambda: parting.done() and not tasks, began + self._drain)
        # What is left are peers that have all they get, and should hang up, and those who have just come, whose
        # request is on its way. Our own last words take a moment.
        patience = max(2 * _LOOK, min(began + self._drain - loop.time(), _HANGING_UP))
        await self._until(lambda: not self._serves(), loop.time() + patience)
        parting.cancel()
        self._cut_off()
        await super().shutdown(sockets)

    async def _part(self) -> None:
        """Tell everybody, and return when they know."""
        connections = [each for each in self.server_state.connections if isinstance(each, WebSocketProtocol)]
        farewells = [*self._drains.farewells(), *(each.shutdown for each in connections if not each.leaves)]
        await say_evenly(farewells, self._drain / 2 if self._evenly else 0)
        await asyncio.gather(*(drain.finish() for drain in self._drains.asked))

    def _serves(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)

    async def _until(self, over: Callable[[], bool], end: float) -> None:
        """Return when it is *over*, at the latest at *end*, and at once when somebody does not want to wait."""
        loop = asyncio.get_running_loop()
        while not (over() or self.force_exit or loop.time() >= end):
            await asyncio.sleep(_LOOK)

    def _cut_off(self) -> None:
        """uvicorn cancels what is left when its own time is over: now. What that does to them is no news."""
        if self._serves():
            if self.server_state.tasks:
                _LOG.warning("cut off while under way: %d requests and sockets", len(self.server_state.tasks))
            _UVICORN.setLevel(logging.CRITICAL)
            self.config.timeout_graceful_shutdown = _LOOK  # type: ignore[assignment]  # parts of a second do

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, a second Ctrl-C does not. uvicorn would raise the signal again at the end.

        Who presses Ctrl-C has nobody else to send them to, and does not want to watch.
        """
        if not self.should_exit:
            self._evenly = sig != signal.SIGINT
            self._last_resort.append(_end_after(self._drain + _LEFT))
        elif sig == signal.SIGINT and not self.force_exit:
            self.force_exit = True
            self._last_resort.append(_end_after(_LEFT))
        self.should_exit = True

    def has_ended(self) -> None:
        """The process may live on."""
        for timer in self._last_resort:
            timer.cancel()


def _leaves(connection: object) -> bool:
    return isinstance(connection, WebSocketProtocol) and connection.leaves


def _is_new(connection: object) -> bool:
    return isinstance(connection, HttpProtocol) and connection.cycle is None


def _end_after(seconds: float) -> threading.Timer:
    """End this process by force: a thread that hangs, or a handler that blocks the loop, hold it no longer."""

    def end() -> None:
        _LOG.error("the application did not end within --drain, and was ended")
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


class Starting:
    """The application, with an ear for the reason why it does not start."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.refusal = ""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: a request pays for one call and nothing else.
        run = self._lifespan if scope["type"] == "lifespan" else self._app
        return run(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        failed: list[AsgiMessage] = []  # Held back until it is known whether one of our own errors is behind it.

        async def watch(message: AsgiMessage) -> None:
            nonlocal started
            started = started or message["type"] == "lifespan.startup.complete"
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, watch)
        except (UsageError, BrokerError) as error:
            if started:
                raise
            self.refusal = str(error)
            _UVICORN.setLevel(logging.CRITICAL)  # The reason is told once, by serve().
            failed[:] = [{"type": "lifespan.startup.failed", "message": ""}]
        finally:
            for message in failed:
                await send(message)
