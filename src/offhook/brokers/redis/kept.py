"""Something with a connection, opened again whenever it is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from offhook.base import observe
from offhook.base.env import Env
from offhook.base.errors import BrokerError

_PAUSES = (0.1, 5.0)
"""Seconds until the second try, and at most."""


class Losable(Protocol):
    """What has a connection that may end."""

    async def ended(self) -> BrokerError:
        """Return when it has ended; why."""
        ...

    def close(self) -> None:
        """End it."""
        ...


T = TypeVar("T", bound=Losable)


class Kept(Generic[T]):
    """The latest of its kind.

    :param name: for the log.
    :param open_one: makes one that is ready to be used; raises ``BrokerError``.
    :param opened: called when there is one again.
    """

    def __init__(
        self, name: str, open_one: Callable[[], Awaitable[T]], opened: Callable[[], None], env: Env
    ) -> None:
        self._name = name
        self._open = open_one
        self._opened = opened
        self._env = env
        self._latest: T | None = None
        self._reason = "the broker is not started"
        self._task: asyncio.Task[None] | None = None

    @property
    def current(self) -> T:
        """The one to use now.

        :raises BrokerError: there is none at this moment.
        """
        if self._latest is None:
            raise BrokerError(self._reason)
        return self._latest

    @property
    def ready(self) -> bool:
        """Whether there is one."""
        return self._latest is not None

    async def start(self) -> None:
        """Open the first.

        :raises BrokerError: it did not work; nothing is tried again.
        """
        self._latest = await self._open()
        self._task = asyncio.get_running_loop().create_task(self._keep(self._latest))

    async def stop(self) -> None:
        """Close it, and open no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        self._reason = "the broker is not started"

    async def _keep(self, latest: T) -> None:
        try:
            while True:
                self._lose(await latest.ended())
                latest = self._latest = await self._reopen()
                observe.LINE.warning("%s: Redis is back", self._name)
                self._opened()
        finally:
            self._latest = None
            latest.close()

    def _lose(self, error: BrokerError) -> None:
        self._latest, self._reason = None, str(error)
        observe.LINE.warning("%s: %s", self._name, error)

    async def _reopen(self) -> T:
        pause, longest = _PAUSES
        while True:
            try:
                return await self._open()
            except BrokerError as error:
                self._reason = str(error)
                # Never all processes at once, when Redis comes back.
                await asyncio.sleep(self._env.jitter(pause / 2, pause))
                pause = min(2 * pause, longest)
