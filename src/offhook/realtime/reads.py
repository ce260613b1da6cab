"""History reads that several subscriptions share: when thousands come back at once, the broker is asked once."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from offhook.base.limits import Limits
from offhook.brokers.base import Broker, HistoryPage
from offhook.realtime.forms import batch
from offhook.realtime.tasks import start
from offhook.wire.codec import Codec
from offhook.wire.position import Position
from offhook.wire.replies import Pub


class Wanted(NamedTuple):
    """What to read; equal ones can be shared."""

    channel: str
    since: Position | None = None
    limit: int = 0
    reverse: bool = False
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What a read found, and what of it was encoded already."""

    page: HistoryPage
    _pubs: dict[tuple[Codec, bool], list[Pub]] = field(default_factory=dict)

    def pubs(self, codec: Codec, *, delta: bool) -> list[Pub]:
        """The publications on the wire; with *delta* the first one full and each other a difference."""
        found = self._pubs.get((codec, delta))
        if found is None:
            found = self._pubs[codec, delta] = batch(self.page.publications, codec, delta=delta)
        return found


class Reads:
    """The reads of this process that are under way, or about to begin.

    A read is shared by those alone who asked before it began. Whoever asks later may have registered with the hub
    after the broker looked, and what was published in between would be neither read nor held back.
    """

    def __init__(self, broker: Broker, limits: Limits) -> None:
        self._broker = broker
        self._limits = limits
        self._next: dict[Wanted, asyncio.Future[Past]] = {}
        self._running: dict[Wanted, asyncio.Future[Past]] = {}

    async def read(self, wanted: Wanted) -> Past:
        """What the broker says; it is asked after this was called.

        :raises BrokerError: the broker could not do it.
        :raises TimeoutError: it took too long.
        """
        reading = self._next.get(wanted)
        if reading is None:
            reading = self._next[wanted] = start(self._read(wanted, self._running.get(wanted)))
            reading.add_done_callback(retrieve)
        # One that gives up must not end it for the others.
        return await asyncio.shield(reading)

    async def _read(self, wanted: Wanted, earlier: "asyncio.Future[Past] | None") -> Past:
        # Until then, more of those who want the same may come.
        await asyncio.wait([earlier]) if earlier is not None else await asyncio.sleep(0)
        reading = self._running[wanted] = self._next.pop(wanted)
        try:
            async with asyncio.timeout(self._limits.handler):
                return Past(
                    await self._broker.history(
                        wanted.channel,
                        since=wanted.since,
                        limit=wanted.limit,
                        reverse=wanted.reverse,
                        max_bytes=wanted.max_bytes,
                    )
                )
        finally:
            if self._running.get(wanted) is reading:
                del self._running[wanted]


def retrieve(task: "asyncio.Future[Past] | asyncio.Future[None]") -> None:
    """All who waited may be gone; then nobody else looks at the error."""
    if not task.cancelled():
        task.exception()
