"""Who is subscribed in this process, and how the broker's announcements reach them.

A publication is encoded once a form, and every subscriber gets the same object: no await, no task and no exception
handler for each of them. Where all subscriptions of a channel stand at the same place, that is looked at once for
all of them (``audience.py``). Thousands are written to a chunk at a time (``fanout.py``).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from offhook.base import observe
from offhook.base.env import Env
from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.brokers.base import Broker
from offhook.realtime.audience import Audience, Cohort
from offhook.realtime.control import Control
from offhook.realtime.fanout import Fanout
from offhook.realtime.reads import Past, Reads, Wanted, retrieve
from offhook.realtime.resubscriptions import Resubscriptions
from offhook.realtime.roster import Changes, Roster
from offhook.realtime.send_queue import Turn
from offhook.realtime.subscription import Subscription
from offhook.realtime.tasks import Background, start
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.replies import join_push, leave_push

_RELEASE = 1.0
"""Seconds from a channel's last subscription to the broker's unsubscribe, so that a reload does not flap."""
_DOUBT = 1.0
"""Seconds after which doubt is looked at again that the broker could not remove."""
_BATCH = 256
"""Channels whose positions are checked in one step, under one deadline."""


class _Local:
    """One channel that somebody here subscribed to, or did until a moment ago."""

    def __init__(self, name: str, audience: Audience) -> None:
        self.name = name
        self.audience = audience
        self.subscribed = False
        """Whether the broker has confirmed."""
        self.confirming: asyncio.Future[None] | None = None
        self.release: asyncio.TimerHandle | None = None
        """What ends the broker's subscription when nobody comes back."""
        self.lock = asyncio.Lock()
        """Held around the broker's subscribe and unsubscribe, so that they take turns."""
        self.checked = asyncio.get_running_loop().time()
        """When it was last known that nothing is missing."""

    def stop(self) -> None:
        """Wait no more, neither for the broker nor for somebody to come back."""
        if self.confirming is not None:
            self.confirming.cancel()
        if self.release is not None:
            self.release.cancel()

    @property
    def is_confirming(self) -> bool:
        """Whether the broker was asked and has not answered."""
        return self.confirming is not None and not self.confirming.done()


class Hub:
    """The subscriptions of this process, by channel. It is what the broker talks to."""

    def __init__(
        self,
        broker: Broker,
        background: Background,
        limits: Limits,
        env: Env,
        turn: Turn,
        control: Control,
    ) -> None:
        # What processes tell each other passes the hub by.
        self.on_control = control.on_control
        """``Listener.on_control``."""
        self.on_order = control.on_order
        """``Listener.on_order``."""
        self._control = control
        self._broker = broker
        self._limits = limits
        self._env = env
        self._background = background
        self._metrics = turn.metrics
        self._fanout = Fanout(turn, limits)
        self._reads = Reads(broker, limits)
        self._doubted: set[str] = set()
        """Channels of which it has to be found out whether somebody misses something."""
        self._looking = False
        self._locals: dict[str, _Local] = {}
        self._catching_up: set[Subscription] = set()
        self._resubscriptions = Resubscriptions(background, lambda: len(self._catching_up))
        self.broker_returned = asyncio.Event()
        """Set when the broker is connected again; what it kept for this process may be lost."""
        self.presence_doubted = asyncio.Event()
        """Set when joins and leaves may be lost."""

    def __len__(self) -> int:
        """How many channels this process hears."""
        return len(self._locals)

    def members(self, name: str) -> list[Subscription]:
        """The subscriptions to the channel called *name*, also those that have not caught up."""
        local = self._locals.get(name)
        return [] if local is None else list(local.audience.members)

    def subscriptions(self) -> list[Subscription]:
        """All live subscriptions of this process."""
        return [each for local in self._locals.values() for each in local.audience.members if each.active]

    # Subscriptions

    async def add(self, subscription: Subscription) -> None:
        """Deliver to *subscription*; returns when the broker has confirmed that it announces the channel.

        It is registered before anything is awaited. Whatever happens, undo it with ``remove``.

        :raises BrokerError: the broker refused.
        :raises CommandError: it has ended, or ends while the broker confirms.
        """
        if subscription.ended is not None:
            raise subscription.refusal
        local = self._locals.get(subscription.name)
        if local is None:
            audience = Audience(subscription.name, type(subscription.address.channel), self._fanout)
            local = self._locals[subscription.name] = _Local(subscription.name, audience)
        local.audience.add(subscription)
        self._catching_up.add(subscription)
        if local.release is not None:
            local.release.cancel()
        while not local.subscribed:
            if local.confirming is None or local.confirming.done():
                local.confirming = start(self._confirm(local))
                local.confirming.add_done_callback(retrieve)
            # Shared by all who wait: one of them that gives up must not end it for the others.
            await asyncio.shield(local.confirming)
            if subscription.ended is not None:
                raise subscription.refusal

    async def read(self, wanted: Wanted) -> Past:
        """The past of a channel, for a subscription that is registered; equal reads are shared."""
        return await self._reads.read(wanted)

    def confirm(self, subscription: Subscription) -> bool:
        """The reply of *subscription* is on its way, and what it missed follows; False: it was removed."""
        local = self._locals.get(subscription.name)
        return local is not None and local.audience.confirm(subscription)

    def go_live(self, subscription: Subscription, position: Position, *, has_one: bool) -> bool:
        """Deliver what follows *position*, which the client has; False: it was removed.

        :param has_one: whether the client has the publication at *position*, so that a delta can follow.
        """
        self._catching_up.discard(subscription)
        local = self._locals.get(subscription.name)
        return local is not None and local.audience.go_live(subscription, position, has_one=has_one)

    def hurry(self, subscription: Subscription) -> None:
        """Put what is on its way to *subscription* into its queue now, so that what follows comes after it."""
        local = self._locals.get(subscription.name)
        if local is not None:
            local.audience.hurry(subscription)

    def remove(self, subscription: Subscription) -> None:
        """No longer deliver to *subscription*; nothing when it is not registered."""
        self._catching_up.discard(subscription)
        local = self._locals.get(subscription.name)
        if local is None or subscription not in local.audience.members:
            return
        local.audience.discard(subscription)
        if not local.audience.members:
            loop = asyncio.get_running_loop()
            local.release = loop.call_later(_RELEASE, lambda: self._background.start(self._release(local)))

    async def _confirm(self, local: _Local) -> None:
        async with local.lock:
            await self._broker.subscribe(local.name)
            local.subscribed = True

    async def _release(self, local: _Local) -> None:
        async with local.lock:
            if local.audience.members or not self._has(local):
                return
            local.subscribed = False
            try:
                async with asyncio.timeout(self._limits.handler):
                    await self._broker.unsubscribe(local.name)
            except (BrokerError, TimeoutError) as error:
                observe.LINE.warning("unsubscribing from the broker failed: %s", str(error) or "timeout")
        if self._has(local) and not local.audience.members and not local.is_confirming:
            del self._locals[local.name]

    def _has(self, local: _Local) -> bool:
        return self._locals.get(local.name) is local

    def close(self) -> None:
        """Wait for nothing of the broker any more; it is about to be closed."""
        self._resubscriptions.close()
        for local in self._locals.values():
            local.stop()
        self._locals.clear()

    # Deliveries: ``Listener``

    def on_publication(self, channel: str, publication: Publication) -> None:
        """Deliver *publication*."""
        self._metrics.publications += 1
        local = self._locals.get(channel)
        if local is None:
            return
        if publication.offset:
            local.checked = asyncio.get_running_loop().time()
        lost = local.audience.deliver(publication)
        if lost:
            self._have_recover(lost)

    def on_join(self, channel: str, info: ClientInfo) -> None:
        """Deliver that *info* joined, unless clients know it."""
        local = self._locals.get(channel)
        if local is not None and local.audience.hears and local.audience.roster.join(info):
            local.audience.tell(join_push(channel, info))

    def on_leave(self, channel: str, info: ClientInfo) -> None:
        """Deliver that *info* left, unless clients know it."""
        local = self._locals.get(channel)
        if local is not None and local.audience.hears and local.audience.roster.leave(info):
            local.audience.tell(leave_push(channel, info))

    # Presence (``roster.py``)

    def watched(self) -> list[str]:
        """The channels with presence that have clients here which are told who joins and leaves."""
        found = self._locals.values()
        return [local.name for local in found if local.audience.hears and local.audience.presence]

    async def presence(self, name: str) -> Mapping[str, ClientInfo]:
        """Who is in the channel called *name*, for a client that asks; others here learn of joins they lack."""
        present, _ = await self._presence(name, Roster.learn)
        return present

    async def check_presence(self, name: str) -> bool:
        """Send clients the joins and leaves that they lack; whether to look again soon.

        :raises BrokerError: presence could not be read.
        """
        _, changes = await self._presence(name, Roster.check)
        return changes.unsure

    async def _presence(
        self, name: str, compare: Callable[[Roster, Mapping[str, ClientInfo]], Changes]
    ) -> tuple[Mapping[str, ClientInfo], Changes]:
        local = self._locals.get(name)
        if local is None or not local.audience.hears:
            return await self._broker.presence(name), Changes()
        audience, roster = local.audience, local.audience.roster
        roster.begin_reading()
        try:
            present = await self._broker.presence(name)
            changes = compare(roster, present)
        finally:
            roster.end_reading()
        if audience.roster is roster:
            for info in changes.left:
                audience.tell(leave_push(name, info))
            for info in changes.joined:
                audience.tell(join_push(name, info))
        return present, changes

    def on_doubt(self, channels: Sequence[str] | None) -> None:
        """Look at once whether anybody misses something."""
        names = self._locals.keys() if channels is None else self._locals.keys() & set(channels)
        for name in names:
            self._locals[name].audience.doubt()
        self._metrics.doubts += len(names)
        self._doubted.update(names)
        if channels is None:
            self.broker_returned.set()
            self.presence_doubted.set()
        if not self._looking:
            self._looking = True
            self._background.start(self._look())

    def on_orders_lost(self) -> None:
        """Have connections checked again; and have clients subscribe again, so that the rules are asked."""
        self._control.on_orders_lost()
        self._have_recover([each for each in self.subscriptions() if each.client.user_id])

    # Position checks (protocol §10)

    async def _look(self) -> None:
        """Until there is no doubt any more; the broker may be away meanwhile."""
        while self._doubted:
            names, self._doubted = self._doubted, set()
            unchecked = await self.check(names)
            if unchecked:
                self._doubted |= unchecked & self._locals.keys()
                await asyncio.sleep(_DOUBT)
        self._looking = False

    def unchecked(self, age: float) -> list[str]:
        """The channels with positions of which nothing was known for *age* seconds."""
        oldest = asyncio.get_running_loop().time() - age
        return [name for name, local in self._locals.items() if local.checked <= oldest]

    async def check(self, channels: Iterable[str]) -> set[str]:
        """Have every subscription recover that does not have the top of its stream.

        A batch after the other, each with a deadline of its own, so that the number of channels sets the time that
        all of them take, and not whether they are checked.

        :return: the channels that are left, because the broker failed.
        """
        names = list(channels)
        for done in range(0, len(names), _BATCH):
            try:
                async with asyncio.timeout(self._limits.handler):
                    await self._check(names[done : done + _BATCH])
            except (BrokerError, TimeoutError) as error:
                observe.LINE.warning("checking positions failed: %s", str(error) or "timeout")
                return set(names[done:])
        return set()

    async def _check(self, channels: Sequence[str]) -> None:
        """A publication may be on its way between the reading and this process; hence the second reading, at which
        a subscription that misses no more than that has it.
        """
        first = await self._tops(channels)
        differing = [name for name, top in first.items() if self._audience_differs(name, top)]
        had = self._standing(differing)
        second = await self._tops(differing)
        for name in second.keys() & self._locals.keys():
            self._have_recover(self._locals[name].audience.behind(first[name], second[name], had))

    async def _tops(self, channels: Iterable[str]) -> dict[str, Position]:
        """Where the streams of those *channels* end that somebody here has a position in."""
        names = [name for name in channels if (local := self._locals.get(name)) and local.audience.positioned]
        if not names:
            return {}
        tops = dict(zip(names, await self._broker.positions(names), strict=True))
        now = asyncio.get_running_loop().time()
        for name in tops.keys() & self._locals.keys():
            self._locals[name].checked = now
        return tops

    def _audience_differs(self, name: str, top: Position) -> bool:
        local = self._locals.get(name)
        return local is not None and local.audience.differs(top)

    def _standing(self, channels: Sequence[str]) -> dict[Cohort, int]:
        """Where everybody in *channels* stands now."""
        return {cohort: cohort.offset for name in channels for cohort in self._locals[name].audience.cohorts}

    def _have_recover(self, lost: Sequence[Subscription]) -> None:
        """Have them subscribe again, from their positions."""
        self._resubscriptions.add(lost)
