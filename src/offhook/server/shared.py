"""What all WebSocket connections of one server share."""

import asyncio
from collections.abc import Coroutine, MutableMapping
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary, ref

from uvicorn.config import Config
from uvicorn.server import ServerState

from offhook.realtime.deadlines import Deadlines
from offhook.server.http import limits_of
from offhook.server.unfinished import Unfinished
from offhook.wire.deflate import Terms

_LINGERING = 1.0
"""Seconds for which a peer may go on sending over TLS before its connection is closed."""


class Watched(Protocol):
    """A connection that is looked after."""

    def ping(self) -> None:
        """Ask whether the peer is there."""
        ...

    def is_deaf(self) -> bool:
        """Whether its answers are not read for reasons of our own."""
        ...

    def expire(self) -> None:
        """There was no answer in time."""
        ...

    def abort(self) -> None:
        """It did not close in time."""
        ...

    def leave(self) -> None:
        """It had the time to read what was written last."""
        ...


class Shared:
    """One for each server.

    ``closings`` are the connections that have to be gone soon: a peer has ``Limits.write`` to read our last words
    and to answer a Close. ``terms`` are those of compression, if any.
    """

    _all: ClassVar[MutableMapping[ServerState, "Shared"]] = WeakKeyDictionary()

    def __init__(self, config: Config, server_state: ServerState) -> None:
        if not config.loaded:
            config.load()
        self.config = config
        self.connections: set[Any] = server_state.connections
        self.terms = Terms() if config.ws_per_message_deflate else None
        limits = limits_of(config)
        self.unfinished = Unfinished(limits.unfinished)
        self.closings: Deadlines[Watched] = Deadlines(limits.write, lambda connection: connection.abort())
        self.lingering: Deadlines[Watched] = Deadlines(_LINGERING, lambda connection: connection.leave())
        self._tasks = server_state.tasks
        self._state = ref(server_state)
        self._pings = Deadlines(config.ws_ping_interval, self._ping) if config.ws_ping_interval else None
        self._pongs = Deadlines(config.ws_ping_timeout, self._no_pong) if config.ws_ping_timeout else None

    @classmethod
    def of(cls, config: Config, server_state: ServerState) -> "Shared":
        """That of the server with *server_state*."""
        shared = cls._all.get(server_state)
        if shared is None:
            shared = cls._all[server_state] = cls(config, server_state)
        return shared

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Those of every response; uvicorn makes new ones every second."""
        state = self._state()
        return [] if state is None else state.default_headers

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run *coroutine* in a task that the server waits for before it ends."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def watch(self, connection: Watched) -> None:
        """Ping *connection* again and again."""
        if self._pings is not None:
            self._pings.begin(connection)

    def answered(self, connection: Watched) -> None:
        """A pong came, asked for or not: the peer is there (RFC 6455, section 5.5.3)."""
        if self._pongs is not None and connection in self._pongs:
            self._pongs.end(connection)
            self.watch(connection)

    def forget(self, connection: Watched) -> None:
        """Ping *connection* no more."""
        if self._pings is not None:
            self._pings.end(connection)
        if self._pongs is not None:
            self._pongs.end(connection)

    def _ping(self, connection: Watched) -> None:
        connection.ping()
        if self._pongs is None:
            self.watch(connection)
        else:
            self._pongs.begin(connection)

    def _no_pong(self, connection: Watched) -> None:
        if connection.is_deaf():
            self.watch(connection)
        else:
            connection.expire()
