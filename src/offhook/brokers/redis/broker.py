"""The broker for Redis: how the contract is kept, operation by operation (protocol §15)."""

from collections.abc import Mapping, Sequence

from offhook.base.env import SYSTEM, Env
from offhook.brokers.base import History, HistoryPage, Listener
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.announcements import Announcements
from offhook.brokers.redis.conversation import Word
from offhook.brokers.redis.envelope import (
    decode_member,
    decode_payload,
    encode_info,
    encode_mark,
    encode_member,
    encode_payload,
)
from offhook.brokers.redis.names import Names
from offhook.brokers.redis.operations import KEY_SECONDS, Operations
from offhook.brokers.redis.orders import Orders
from offhook.brokers.redis.timing import Timing
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

_KEY = round(KEY_SECONDS * 1000)
"""Milliseconds that the key of a publication is remembered."""
_BATCH = 256
"""Channels whose positions are read in one step, in which Redis does nothing else."""
_OFFSETS = 1 << 53
"""No stream gets so far."""


_TIMING = Timing()


class RedisBroker:
    """Streams, marks and presence are in Redis; this process has its subscriptions, and one connection for each.

    :param url: ``redis://[user:password@]host:port/database``, ``rediss://`` for TLS or ``unix://`` for a socket,
        with redis-py's options and ``prefix``, by which several applications share one Redis.
    :raises UsageError: *url* is none.
    """

    waits = True

    def __init__(self, url: str, env: Env = SYSTEM, timing: Timing = _TIMING) -> None:
        address = Address.parse(url)
        self._env = env
        self._names = Names(address.prefix)
        self._operations = Operations(address, self._names, self._back, env, timing)
        self._orders = Orders(self._names, self._operations, env, timing)
        self._announcements = Announcements(
            address, self._names, self._publish, self._operations.saw, self._orders, self._whole, env, timing
        )

    @property
    def ready(self) -> bool:
        return self._operations.ready and self._announcements.ready

    async def start(self, listener: Listener, node: str) -> None:
        self._listener = listener
        await self._operations.start()
        try:
            await self._announcements.start(listener, node)
            await self._orders.start(listener)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._orders.stop()
        await self._announcements.stop()
        await self._operations.stop()

    def _back(self) -> None:
        """Commands work again."""
        self._announcements.suspect()
        self._whole()

    def _whole(self) -> None:
        """One of the two is there again. With both, everybody can look whether something is missing."""
        if self.ready:
            self._orders.suspect()
            self._listener.on_doubt(None)

    # Streams

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
        names = self._names
        keys = [*names.common, *names.stream(channel), names.marks, names.once(channel, key or "")]
        words: tuple[Word, ...] = (
            self._env.epoch(),
            names.announcements(channel),
            encode_payload(publication),
            history.size if history else 0,
            _milliseconds(history.seconds) if history else 0,
            b"" if mark is None else encode_mark(channel, mark),
            int(key is not None),
            _KEY,
            version,
            version_epoch,
        )
        with self._operations.promising(channel, None if key is None else (keys, words)):
            offset, epoch = await self._operations.run("publish", keys, *words, channels=[channel])
        return Position(int(offset), epoch.decode())

    async def history(
        self,
        channel: str,
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
        max_bytes: int | None = None,
    ) -> HistoryPage:
        offset = None if since is None else min(since.offset, _OFFSETS)
        place = ("XREVRANGE", "+", "-") if reverse else ("XRANGE", "-", "+")
        if offset is not None:
            place = ("XREVRANGE", _before(offset), "-") if reverse else ("XRANGE", f"{offset + 1}-0", "+")
        keys = self._names.common + self._names.stream(channel)
        count = "" if limit is None else limit
        top, name, entries = await self._operations.run(
            "history", keys, self._env.epoch(), *place, count, max_bytes or 0, channels=[channel]
        )
        epoch = name.decode()
        found = [decode_payload(fields[1], int(entry.partition(b"-")[0]), epoch) for entry, fields in entries]
        return HistoryPage(found, Position(int(top), epoch))

    async def positions(self, channels: Sequence[str]) -> list[Position]:
        found: list[Position] = []
        for start in range(0, len(channels), _BATCH):
            found += await self._positions(channels[start : start + _BATCH])
        return found

    async def _positions(self, channels: Sequence[str]) -> list[Position]:
        keys = self._names.common + [name for channel in channels for name in self._names.stream(channel)]
        answer = await self._operations.run("positions", keys, self._env.epoch(), channels=channels)
        return [Position(int(top), epoch.decode()) for top, epoch in zip(answer[::2], answer[1::2], strict=True)]

    async def invalidate(self, channel: str) -> None:
        keys, *arguments = self._operations.invalidation(channel)
        with self._operations.promising(channel, None):
            await self._operations.run("invalidate", keys, *arguments)

    # Marks

    async def mark(self, channels: Sequence[str], mark: str, *, deadline: float) -> None:
        marks = [encode_mark(channel, mark) for channel in channels]
        await self._operations.run("mark", self._marked(), _milliseconds(deadline), *marks, channels=channels)

    async def unmark(self, channels: Sequence[str], mark: str) -> None:
        marks = [encode_mark(channel, mark) for channel in channels]
        await self._operations.run("unmark", self._marked(), *marks)

    def _marked(self) -> list[str]:
        return [*self._names.common, self._names.marks]

    # Presence

    async def add_presence(self, channel: str, members: Sequence[ClientInfo], *, ttl: float) -> None:
        await self.renew_presence({channel: members}, ttl=ttl)

    async def renew_presence(self, members: Mapping[str, Sequence[ClientInfo]], *, ttl: float) -> None:
        keys = [*self._names.common, *(key for channel in members for key in self._names.presence(channel))]
        words: list[Word] = [_milliseconds(ttl)]
        for infos in members.values():
            words.append(len(infos))
            words += [part for info in infos for part in (info.client, encode_member(info))]
        await self._operations.run("presence_add", keys, *words)

    async def remove_presence(self, channel: str, client: str) -> None:
        await self._operations.run("presence_remove", self._present(channel), client)

    async def presence(self, channel: str) -> Mapping[str, ClientInfo]:
        [pairs] = await self._operations.run("presence", self._present(channel))
        infos = (decode_member(info) for info in pairs[1::2])
        return {info.client: info for info in infos}

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        connections, users = await self._operations.run("presence_stats", self._present(channel))
        return connections, users

    def _present(self, channel: str) -> list[str]:
        return self._names.common + self._names.presence(channel)

    # Announcements

    async def subscribe(self, channel: str) -> None:
        await self._announcements.subscribe(channel)

    async def unsubscribe(self, channel: str) -> None:
        await self._announcements.unsubscribe(channel)

    async def announce_join(self, channel: str, info: ClientInfo) -> None:
        await self._publish(self._names.announcements(channel), b"j:" + encode_info(info))

    async def announce_leave(self, channel: str, info: ClientInfo) -> None:
        await self._publish(self._names.announcements(channel), b"l:" + encode_info(info))

    async def tell(self, node: str | None, data: bytes) -> int:
        name = self._names.control if node is None else self._names.node(node)
        return await self._publish(name, b"t:" + data)

    async def order(self, data: bytes) -> None:
        await self._orders.give(data)

    async def _publish(self, name: str, payload: bytes) -> int:
        return int(await self._operations.call("PUBLISH", name, payload))


def _before(offset: int) -> str:
    """The last ID before *offset*; no entry has an ID as small as the one before the first."""
    return f"{max(offset - 1, 0)}-0"


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
