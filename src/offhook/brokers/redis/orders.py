"""Orders to all processes: a stream of their own beside Pub/Sub, so that none is lost.

Each order has an offset. A process that finds a hole, has a new connection, or has heard nothing for a while reads
what is missing. The stream belongs to a generation as every other one does: another epoch, or a hole that the
stream no longer covers, means that orders are lost for good (``Listener.on_orders_lost``).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from offhook.base.env import Env
from offhook.base.errors import BrokerError
from offhook.brokers.base import Listener
from offhook.brokers.redis.names import Names
from offhook.brokers.redis.operations import Operations
from offhook.brokers.redis.timing import Timing

_KEPT = 10_000
"""Orders in the stream."""
_KEPT_MS = 3_600_000
"""Milliseconds that they are kept after the latest one."""
_PAGE = 256
"""Orders in one read."""
_RETRY = 1.0
"""Seconds until a read is repeated that failed although Redis is connected."""


class Orders:
    """The orders that this process gives and gets. Every one is passed to the listener once, in their sequence."""

    def __init__(self, names: Names, operations: Operations, env: Env, timing: Timing) -> None:
        self._names = names
        self._operations = operations
        self._env = env
        self._timing = timing
        self._epoch: str | None = None
        self._offset = 0
        """The last order that was passed to the listener."""
        self._nudge = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def start(self, listener: Listener) -> None:
        """Begin with what is ordered from now on; announcements are heard already.

        :raises BrokerError: Redis could not be asked.
        """
        self._listener = listener
        self._epoch, self._offset, _ = await self._read()
        self._reading = asyncio.get_running_loop().create_task(self._keep_reading())

    async def stop(self) -> None:
        """Read no more; fine when it was not started."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
            self._reading = None
        self._epoch = None

    async def give(self, data: bytes) -> None:
        """Keep and announce *data*.

        :raises BrokerError: it did not, or not provably, happen.
        """
        candidate, control = self._env.epoch(), self._names.control
        await self._operations.run("order", self._keys, candidate, control, data, _KEPT, _KEPT_MS)

    def heard(self, offset: int, epoch: str, data: bytes) -> None:
        """An order was announced."""
        if self._epoch is None:
            return
        if epoch == self._epoch and offset == self._offset + 1:
            self._offset = offset
            self._listener.on_order(data, 0.0)
        elif epoch != self._epoch or offset > self._offset:
            self.suspect()

    def suspect(self) -> None:
        """Announcements may be lost: look soon."""
        self._nudge.set()

    @property
    def _keys(self) -> list[str]:
        return [*self._names.common, *self._names.orders]

    async def _read(self) -> tuple[str, int, Sequence[tuple[int, float, bytes]]]:
        """Epoch and top of the stream, and the first orders that are missing: offset, age in seconds, data."""
        epoch, top, *rest = await self._operations.run(
            "orders", self._keys, self._env.epoch(), self._offset, _PAGE
        )
        found = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        return epoch.decode(), int(top), [(int(offset), int(age) / 1000, data) for offset, age, data in found]

    async def _keep_reading(self) -> None:
        pause = self._timing.silence
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * self._env.jitter(0.5, 1.0)):
                    await self._nudge.wait()
            self._nudge.clear()
            try:
                while await self._catch_up():
                    pass
                pause = self._timing.silence
            except BrokerError:  # with the next connection it is looked at again
                pause = min(_RETRY, self._timing.silence)

    async def _catch_up(self) -> bool:
        """Read once; whether there is more to read."""
        before = self._offset
        epoch, top, missing = await self._read()
        first = missing[0][0] if missing else top + 1
        if epoch != self._epoch or first > before + 1:
            self._epoch, self._offset = epoch, top
            self._listener.on_orders_lost()
            return False
        for offset, age, data in missing:
            if offset == self._offset + 1:  # announcements may have been faster
                self._offset = offset
                self._listener.on_order(data, age)
        return self._offset < top
