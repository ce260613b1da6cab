"""``offhook serve``: any ASGI application under uvicorn with uvloop and httptools."""

import errno
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Collection
from types import FrameType

import uvicorn

from offhook.base.drain import STATE, Drain
from offhook.base.errors import BrokerError, UsageError
from offhook.base.limits import Limits
from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send
from offhook.server.http import Config, HttpProtocol
from offhook.server.websocket import WebSocketProtocol

_BACKLOG = 2048


def serve(
    app: AsgiApp,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: Limits | None = None,
    hosts: Collection[str] = (),
    announce: Callable[[str], object] = print,
) -> None:
    """Serve *app* until SIGTERM or SIGINT, and return when everything has ended.

    :param hosts: names that a request may ask for in ``Host``, without ports; without any, all of them.
    :param announce: told the address, once the application has started.
    :raises UsageError: the port is taken, or the application refused to start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # What uvicorn says at INFO is its life cycle, and the address of every socket with its query.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    sockets = listen(host, port)
    starting = _Starting(app)
    server = _Server(
        configuration(starting, limits or Limits(), hosts), lambda: announce(address(host, sockets[0]))
    )
    try:
        server.run(sockets)
    except SystemExit:
        # uvicorn's way to say that the lifespan failed; the reason is ours to tell.
        raise UsageError(starting.refusal or "the application did not start; the log above says why") from None
    finally:
        for each in sockets:
            each.close()


def configuration(app: AsgiApp, limits: Limits, hosts: Collection[str] = ()) -> Config:
    """uvicorn's settings for lines that stay open. A proxy in front is not trusted with the client's address."""
    return Config(
        app,
        limits=limits,
        hosts=hosts,
        interface="asgi3",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        # The endpoints know their own, smaller limits; this one holds before a message is in memory.
        ws_max_size=max(limits.command_frame, limits.socket_message),
        # For raw sockets; the line has pings of its own.
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=10,
    )


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of *host*; port 0 picks a free one.

    :raises UsageError: the port is taken, or *host* is no address of this machine.
    """
    bound: list[socket.socket] = []
    try:
        for family, *_, location in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            same = bound[0].getsockname()[1] if bound else port
            bound += _bind(family, str(location[0]), same)
        if not bound:
            raise OSError(errno.EADDRNOTAVAIL, "")
    except OSError as error:
        for each in bound:
            each.close()
        # The text of create_server repeats the address.
        reason = str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise UsageError(f"cannot serve on {host}:{port}: {reason.lower()}") from error
    return bound


def _bind(family: int, host: str, port: int) -> list[socket.socket]:
    try:
        return [socket.create_server((host, port), family=family, backlog=_BACKLOG)]
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return []  # "localhost" on a machine without IPv6.
        raise


def address(host: str, bound: socket.socket) -> str:
    """What to type into a browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Says when it is ready, and counts a signal as the ordinary end that it is."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready
        self._drains: list[Drain] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state[STATE] = self._drains
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody comes in any more; what never ends by itself ends; then uvicorn waits for the rest."""
        for server in self.servers:
            server.close()
        for drain in self._drains:
            await drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, a second Ctrl-C does not. uvicorn would raise the signal again at the end."""
        self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
        self.should_exit = True


class _Starting:
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
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # The reason is told once, by serve().
            failed[:] = [{"type": "lifespan.startup.failed", "message": ""}]
        finally:
            for message in failed:
                await send(message)
