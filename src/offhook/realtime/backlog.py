"""The rest of a recovery, which does not fit into the reply: it follows as publications, as the network takes it.

Invariant: a subscription that catches up holds at most one part of the history, ``LARGEST`` bytes or one
publication, however much the client missed and however slowly it reads. The next part is read when the network has
taken what was put before, in turn with the other subscriptions of the connection. A client whose connection ends
meanwhile recovers from the last publication that it received, so that each attempt makes progress; if the history
no longer reaches back to it, the subscription ends with 2500, and the client learns that it is not recovered when
it subscribes again.
"""

from collections.abc import Sequence

from offhook.base import codes
from offhook.base.errors import BrokerError
from offhook.realtime.forms import batch
from offhook.realtime.reads import Past, Wanted
from offhook.realtime.send_queue import LARGEST
from offhook.realtime.session import Session
from offhook.realtime.subscription import Subscription
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from offhook.wire.recovery import Gap, continues, following
from offhook.wire.replies import Pub, Push

_ENVELOPE = 200
"""Bytes around a publication in a frame, about."""


def fitting(room: int, publications: Sequence[Publication]) -> list[Publication]:
    """The beginning of *publications* that fits into *room* bytes."""
    fits: list[Publication] = []
    for publication in publications:
        room -= publication.size + _ENVELOPE
        if room < 0:
            break
        fits.append(publication)
    return fits


def feed(session: Session, subscription: Subscription, position: Position, *, has_one: bool) -> None:
    """Send what follows *position*, and go live after it.

    :param has_one: whether the client has the publication at *position*, so that a delta can follow.
    """
    feeding = _Feed(session, subscription, position, has_one)
    task = session.engine.background.start(feeding.run())
    subscription.feeding = None if task.done() else task


class _Feed:
    """One subscription on its way from *position* to the top of the stream."""

    def __init__(self, session: Session, subscription: Subscription, position: Position, has_one: bool) -> None:
        self._session = session
        self._subscription = subscription
        self._position = position
        self._has_one = has_one
        self._newest_only = subscription.address.channel.recovery == "cache"

    async def run(self) -> None:
        try:
            done = False
            while not done:
                async with self._session.queue.room():
                    done = self._deliver(await self._read())
        except (BrokerError, TimeoutError, Gap):
            self._subscription.feeding = None  # it ends by itself
            self._subscription.fail(codes.UNSUBSCRIBED_INSUFFICIENT)
        else:
            self._subscription.feeding = None

    async def _read(self) -> Past:
        """The next part; what is published from now on is held back."""
        engine, name = self._session.engine, self._subscription.name
        self._subscription.hold_anew()
        if self._newest_only:
            return await engine.hub.read(Wanted(name, limit=1, reverse=True))
        limit = engine.limits.history_page
        return await engine.hub.read(Wanted(name, self._position, limit, max_bytes=LARGEST))

    def _deliver(self, past: Past) -> bool:
        """Send the part; whether that was the last, and the subscription is live.

        :raises Gap: it does not follow what the client has.
        """
        found, top = past.page.publications, past.page.position
        if not (self._is_newest(found, top) if self._newest_only else continues(self._position, found, top)):
            raise Gap("the history does not reach back to what the client has")
        self._send(found, past.pubs(self._session.queue.variant.codec, delta=self._subscription.delta))
        if self._position.offset < top.offset:
            return False
        try:
            rest = following(top, self._subscription.held())
        except Gap:
            return False
        rest = rest[-1:] if self._newest_only else rest
        self._send(rest, batch(rest, self._session.queue.variant.codec, delta=self._subscription.delta))
        self._session.engine.hub.go_live(self._subscription, self._position, has_one=self._has_one)
        return True

    def _is_newest(self, found: Sequence[Publication], top: Position) -> bool:
        return self._position.epoch == top.epoch and bool(found) and found[-1].offset == top.offset

    def _send(self, found: Sequence[Publication], pubs: Sequence[Pub]) -> None:
        for pub in pubs:
            self._session.send(Push(self._subscription.name, pub=pub))
        if found:
            self._position, self._has_one = Position(found[-1].offset, found[-1].epoch), True
