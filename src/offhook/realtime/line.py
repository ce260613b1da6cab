"""``Line``: the application's end of all lines."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from offhook.base import codes, observe, schema
from offhook.base.codes import Code
from offhook.base.env import Env
from offhook.base.errors import BrokerError, Disconnect, UsageError
from offhook.base.limits import Limits
from offhook.base.types import Json
from offhook.brokers.base import Broker, History, HistoryPage, seconds
from offhook.realtime.channel import Channel
from offhook.realtime.control import Control
from offhook.realtime.orders import Close, Join, Order, Part, Prolong, Tell, ToSignIn, ToUser
from offhook.realtime.registry import Registry
from offhook.realtime.send_queue import PUBLICATIONS, Turn
from offhook.realtime.tasks import Background, in_loop, within
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

P = TypeVar("P")
T = TypeVar("T")

_ACTION = "action"
"""The tag by which a browser recognises the publications of its own action."""


_NOT_RUNNING = (
    "the engine does not run: serve the App or Realtime with its lifespan, or await realtime.start() first"
)


class Home(Protocol):
    """What a line needs of its engine."""

    registry: Registry
    broker: Broker
    env: Env
    limits: Limits
    background: Background
    control: Control
    turn: Turn

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that the engine runs in; None while it does not run."""
        ...

    def check_loop(self) -> None:
        """:raises UsageError: it runs in another event loop than this."""
        ...


@dataclass(frozen=True, slots=True)
class _Action:
    """The action whose line this is: what the browser calls it, and who hears what it published."""

    id: str
    published: Callable[[str, Position], None]


@dataclass(frozen=True, slots=True)
class Once:
    """What keeps a publication from being made twice."""

    key: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Line:
    """Publishes to channels and asks about them. Injected where a parameter is annotated ``Line``.

    Each method raises ``BrokerError`` when the broker could not do it, and ``UsageError`` when the channel's class
    is not one of the application's, or the application does not run in this event loop.
    """

    _home: Home
    _action: _Action | None = None

    async def publish(
        self,
        channel: Channel[P],
        data: P,
        *,
        key: str | None = None,
        version: int = 0,
        tags: Mapping[str, str] | None = None,
    ) -> Position:
        """Publish *data*; from the moment this returns it is in the channel's stream.

        Publish after the commit, never before it. When the caller is cancelled, the publication is still made.

        :param key: publishing again with the same key within five minutes changes nothing; the position is that
            of the first time.
        :param version: of what the channel is about, counting up: an older or equal one is not published.
        :param tags: short texts beside the data.
        :raises UsageError: *data* is not what the channel declares, or *tags* has a tag of ours.
        :raises BrokerError: nobody knows whether it was published; everybody who looks at the channel is told to
            take a new snapshot.
        """
        change = _change_of(self._home, self._name(channel))
        return await self._publish(channel, data, Once(key, version), tags, change)

    def publish_sync(
        self,
        channel: Channel[P],
        data: P,
        *,
        key: str | None = None,
        version: int = 0,
        tags: Mapping[str, str] | None = None,
    ) -> Position:
        """``publish`` for code in a thread, such as a view that is a plain ``def``; waits until it is done.

        :raises UsageError: this thread runs an event loop, which must not wait.
        """
        publishing = self.publish(channel, data, key=key, version=version, tags=tags)
        return _from_thread(self._home, publishing)

    async def broadcast(self, channels: Sequence[Channel[P]], data: P) -> list[Position]:
        """Publish *data* to several channels; the positions, in their order.

        :raises BrokerError: at least one failed; the others are published.
        """
        found: list[Position | BaseException] = []
        for start in range(0, len(channels), PUBLICATIONS):
            together = channels[start : start + PUBLICATIONS]
            publishing = (self.publish(channel, data) for channel in together)
            found += await asyncio.gather(*publishing, return_exceptions=True)
        failed = [each for each in found if isinstance(each, BaseException)]
        if failed:
            raise failed[0]
        return [each for each in found if isinstance(each, Position)]

    async def _publish(
        self,
        channel: Channel[P],
        data: P,
        once: "Once",
        tags: Mapping[str, str] | None,
        change: "Change | None",
    ) -> Position:
        name = self._name(channel)
        schema.check(data, self._home.registry.rules(type(channel)).publishes)
        encoded, binary = schema.encode(data), schema.is_binary(data)
        publication = Publication(encoded, tags=self._tags(tags), binary=binary)
        appending = self._append(name, publication, channel.history, once, change)
        if self._home.broker.waits:
            position = await self._home.background.unbroken("a publication", appending)
        else:
            position = await appending
        await self._home.turn.give_way()
        return position

    async def _append(
        self, name: str, publication: Publication, history: History | None, once: "Once", change: "Change | None"
    ) -> Position:
        mark = change.mark if change is not None else None
        publishing = self._home.broker.publish(
            name, publication, history=history, mark=mark, key=once.key, version=once.version
        )
        try:
            position = await within(self._home.limits.publish, publishing)
        except TimeoutError:
            raise BrokerError(f"publishing took longer than {self._home.limits.publish} s") from None
        if change is not None:
            change.pending.discard(name)
        if self._action is not None:
            self._action.published(name, position)
        return position

    def change(self, *channels: Channel[Any], deadline: float | str = "30s") -> "Change":
        """Cover a change of the database from before its transaction until it is published::

            async with line.change(Room(room_id=1)) as change:
                message = await store.add(1, text)
                await change.publish(Room(room_id=1), message)

        Without this, a process that dies between the commit and the publication leaves pages that miss the change.
        The channels are marked in the broker first; publishing takes the mark away in the same step. When the
        block ends in an exception, or the process dies and the *deadline* passes, everybody who looks at the
        channels is told to take a new snapshot. A block that ends without a publication has changed nothing.

        :param deadline: seconds, or text such as ``"30s"``; longer than the transaction can take.
        :raises UsageError: a channel keeps no history, so that nobody could be told.
        """
        if not channels:
            raise UsageError(
                "line.change() needs the channels that the change concerns: line.change(Room(room_id=1))"
            )
        for channel in channels:
            if channel.history is None:
                raise UsageError(
                    f"line.change({channel!r}): the channel keeps no history, so nobody could be told that "
                    'something is missing; declare it with history=History(300, "10m")'
                )
        return Change(self, [self._name(channel) for channel in channels], seconds(deadline))

    async def history(
        self,
        channel: Channel[Any],
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> HistoryPage:
        """Publications of the past and the position at the same moment.

        :param since: only publications after it; in reverse, before it and newest first.
        :param limit: at most so many; 0 for the position alone.
        """
        return await self._home.broker.history(self._name(channel), since=since, limit=limit, reverse=reverse)

    async def position(self, channel: Channel[Any]) -> Position:
        """Where the channel's stream ends now. Read it before the data that it is the position of."""
        [position] = await self.positions([channel])
        return position

    async def positions(self, channels: Sequence[Channel[Any]]) -> list[Position]:
        """The positions of several channels, in one call to the broker."""
        return await self._home.broker.positions([self._name(channel) for channel in channels])

    async def presence_stats(self, channel: Channel[Any]) -> tuple[int, int]:
        """How many connections are subscribed, and how many different users they are of."""
        return await self._home.broker.presence_stats(self._name(channel))

    async def presence(self, channel: Channel[Any]) -> Mapping[str, ClientInfo]:
        """Who is subscribed, by the id of the connection."""
        return await self._home.broker.presence(self._name(channel))

    async def invalidate(self, channel: Channel[Any]) -> None:
        """Have everybody who looks at the channel take a new snapshot, because something cannot be published."""
        await self._home.broker.invalidate(self._name(channel))

    # All lines of somebody, in whichever process they are

    async def disconnect(self, user: str, *, code: Code = codes.FORCE_DISCONNECT, reason: str = "") -> None:
        """End all connections of *user*; the code's range says whether they come back."""
        await self._tell(user, _close(code, reason))

    async def revoke(self, *, user: str = "", session: str = "") -> None:
        """The sign-in *session* (``Identity.session``), or every one of *user*, is no longer good.

        All lines and routes' own sockets that came by it end, in every process, within a second or as soon as the
        process is connected to the broker again; so do those that are being opened. The code 3014 makes clients
        forget what they had, reconnect and take new snapshots: ``authenticate`` decides whether they are let in
        then. So store the revocation in your database first, then revoke.

        :raises BrokerError: the broker did not take the order; revoke again.
        """
        if bool(user) == bool(session):
            raise UsageError("line.revoke() needs either user=... or session=...")
        close = _close(codes.STATE_INVALIDATED)
        if user:
            await self._tell(user, close)
        else:
            self._check_loop()
            await self._home.control.order(ToSignIn(session, close))

    async def subscribe(self, user: str, channel: Channel[Any]) -> None:
        """Subscribe all connections of *user* to *channel*; ``on_subscribe`` is not asked."""
        await self._tell(user, Join(self._name(channel)))

    async def unsubscribe(self, user: str, channel: Channel[Any]) -> None:
        """End the subscriptions of *user* to *channel*, whoever asked for them. They may subscribe again."""
        await self._tell(user, Part(self._name(channel)))

    async def send(self, user: str, data: Json) -> None:
        """Push *data* to all connections of *user*, outside of any channel. Who is away misses it."""
        await self._tell(user, Tell(schema.encode(data)))

    async def refresh(self, user: str, expires: float) -> None:
        """The sign-in of *user* runs out at the second *expires* since 1970, on all connections there are now."""
        await self._tell(user, Prolong(expires))

    async def _tell(self, user: str, order: Order) -> None:
        self._check_loop()
        if not user:
            raise UsageError("somebody anonymous has no lines that could be found; name a user")
        await self._home.control.order(ToUser(user, order))

    def _tags(self, tags: Mapping[str, str] | None) -> Mapping[str, str] | None:
        if tags and _ACTION in tags:
            raise UsageError(
                f"the tag {_ACTION!r} is Offhook's own, for the action that published; choose another"
            )
        if tags:
            schema.encode(dict(tags))  # what no codec can carry is refused here, and not at each subscriber
        return tags if self._action is None else {**(tags or {}), _ACTION: self._action.id}

    def _name(self, channel: Channel[Any]) -> str:
        self._home.registry.rules(type(channel))
        self._check_loop()
        return channel.format()

    def _check_loop(self) -> None:
        if self._home.loop is None:
            raise UsageError(_NOT_RUNNING)
        self._home.check_loop()


def _close(code: Code, reason: str = "") -> Close:
    disconnect = Disconnect(code, reason)
    return Close(disconnect.code.number, disconnect.reason)


def _from_thread(home: Home, work: Coroutine[Any, Any, T]) -> T:
    """The result of *work*, done by the engine's loop while this thread waits."""
    try:
        loop = home.loop
        if loop is None:
            raise UsageError(_NOT_RUNNING)
        if in_loop():
            raise UsageError(
                "this thread runs an event loop, which must not wait: write await line.publish(...) where that is "
                "the engine's, and await asyncio.to_thread(line.publish_sync, ...) elsewhere"
            )
    except UsageError:
        work.close()
        raise
    return asyncio.run_coroutine_threadsafe(work, loop).result()


class Change:
    """A change of the database that nobody has heard of yet: ``async with line.change(...) as change``."""

    def __init__(self, line: Line, channels: Sequence[str], deadline: float) -> None:
        self.home = line._home
        self.mark = self.home.env.uuid()
        self.pending: set[str] = set()
        """The channels that are marked."""
        self._line = line
        self._channels = tuple(dict.fromkeys(channels))
        self._deadline = deadline

    async def publish(
        self,
        channel: Channel[P],
        data: P,
        *,
        key: str | None = None,
        version: int = 0,
        tags: Mapping[str, str] | None = None,
        more: bool = False,
    ) -> Position:
        """``line.publish``, which takes the channel's mark away in the same step.

        :param more: another publication to the same channel follows; the mark stays until then.
        :raises UsageError: the channel was not named in ``line.change(...)``.
        """
        name = self._line._name(channel)
        if name not in self._channels:
            raise UsageError(f"name {channel!r} in line.change(...), so that it is marked before the transaction")
        return await self._line._publish(channel, data, Once(key, version), tags, None if more else self)

    async def __aenter__(self) -> Self:
        await self.home.broker.mark(self._channels, self.mark, deadline=self._deadline)
        self.pending.update(self._channels)
        _CHANGES.set((*_CHANGES.get(), self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _CHANGES.set(tuple(each for each in _CHANGES.get() if each is not self))
        left, self.pending = sorted(self.pending), set()
        if left:
            await self.home.background.unbroken("a change", self._end(left, doubtful=error is not None))

    async def _end(self, left: Sequence[str], *, doubtful: bool) -> None:
        """What cannot be done here is done by the broker, at the deadline."""
        try:
            async with asyncio.timeout(self.home.limits.publish):
                for name in left if doubtful else ():
                    await self.home.broker.invalidate(name)
                await self.home.broker.unmark(left, self.mark)
        except (BrokerError, TimeoutError) as error:
            observe.LINE.warning("a change without a publication stays marked: %s", str(error) or "timeout")


_CHANGES: ContextVar[tuple[Change, ...]] = ContextVar("changes", default=())
"""The changes around this place in the application's code, so that ``line.publish`` knows them too."""


def _change_of(home: Home, name: str) -> Change | None:
    """The innermost change around us that has this channel marked."""
    around = reversed(_CHANGES.get())
    return next((each for each in around if each.home is home and name in each.pending), None)


def of_action(line: Line, action_id: str, published: Callable[[str, Position], None]) -> Line:
    """*line* for one run of an action: it tags its publications and tells *published* where each one stands."""
    return replace(line, _action=_Action(action_id, published))


def addressable(line: Line, channel: Channel[Any]) -> bool:
    """Whether clients of *line* may name *channel*: its name is not longer than ``Limits.channel_length``."""
    return len(channel.format().encode()) <= line._home.limits.channel_length


async def unbroken(line: Line, what: str, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*, which ends in publications on *line*, to its end also when the caller is cancelled.

    The engine does not stop before it has ended. *what* it was is logged when it fails unheard.
    """
    return await line._home.background.unbroken(what, work)
