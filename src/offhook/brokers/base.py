"""The contract between the engine and what connects its processes.

**Streams.** A channel that is published to with a ``History`` has a stream: publications with offsets 1, 2, 3 …
and an epoch, both given by the broker alone. The epoch is made with the stream's metadata, which is created by the
first publication or by the first read of its position, and changes whenever the stream lost, or may have lost,
something that it had promised: the metadata expired, the data are gone, a publish failed without anybody knowing
how far it got. A reader that finds another epoch takes a new snapshot; so a needless change costs a reload, and a
missing one shows wrong data.

**Atomicity.** Appending a publication, giving it its offset and announcing it are one step: announcements of one
channel come in the order of their offsets, and every publication up to the position that a read returns is in the
stream at that moment (or was trimmed from its old end).

**Announcements** reach every process that subscribed, at most once each, in order; one may be lost, and whoever
notices says so by ``Listener.on_doubt``. The stream repairs what was lost.

**Failures.** A ``publish`` that raised, or was cancelled while it waited for something, may or may not have
happened. So the broker changes the channel's epoch before it does anything else for that channel: at once, or,
when it is cut off from its data, before it is ready again. Whoever looks at the channel takes a new snapshot then.
A publication with a *key* need not cost the epoch: the broker may repeat it instead, which publishes it at most
once, and before everything that this process publishes to the channel later.

**Marks.** A mark says that a channel will be published to, or else that nobody knows what happened. It is set
before a transaction; ``publish`` lifts it in the same atomic step, or ``unmark`` when nothing is to be published.
A mark that is still there at its deadline changes the epoch and is gone: everywhere within seconds, and also when
the process that set it is no more. Marks have names of their own, several may be on one channel, and
``invalidate`` leaves them alone.

**Publishing once.** Two ways to publish the same thing again without harm, both decided inside the atomic step. A
*key* that the channel has seen within five minutes publishes nothing and gives the position of the first time. A
*version* orders what a channel's one object became: a publication whose version is not greater than the latest one
of the same *version epoch* (an empty one: of whatever epoch) publishes nothing and gives the top. Either way the
mark is lifted: what was announced has happened. Versions live as long as the stream's metadata and begin anew with
its epoch; in a channel without history they mean nothing.

**Nodes.** Every process has a name, its node. ``tell`` reaches all processes or one, at most once, outside of any
channel; what it carries is bytes of the engine's own. It is not kept for whoever is away.

**Orders.** ``order`` reaches all processes, each exactly once and in the same order. A process that is cut off
gets what it missed when it is connected again, with the age of each. If the broker cannot prove that it has
everything (it was restarted without its data, or the process was away for longer than orders are kept), it says so
by ``Listener.on_orders_lost``, once. An ``order`` that raised may or may not have been given.

**Zero values.** In a channel without history a publication has offset 0 and epoch "", and ``publish`` returns
``Position(0, "")``.

**Cancellation.** A cancelled call may or may not have happened; the broker stays usable.

Every method may raise ``BrokerError``. None is called before ``start`` has returned or after ``close`` was called.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from offhook.base.errors import UsageError
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@lru_cache
def seconds(duration: float | str) -> float:
    """A duration in seconds: a number, or text such as ``"30s"``, ``"10m"``, ``"2h"`` or ``"7d"``.

    :raises UsageError: it is not one, or not longer than nothing.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(duration))
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if value <= 0:
        raise UsageError(f'{duration!r} is no duration; write seconds as a number, or "30s", "10m", "2h", "7d"')
    return value


@dataclass(frozen=True, slots=True)
class History:
    """How much of its past a channel keeps.

    :param size: publications, at most.
    :param ttl: how long they are kept after the latest of them: seconds, or text such as ``"10m"``.
    :raises UsageError: the size or the duration is none.
    """

    size: int
    ttl: float | str

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"History({self.size}, ...): keep at least one publication, or declare no history")
        seconds(self.ttl)

    @property
    def seconds(self) -> float:
        """``ttl`` in seconds."""
        return seconds(self.ttl)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """What a read found, and the stream's top at the same moment."""

    publications: Sequence[Publication]
    position: Position


def within_bytes(publications: Iterable[Publication], max_bytes: int | None) -> Iterator[Publication]:
    """The beginning of *publications*: the first one, and more while all of them fit into *max_bytes*."""
    left = max_bytes
    for number, publication in enumerate(publications):
        if left is not None:
            left -= publication.size
            if left < 0 and number:
                return
        yield publication


class Listener(Protocol):
    """What a broker tells this process, in the process's loop. Every call is synchronous and returns soon."""

    def on_publication(self, channel: str, publication: Publication) -> None:
        """Somebody published to a channel that this process subscribed to."""
        ...

    def on_join(self, channel: str, info: ClientInfo) -> None:
        """Somebody joined a channel that this process subscribed to."""
        ...

    def on_leave(self, channel: str, info: ClientInfo) -> None:
        """Somebody left it."""
        ...

    def on_doubt(self, channels: Sequence[str] | None) -> None:
        """Announcements of these channels (None: of all) may have been lost, or their epoch has changed."""
        ...

    def on_control(self, data: bytes) -> None:
        """A process, maybe this one, told this one something."""
        ...

    def on_order(self, data: bytes, age: float) -> None:
        """A process, maybe this one, gave an order to all, *age* seconds ago."""
        ...

    def on_orders_lost(self) -> None:
        """Orders to all may be missing, for good."""
        ...


class Broker(Protocol):
    """Between the processes of one application. The module's words are part of the contract."""

    @property
    def waits(self) -> bool:
        """Whether a publish may have to wait for somebody. If not, it is one step, which nothing can interrupt."""
        ...

    @property
    def ready(self) -> bool:
        """Whether it can be published to, and announcements arrive, as far as is known."""
        ...

    async def start(self, listener: Listener, node: str) -> None:
        """Get ready; *listener* hears the announcements from now on.

        :param node: the name of this process, which no other process has.
        """
        ...

    async def close(self) -> None:
        """Let go of everything. A broker that was never started, or closed already, does nothing."""
        ...

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
        """Append (where there is a history), announce and lift *mark*, atomically; the publication's position.

        The broker gives offset and epoch and ignores those of *publication*.

        :param key: publish only if the channel has not seen this key within five minutes.
        :param version: publish only if it is greater than the latest one; 0 is no version.
        :param version_epoch: what the version counts in; versions of different epochs are not compared.
        """
        ...

    async def subscribe(self, channel: str) -> None:
        """Hear the announcements of *channel*: of all that are published after this has returned.

        Subscribing again changes nothing.
        """
        ...

    async def unsubscribe(self, channel: str) -> None:
        """No longer hear them. Unsubscribing from what was not subscribed changes nothing."""
        ...

    async def history(
        self,
        channel: str,
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
        max_bytes: int | None = None,
    ) -> HistoryPage:
        """Publications of the past, and the top of the stream at the same moment.

        :param since: forward: only offsets after it, oldest first; in reverse: only offsets before it, newest
            first. Its epoch is not looked at; the caller compares it with the page's.
        :param limit: at most so many; 0 reads the position only; None is no limit.
        :param max_bytes: the page ends before the publication with which it would exceed so many bytes
            (``Publication.size``, or the size of what the broker stores); the first one is in it in any case.
        """
        ...

    async def positions(self, channels: Sequence[str]) -> list[Position]:
        """The tops of several streams, in one call.

        Metadata that this creates live ten minutes at least, so that the position can be used.
        """
        ...

    async def invalidate(self, channel: str) -> None:
        """Begin a new stream under a new epoch, and cast doubt: everybody takes a new snapshot."""
        ...

    async def mark(self, channels: Sequence[str], mark: str, *, deadline: float) -> None:
        """Set *mark* on *channels*; where it still is in *deadline* seconds, the epoch changes."""
        ...

    async def unmark(self, channels: Sequence[str], mark: str) -> None:
        """Lift *mark*. Where it is not, or no longer, nothing changes."""
        ...

    async def add_presence(self, channel: str, members: Sequence[ClientInfo], *, ttl: float) -> None:
        """*members* are there, until *ttl* seconds from now. Adding again prolongs."""
        ...

    async def renew_presence(self, members: Mapping[str, Sequence[ClientInfo]], *, ttl: float) -> None:
        """The *members* of each channel are there, until *ttl* seconds from now, whether they were before or not.

        The engine calls it with some hundred channels at a time; it takes one step where the broker can do that.
        """
        ...

    async def remove_presence(self, channel: str, client: str) -> None:
        """The connection *client* is no longer there."""
        ...

    async def presence(self, channel: str) -> Mapping[str, ClientInfo]:
        """Who is there, by the id of the connection."""
        ...

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        """How many connections are there, and how many different users."""
        ...

    async def announce_join(self, channel: str, info: ClientInfo) -> None:
        """Tell every process that subscribed that *info* joined."""
        ...

    async def announce_leave(self, channel: str, info: ClientInfo) -> None:
        """Tell every process that subscribed that *info* left."""
        ...

    async def tell(self, node: str | None, data: bytes) -> int:
        """Give *data* to the process *node*, or (None) to all, this one too; how many of them get it.

        Nobody is called *node*: 0.
        """
        ...

    async def order(self, data: bytes) -> None:
        """Give *data* to all processes, this one too, and keep it for those that are cut off."""
        ...
