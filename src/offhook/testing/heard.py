"""What a broker told one process, for tests."""

import asyncio
from collections.abc import Callable, Sequence

from offhook.wire.publication import ClientInfo, Publication


class Heard:
    """What a broker announced to one process."""

    def __init__(self) -> None:
        self.publications: list[tuple[str, Publication]] = []
        self.joined: list[tuple[str, ClientInfo]] = []
        self.left: list[tuple[str, ClientInfo]] = []
        self.doubted: list[str] | None = []
        self.told: list[bytes] = []
        self.ordered: list[bytes] = []
        self.ages: list[float] = []
        """Of the orders, in seconds."""
        self.orders_lost = 0
        """How often it was said that orders are lost."""
        self._stirred = asyncio.Event()

    def on_publication(self, channel: str, publication: Publication) -> None:
        self.publications.append((channel, publication))
        self._stirred.set()

    def on_join(self, channel: str, info: ClientInfo) -> None:
        self.joined.append((channel, info))
        self._stirred.set()

    def on_leave(self, channel: str, info: ClientInfo) -> None:
        self.left.append((channel, info))
        self._stirred.set()

    def on_doubt(self, channels: Sequence[str] | None) -> None:
        self.doubted = None if channels is None else [*(self.doubted or []), *channels]
        self._stirred.set()

    def on_control(self, data: bytes) -> None:
        self.told.append(data)
        self._stirred.set()

    def on_order(self, data: bytes, age: float) -> None:
        self.ordered.append(data)
        self.ages.append(age)
        self._stirred.set()

    def on_orders_lost(self) -> None:
        self.orders_lost += 1
        self._stirred.set()

    async def until(self, condition: Callable[[], bool], *, within: float = 30.0) -> None:
        """Return when *condition* holds; it is looked at after everything that is heard.

        :raises TimeoutError: it does not, *within* seconds.
        """
        async with asyncio.timeout(within):
            while not condition():
                self._stirred.clear()
                await self._stirred.wait()

    def doubts(self, channel: str) -> bool:
        """Whether this process was told to look at *channel*."""
        return self.doubted is None or channel in self.doubted

    def offsets(self, channel: str) -> list[int]:
        """The offsets that were announced for *channel*."""
        return [each.offset for name, each in self.publications if name == channel]
