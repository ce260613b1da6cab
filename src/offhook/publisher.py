"""``Publisher``: the line for code that has no event loop of ours: scripts, WSGI applications, task queues."""

import asyncio
import os
from collections.abc import Coroutine, Mapping, Sequence
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import BrokerError, UsageError
from offhook.base.limits import Limits
from offhook.base.types import Json
from offhook.brokers.base import HistoryPage
from offhook.brokers.load import open_broker
from offhook.realtime.channel import Channel
from offhook.realtime.engine import Engine
from offhook.realtime.line import Line
from offhook.realtime.tasks import in_loop
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo

P = TypeVar("P")
T = TypeVar("T")

_SLACK = 1.0
"""Seconds that a call may take longer than the engine's own deadline for a publication."""


class Publisher:
    """What ``Line`` can do, from any thread of any process, and waiting until it is done::

        publisher = Publisher("redis://localhost:6379", channels=[Room])

        def view(request):
            publisher.publish(Room(room_id=1), message)

    It may live as long as the program, and be made before a server forks: each process connects by itself when it
    first publishes. As a context manager it is closed at the end.

    :param broker: the URL that the application behind the lines has too.
    :param channels: the channel classes that are published to.
    :raises UsageError: the broker is inside of one process, so that nobody would hear of anything.
    """

    def __init__(
        self,
        broker: str,
        *,
        channels: Sequence[type[Channel[Any]]],
        limits: Limits | None = None,
        env: Env = SYSTEM,
    ) -> None:
        if urlsplit(broker).scheme == "memory":
            raise UsageError(
                "Publisher('memory://') would reach nobody: that broker is inside of the process whose lines it "
                "serves. Use redis:// for both, or line.publish_sync in a thread of that process"
            )
        self._broker, self._channels = broker, channels
        self._limits = limits or Limits()
        self._env = env
        # By process: what a fork inherits belongs to its parent, and is left alone.
        self._runners: dict[int, _Runner] = {}
        self._locks: dict[int, Lock] = {}

    def publish(
        self,
        channel: Channel[P],
        data: P,
        *,
        key: str | None = None,
        version: int = 0,
        tags: Mapping[str, str] | None = None,
    ) -> Position:
        """See ``Line.publish``."""
        return self._do(self._line.publish(channel, data, key=key, version=version, tags=tags))

    def broadcast(self, channels: Sequence[Channel[P]], data: P) -> list[Position]:
        """See ``Line.broadcast``."""
        return self._do(self._line.broadcast(channels, data))

    def history(
        self,
        channel: Channel[Any],
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> HistoryPage:
        """See ``Line.history``."""
        return self._do(self._line.history(channel, since=since, limit=limit, reverse=reverse))

    def position(self, channel: Channel[Any]) -> Position:
        """See ``Line.position``."""
        return self._do(self._line.position(channel))

    def positions(self, channels: Sequence[Channel[Any]]) -> list[Position]:
        """See ``Line.positions``."""
        return self._do(self._line.positions(channels))

    def presence(self, channel: Channel[Any]) -> Mapping[str, ClientInfo]:
        """See ``Line.presence``."""
        return self._do(self._line.presence(channel))

    def presence_stats(self, channel: Channel[Any]) -> tuple[int, int]:
        """See ``Line.presence_stats``."""
        return self._do(self._line.presence_stats(channel))

    def invalidate(self, channel: Channel[Any]) -> None:
        """See ``Line.invalidate``."""
        self._do(self._line.invalidate(channel))

    def disconnect(self, user: str, *, code: Code = codes.FORCE_DISCONNECT, reason: str = "") -> None:
        """See ``Line.disconnect``."""
        self._do(self._line.disconnect(user, code=code, reason=reason))

    def revoke(self, *, user: str = "", session: str = "") -> None:
        """See ``Line.revoke``."""
        self._do(self._line.revoke(user=user, session=session))

    def subscribe(self, user: str, channel: Channel[Any]) -> None:
        """See ``Line.subscribe``."""
        self._do(self._line.subscribe(user, channel))

    def unsubscribe(self, user: str, channel: Channel[Any]) -> None:
        """See ``Line.unsubscribe``."""
        self._do(self._line.unsubscribe(user, channel))

    def send(self, user: str, data: Json) -> None:
        """See ``Line.send``."""
        self._do(self._line.send(user, data))

    def refresh(self, user: str, expires: float) -> None:
        """See ``Line.refresh``."""
        self._do(self._line.refresh(user, expires))

    def close(self) -> None:
        """Let go of the connections of this process. Publishing afterwards opens new ones."""
        with self._lock:
            runner = self._runners.pop(os.getpid(), None)
        if runner is not None:
            runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _lock(self) -> Lock:
        return self._locks.setdefault(os.getpid(), Lock())

    @property
    def _line(self) -> Line:
        return self._runner.line

    @property
    def _runner(self) -> "_Runner":
        """That of this process, started when it is first asked for.

        :raises BrokerError: the broker cannot be reached; the next call tries again.
        """
        if in_loop():
            raise UsageError(
                "a Publisher waits, and this thread runs an event loop: use await line.publish(...), or "
                "await asyncio.to_thread(publisher.publish, ...)"
            )
        with self._lock:
            runner = self._runners.get(os.getpid())
            if runner is None:
                runner = self._runners[os.getpid()] = _Runner(self._engine())
            return runner

    def _engine(self) -> Engine:
        broker = open_broker(self._broker, self._env)
        return Engine(channels=self._channels, broker=broker, limits=self._limits, env=self._env)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


class _Runner:
    """An engine in an event loop of its own, in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self.line = engine.line
        self._engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="offhook publisher", daemon=True)
        self._thread.start()
        try:
            self.run(engine.start())
        except BaseException:
            self.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of *work*, within the deadline.

        :raises BrokerError: it took longer.
        """
        return asyncio.run_coroutine_threadsafe(self._within_deadline(work), self._loop).result()

    async def _within_deadline(self, work: Coroutine[Any, Any, T]) -> T:
        seconds = self._engine.limits.publish + _SLACK
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            raise BrokerError(f"the broker took longer than {seconds} s") from None

    def close(self) -> None:
        """Stop the engine, its loop and its thread."""
        try:
            self.run(self._engine.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
