"""``memory://``: the broker of a single process. Streams live as long as the process does.

Invariants. Reading stores nothing: a channel that was never published to has the epoch of its *bucket*, which its
stream keeps when it begins. When a stream is dropped, its bucket has another epoch, so that no position of the
dropped stream, or of the time before it, is ever valid again. At most ``_STREAMS`` streams are stored, and at most
``_BYTES`` of publications: beyond that, the streams to which nothing was published for the longest time are
dropped.
"""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import islice

from msgspec import structs

from offhook.base.env import SYSTEM, Env
from offhook.base.errors import BrokerError, UsageError
from offhook.base.processes import workers
from offhook.brokers.base import History, HistoryPage, Listener, within_bytes
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

_READ = 600.0
"""Seconds that the metadata of a mere position read live."""
_BUCKETS = 1024
"""Epochs of channels without a stream; dropping one stream costs the viewers of few idle channels a reload."""
_STREAMS = 50_000
"""Streams that are stored."""
_BYTES = 512 * 1024 * 1024
"""Bytes of the publications that are stored."""
_PUBLISHED = 30 * 86400.0
"""Seconds that the metadata of a stream live after it was last used."""
_LOOK = 60.0
"""Seconds after which a stream is looked at again for something to throw away."""
_KEYS = 300.0
"""Seconds that the key of a publication is remembered."""


@dataclass(slots=True)
class _Stream:
    epoch: str
    offset: int = 0
    publications: deque[Publication] = field(default_factory=deque)
    fresh_until: float = 0.0
    """When the publications expire, all together."""
    known_until: float = 0.0
    """When the epoch is forgotten."""
    version: int = 0
    version_epoch: str = ""
    bytes: int = 0
    """Of the publications."""
    look: float = 0.0
    """When it is looked at next."""

    @property
    def position(self) -> Position:
        return Position(self.offset, self.epoch)

    def expire(self, now: float) -> None:
        if self.fresh_until <= now and self.publications:
            self.publications.clear()
            self.bytes = 0

    def read(
        self, since: Position | None, limit: int | None, reverse: bool, max_bytes: int | None
    ) -> tuple[Publication, ...]:
        if reverse:
            before = since.offset if since else self.offset + 1
            chosen = (each for each in reversed(self.publications) if each.offset < before)
        else:
            after = since.offset if since else 0
            chosen = (each for each in self.publications if each.offset > after)
        return tuple(within_bytes(islice(chosen, limit), max_bytes))

    def advances(self, version: int, epoch: str) -> bool:
        """Whether *version* is news, which is remembered."""
        if not version:
            return True
        if epoch in ("", self.version_epoch) and version <= self.version:
            return False
        self.version, self.version_epoch = version, epoch
        return True


class _Present:
    """Who is in one channel."""

    def __init__(self) -> None:
        self.members: dict[str, tuple[float, ClientInfo]] = {}
        """By connection, and until when."""
        self.users: Counter[str] = Counter()
        """The connections of each user."""
        self._soonest = math.inf
        """Nobody's time is over before."""

    def add(self, info: ClientInfo, until: float) -> None:
        self.remove(info.client)
        self.members[info.client] = (until, info)
        self.users[info.user] += 1
        self._soonest = min(self._soonest, until)

    def remove(self, client: str) -> None:
        if client in self.members:
            user = self.members.pop(client)[1].user
            self.users[user] -= 1
            if not self.users[user]:
                del self.users[user]

    def expire(self, now: float) -> None:
        if now < self._soonest:
            return
        for client in [client for client, (until, _) in self.members.items() if until <= now]:
            self.remove(client)
        self._soonest = min((until for until, _ in self.members.values()), default=math.inf)


class _Keys:
    """The positions of what was published under a key."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], tuple[float, Position]] = {}

    def get(self, channel: str, key: str, now: float) -> Position | None:
        """The position of the first publication under *key*, if it is remembered."""
        self._forget(now)
        found = self._positions.get((channel, key))
        return found and found[1]

    def add(self, channel: str, key: str, position: Position, now: float) -> None:
        self._positions[channel, key] = now + _KEYS, position

    def _forget(self, now: float) -> None:
        # All live equally long, so that the oldest is the first.
        while self._positions and next(iter(self._positions.values()))[0] <= now:
            del self._positions[next(iter(self._positions))]


class MemoryBroker:
    """Keeps the contract with dictionaries: nothing here waits, so that every method is one atomic step.

    :param url: ``memory://``; it has no parts.
    :raises UsageError: this process is one of several, which would not hear each other.
    """

    waits = False

    def __init__(self, url: str = "memory://", env: Env = SYSTEM) -> None:
        if workers() > 1:
            raise UsageError(
                f"memory:// is for one process, and these are {workers()} workers, which would not hear each "
                'other: give the application broker="redis://…", or leave out --workers'
            )
        self._env = env
        self._listener: Listener | None = None
        self._node = ""
        self._subscribed: set[str] = set()
        self._streams: dict[str, _Stream] = {}
        """By channel; the one to which nothing was published for the longest time is the first."""
        self._bytes = 0
        self._epochs: dict[int, str] = {}
        """Of channels without a stream, by bucket."""
        # One entry for each stream: when it is looked at next.
        self._looks: list[tuple[float, str]] = []
        self._marks: dict[tuple[str, str], asyncio.TimerHandle] = {}
        """What happens at the deadline, by channel and mark."""
        self._present: dict[str, _Present] = {}
        self._keys = _Keys()

    @property
    def ready(self) -> bool:
        return self._listener is not None

    async def start(self, listener: Listener, node: str) -> None:
        """Streams outlive a restart of the engine in the same process."""
        self._listener, self._node = listener, node

    async def close(self) -> None:
        """Streams are kept, subscriptions and presence are not. What is marked now, nobody will publish."""
        self._listener = None
        for (channel, _), deadline in self._marks.items():
            deadline.cancel()
            self._begin_anew(channel)
        self._marks.clear()
        self._subscribed.clear()
        self._present.clear()

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
        if self._listener is None:
            self._begin_anew(channel)
        listener = self._hears()
        if mark is not None:
            self._lift(channel, mark)
        now = self._env.now()
        if key is not None and (first := self._keys.get(channel, key, now)):
            return first
        placed = structs.replace(publication, offset=0, epoch="")
        if history is not None:
            stream = self._stream(channel, _PUBLISHED)
            if not stream.advances(version, version_epoch):
                return stream.position
            placed = self._append(stream, publication, history)
            self._bound(channel)
        position = Position(placed.offset, placed.epoch)
        if key is not None:
            self._keys.add(channel, key, position, now)
        if channel in self._subscribed:
            listener.on_publication(channel, placed)
        return position

    def _append(self, stream: _Stream, publication: Publication, history: History) -> Publication:
        stream.offset += 1
        stream.fresh_until = self._env.now() + history.seconds
        placed = structs.replace(publication, offset=stream.offset, epoch=stream.epoch)
        before = stream.bytes
        stream.publications.append(placed)
        stream.bytes += placed.size
        while len(stream.publications) > history.size:
            stream.bytes -= stream.publications.popleft().size
        self._bytes += stream.bytes - before
        return placed

    def _bound(self, channel: str) -> None:
        """Drop the streams that are too many, but not the one of *channel*, which was just published to."""
        self._streams[channel] = self._streams.pop(channel)
        while len(self._streams) > _STREAMS or (self._bytes > _BYTES and len(self._streams) > 1):
            oldest = next(iter(self._streams))
            self._drop(oldest)
            if oldest in self._subscribed:
                self._hears().on_doubt([oldest])

    def _drop(self, channel: str) -> None:
        self._bytes -= self._streams.pop(channel).bytes
        self._epochs.pop(_bucket(channel), None)

    def _epoch(self, channel: str) -> str:
        """The epoch of a channel without a stream."""
        bucket = _bucket(channel)
        epoch = self._epochs.get(bucket)
        if epoch is None:
            epoch = self._epochs[bucket] = self._env.epoch()
        return epoch

    async def subscribe(self, channel: str) -> None:
        self._hears()
        self._subscribed.add(channel)

    async def unsubscribe(self, channel: str) -> None:
        self._subscribed.discard(channel)

    async def history(
        self,
        channel: str,
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
        max_bytes: int | None = None,
    ) -> HistoryPage:
        self._hears()
        stream = self._known(channel)
        if stream is None:
            return HistoryPage((), Position(0, self._epoch(channel)))
        return HistoryPage(stream.read(since, limit, reverse, max_bytes), stream.position)

    async def positions(self, channels: Sequence[str]) -> list[Position]:
        self._hears()
        streams = ((channel, self._known(channel)) for channel in channels)
        return [stream.position if stream else Position(0, self._epoch(channel)) for channel, stream in streams]

    async def invalidate(self, channel: str) -> None:
        listener = self._hears()
        self._begin_anew(channel)
        listener.on_doubt([channel])

    def _begin_anew(self, channel: str) -> None:
        old = self._stream(channel, _READ)
        self._bytes -= old.bytes
        self._streams[channel] = _Stream(self._env.epoch(), known_until=self._env.now() + _READ, look=old.look)

    async def mark(self, channels: Sequence[str], mark: str, *, deadline: float) -> None:
        self._hears()
        later = asyncio.get_running_loop().call_later
        for channel in channels:
            self._lift(channel, mark)
            self._marks[channel, mark] = later(deadline, self._overdue, channel, mark)

    async def unmark(self, channels: Sequence[str], mark: str) -> None:
        self._hears()
        for channel in channels:
            self._lift(channel, mark)

    def _lift(self, channel: str, mark: str) -> None:
        deadline = self._marks.pop((channel, mark), None)
        if deadline is not None:
            deadline.cancel()

    def _overdue(self, channel: str, mark: str) -> None:
        del self._marks[channel, mark]
        self._begin_anew(channel)
        self._hears().on_doubt([channel])

    async def add_presence(self, channel: str, members: Sequence[ClientInfo], *, ttl: float) -> None:
        self._hears()
        present = self._present.setdefault(channel, _Present())
        until = self._env.now() + ttl
        for each in members:
            present.add(each, until)

    async def renew_presence(self, members: Mapping[str, Sequence[ClientInfo]], *, ttl: float) -> None:
        for channel, infos in members.items():
            await self.add_presence(channel, infos, ttl=ttl)

    async def remove_presence(self, channel: str, client: str) -> None:
        self._there(channel).remove(client)
        self._there(channel)

    async def presence(self, channel: str) -> Mapping[str, ClientInfo]:
        self._hears()
        return {client: info for client, (_, info) in self._there(channel).members.items()}

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        self._hears()
        present = self._there(channel)
        return len(present.members), len(present.users)

    def _there(self, channel: str) -> _Present:
        """Who is there now; where nobody is, nothing is kept."""
        present = self._present.get(channel)
        if present is None:
            return _Present()
        present.expire(self._env.now())
        if not present.members:
            del self._present[channel]
        return present

    async def announce_join(self, channel: str, info: ClientInfo) -> None:
        if channel in self._subscribed:
            self._hears().on_join(channel, info)

    async def announce_leave(self, channel: str, info: ClientInfo) -> None:
        if channel in self._subscribed:
            self._hears().on_leave(channel, info)

    async def tell(self, node: str | None, data: bytes) -> int:
        listener = self._hears()
        if node not in (None, self._node):
            return 0
        listener.on_control(data)
        return 1

    async def order(self, data: bytes) -> None:
        self._hears().on_order(data, 0.0)

    def _hears(self) -> Listener:
        if self._listener is None:
            raise BrokerError("the broker is not started")
        return self._listener

    def _stream(self, channel: str, lifetime: float) -> _Stream:
        """The stream of *channel*, begun if there is none; it lives at least *lifetime* seconds from now."""
        now = self._env.now()
        stream = self._known(channel)
        if stream is None:
            stream = self._streams[channel] = _Stream(self._epoch(channel))
            self._look_later(stream, channel, now)
        stream.known_until = max(stream.known_until, now + (_PUBLISHED if stream.offset else lifetime))
        return stream

    def _known(self, channel: str) -> _Stream | None:
        """The stream of *channel*, if there is one; looking at it prolongs its life."""
        now = self._env.now()
        self._throw_away(now)
        stream = self._streams.get(channel)
        if stream is None:
            return None
        if stream.known_until <= now:
            self._drop(channel)
            return None
        self._expire(stream, now)
        stream.known_until = max(stream.known_until, now + (_PUBLISHED if stream.offset else _READ))
        return stream

    def _expire(self, stream: _Stream, now: float) -> None:
        before = stream.bytes
        stream.expire(now)
        self._bytes += stream.bytes - before

    def _throw_away(self, now: float) -> None:
        """What expired costs memory for a minute at most; there is no pause in which all streams are visited."""
        while self._looks and self._looks[0][0] <= now:
            time, channel = heappop(self._looks)
            stream = self._streams.get(channel)
            if stream is None or stream.look != time:
                continue  # it was dropped
            if stream.known_until > now:
                self._expire(stream, now)
                self._look_later(stream, channel, now)
            else:
                self._drop(channel)

    def _look_later(self, stream: _Stream, channel: str, now: float) -> None:
        stream.look = now + _LOOK
        heappush(self._looks, (stream.look, channel))


def _bucket(channel: str) -> int:
    return hash(channel) % _BUCKETS
