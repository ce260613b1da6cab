"""A broker that misbehaves on demand: slow confirmations, lost announcements, errors."""

import asyncio
from collections.abc import Mapping, Sequence

from offhook.base.errors import BrokerError
from offhook.brokers.base import Broker, History, HistoryPage, Listener
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication


class FaultyBroker:
    """*inner*, with faults. Methods are named as in the contract: ``hold("subscribe")``, ``fail("history")``.

    It keeps the contract: a publish that fails, or is given up while it is held, changes the epoch.
    """

    waits = True

    def __init__(self, inner: Broker) -> None:
        self.inner = inner
        self.calls: list[tuple[str, str]] = []
        """What was called, with the channel, in order."""
        self._lossy: _Lossy | None = None
        self._losing = False
        self._held: dict[str, asyncio.Event] = {}
        self._failing: set[str] = set()

    @property
    def losing(self) -> bool:
        """Whether announcements get lost. Orders to all are kept, and arrive when this is over."""
        return self._losing

    @losing.setter
    def losing(self, losing: bool) -> None:
        self._losing = losing
        if self._lossy is not None:
            self._lossy.catch_up()

    def hold(self, method: str) -> None:
        """Calls of *method* take effect, and do not return before ``release``."""
        self._held[method] = asyncio.Event()

    def release(self, method: str) -> None:
        """Let the held calls of *method* return; later ones are not held."""
        self._held.pop(method).set()

    @property
    def held(self) -> tuple[str, ...]:
        """The methods whose calls are held."""
        return tuple(self._held)

    def fail(self, method: str) -> None:
        """Calls of *method* raise ``BrokerError``, until ``heal``."""
        self._failing.add(method)

    def heal(self) -> None:
        """Fail and lose no more."""
        self._failing.clear()
        self.losing = False

    async def _fault(self, method: str, channel: str) -> None:
        self.calls.append((method, channel))
        if method in self._held:
            await self._held[method].wait()
        if method in self._failing:
            raise BrokerError(f"{method} fails, as asked for")

    @property
    def ready(self) -> bool:
        return self.inner.ready

    async def start(self, listener: Listener, node: str) -> None:
        self._lossy = _Lossy(listener, self)
        await self.inner.start(self._lossy, node)

    async def close(self) -> None:
        await self.inner.close()

    async def publish(
        self,
        channel: str,
        publication: Publication,
        *,
        history: History | None,
        mark: str | None = None,
        key: str | None = None,
        version: int = 0,
        version_epoch: str = "",
    ) -> Position:
        try:
            if "publish" in self._failing:
                await self._fault("publish", channel)
            position = await self.inner.publish(
                channel,
                publication,
                history=history,
                mark=mark,
                key=key,
                version=version,
                version_epoch=version_epoch,
            )
            await self._fault("publish", channel)
        except BaseException:
            await self.inner.invalidate(channel)
            raise
        return position

    async def subscribe(self, channel: str) -> None:
        await self._fault("subscribe", channel)
        await self.inner.subscribe(channel)

    async def unsubscribe(self, channel: str) -> None:
        await self._fault("unsubscribe", channel)
        await self.inner.unsubscribe(channel)

    async def history(
        self,
        channel: str,
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
        max_bytes: int | None = None,
    ) -> HistoryPage:
        page = await self.inner.history(channel, since=since, limit=limit, reverse=reverse, max_bytes=max_bytes)
        await self._fault("history", channel)
        return page

    async def positions(self, channels: Sequence[str]) -> list[Position]:
        found = await self.inner.positions(channels)
        await self._fault("positions", ",".join(channels))
        return found

    async def invalidate(self, channel: str) -> None:
        await self._fault("invalidate", channel)
        await self.inner.invalidate(channel)

    async def mark(self, channels: Sequence[str], mark: str, *, deadline: float) -> None:
        await self.inner.mark(channels, mark, deadline=deadline)
        await self._fault("mark", ",".join(channels))

    async def unmark(self, channels: Sequence[str], mark: str) -> None:
        await self._fault("unmark", ",".join(channels))
        await self.inner.unmark(channels, mark)

    async def add_presence(self, channel: str, members: Sequence[ClientInfo], *, ttl: float) -> None:
        await self.inner.add_presence(channel, members, ttl=ttl)
        await self._fault("add_presence", channel)

    async def renew_presence(self, members: Mapping[str, Sequence[ClientInfo]], *, ttl: float) -> None:
        await self.inner.renew_presence(members, ttl=ttl)
        await self._fault("renew_presence", ",".join(members))

    async def remove_presence(self, channel: str, client: str) -> None:
        await self._fault("remove_presence", channel)
        await self.inner.remove_presence(channel, client)

    async def presence(self, channel: str) -> Mapping[str, ClientInfo]:
        await self._fault("presence", channel)
        return await self.inner.presence(channel)

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        await self._fault("presence_stats", channel)
        return await self.inner.presence_stats(channel)

    async def announce_join(self, channel: str, info: ClientInfo) -> None:
        await self._fault("announce_join", channel)
        await self.inner.announce_join(channel, info)

    async def announce_leave(self, channel: str, info: ClientInfo) -> None:
        await self._fault("announce_leave", channel)
        await self.inner.announce_leave(channel, info)

    async def tell(self, node: str | None, data: bytes) -> int:
        await self._fault("tell", node or "")
        return await self.inner.tell(node, data)

    async def order(self, data: bytes) -> None:
        await self._fault("order", "")
        await self.inner.order(data)


class _Lossy:
    """The way of the announcements."""

    def __init__(self, listener: Listener, faults: FaultyBroker) -> None:
        self._listener = listener
        self._faults = faults
        self._kept: list[tuple[float, bytes]] = []
        """Orders that have not arrived, and when they were given."""

    def on_publication(self, channel: str, publication: Publication) -> None:
        if not self._faults.losing:
            self._listener.on_publication(channel, publication)

    def on_join(self, channel: str, info: ClientInfo) -> None:
        if not self._faults.losing:
            self._listener.on_join(channel, info)

    def on_leave(self, channel: str, info: ClientInfo) -> None:
        if not self._faults.losing:
            self._listener.on_leave(channel, info)

    def on_doubt(self, channels: Sequence[str] | None) -> None:
        self._listener.on_doubt(channels)

    def on_control(self, data: bytes) -> None:
        if not self._faults.losing:
            self._listener.on_control(data)

    def on_order(self, data: bytes, age: float) -> None:
        self._kept.append((asyncio.get_running_loop().time() - age, data))
        self.catch_up()

    def catch_up(self) -> None:
        """Pass on the orders that were kept, unless announcements still get lost."""
        while self._kept and not self._faults.losing:
            given, data = self._kept.pop(0)
            self._listener.on_order(data, asyncio.get_running_loop().time() - given)

    def on_orders_lost(self) -> None:
        self._listener.on_orders_lost()
