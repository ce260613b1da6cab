"""The way from one publication to thousands of connections: joined once for all of them, and a chunk at a time.

What a channel says to the same recipients before their turn has come is one write, whose bytes they share. After
some writes the loop has its turn, so that whatever else the process serves goes on meanwhile. In a channel the
order stays; channels take turns.

``bench engine`` compares a delivery with a bare loop of writes: ``Delivery.serve`` is that loop.
"""

import asyncio
import sys
from collections import deque
from typing import Any

from offhook.base.limits import Limits
from offhook.realtime.send_queue import LARGEST, Turn
from offhook.realtime.subscription import Subscription
from offhook.wire.codec import Outgoing, Variant

CHUNK = 128
"""Writes in one turn of the loop."""
_AHEAD = 16 * 1024 * 1024
"""Bytes that may be under way. Who publishes even more waits until the oldest is written, and so does the loop."""
_RECIPIENT = 64
"""Bytes that one who is yet to be served adds to them."""


class Group:
    """Recipients that get the same from now on."""

    __slots__ = ("members", "open")

    def __init__(self) -> None:
        self.members: dict[Subscription, int] = {}
        """As in ``Delivery.rest``: they get all."""
        self.open: Delivery | None = None
        """What the next message may go with, until it begins. Nothing younger is under way to a member."""

    def __len__(self) -> int:
        return len(self.members)

    def add(self, recipient: Subscription) -> None:
        """It gets what follows."""
        self.members[recipient] = 0
        if self.open is not None:
            self.open.admit(recipient)

    def absorb(self, other: "Group") -> None:
        """The members of *other* get the same now; what is under way to them alone goes before it."""
        self.members |= other.members
        self.open = None


class Delivery:
    """Messages on their way to the members of a *group*.

    ``rest`` are those whose turn has not come, each with how many of the messages it does not get, because they
    are older than it.
    """

    __slots__ = ("_frame", "_group", "_lossy", "_messages", "_size", "_variant", "rest", "weight")

    def __init__(self, group: Group, variant: Variant, *, lossy: bool) -> None:
        self.rest = dict(group.members)
        self.weight = len(group) * _RECIPIENT
        """What it adds to what is under way."""
        self._group = group
        self._variant = variant
        self._lossy = lossy
        self._messages: list[tuple[Outgoing, Outgoing]] = []
        self._size = 0
        self._frame: Any = None
        """All messages, as they are written."""

    def takes(self, outgoing: Outgoing, most: int) -> bool:
        """Whether *outgoing* can go with the messages that are there, of which a frame holds so many at *most*."""
        fits = self._size + len(outgoing.data) <= LARGEST
        return fits and (self._variant.joins_frames or len(self._messages) < most)

    def add(self, outgoing: Outgoing, full: Outgoing) -> None:
        """One more message; *full* where it has to wait in a channel that may lose what is before it."""
        self._messages.append((outgoing, full))
        self._size += len(outgoing.data)
        self.weight += len(outgoing.data)

    def admit(self, recipient: Subscription) -> None:
        """*recipient* gets what follows."""
        self.rest[recipient] = len(self._messages)

    def serve(self, most: int, turn: Turn, frame_messages: int) -> int:
        """Write to so many of those who are left, at *most*; to how many it was."""
        if self._group.open is self:
            self._group.open = None
        if self._frame is None:
            self._frame = self._variant.together([each for each, _ in self._messages], frame_messages)
        frame, rest, number = self._frame, self.rest, turn.begin()
        left = most
        while rest and left:
            left -= 1
            recipient, skipped = rest.popitem()
            queue = recipient.queue
            if queue.wrote < number and not skipped:
                queue.wrote = number
                writing = queue.write(frame)
                if writing is not None:
                    queue.watch(writing)
            else:
                self._put(recipient, skipped)
        return most - left

    def hurry(self, recipient: Subscription) -> None:
        """Serve *recipient* now, unless it has been served; a member of the group receives later messages too."""
        skipped = self.rest.pop(recipient, None)
        if skipped is not None:
            self._put(recipient, skipped)
            if self._group.open is self and recipient in self._group.members:
                self.admit(recipient)

    def _put(self, recipient: Subscription, skipped: int) -> None:
        """One by one, as the network and the channel's policy have it."""
        for outgoing, full in self._messages[skipped:]:
            if not self._lossy:
                recipient.queue.put(outgoing)
            elif recipient.live:  # what waited may have been too much
                recipient.queue.offer(recipient, outgoing, full)


class Outbox:
    """What is on its way in one channel, in order."""

    __slots__ = ("_fanout", "_under_way")

    def __init__(self, fanout: "Fanout") -> None:
        self._fanout = fanout
        self._under_way: list[Delivery] = []

    def __len__(self) -> int:
        """How many writes are yet to be completed."""
        return len(self._under_way)

    def put(self, group: Group, variant: Variant, outgoing: Outgoing, full: Outgoing, *, lossy: bool) -> None:
        """Send *outgoing* to *group*, and *full* to those who have to wait if the channel is *lossy*."""
        delivery, weight = group.open, len(outgoing.data)
        if delivery is None or not delivery.takes(outgoing, self._fanout.frame_messages):
            delivery = group.open = Delivery(group, variant, lossy=lossy)
            self._under_way.append(delivery)
            if len(self._under_way) == 1:
                self._fanout.begin(self)
            weight += delivery.weight
        delivery.add(outgoing, full)
        self._fanout.bear(weight)

    def hurry(self, recipient: Subscription) -> None:
        """What is under way to *recipient* goes into its queue now; later nothing does."""
        for delivery in tuple(self._under_way):
            delivery.hurry(recipient)

    def serve(self, most: int) -> int:
        """Go on with the oldest of what is under way; how many writes it was."""
        oldest = self._under_way[0]
        count = oldest.serve(most, self._fanout.turn, self._fanout.frame_messages)
        if not oldest.rest:
            self._under_way.remove(oldest)
            self._fanout.weight -= oldest.weight
        return count


class Fanout:
    """All channels of which something is on its way. They take turns, a chunk each."""

    def __init__(self, turn: Turn, limits: Limits) -> None:
        self.turn = turn
        self.frame_messages = limits.frame_messages
        self.weight = 0
        """Bytes under way."""
        self._outboxes: deque[Outbox] = deque()
        self._running = False

    def begin(self, outbox: Outbox) -> None:
        """Something is on its way in *outbox*."""
        self._outboxes.append(outbox)
        self._run()

    def bear(self, weight: int) -> None:
        """So many bytes more are under way."""
        self.weight += weight
        while self.weight > _AHEAD and self._outboxes:
            self._serve_next(sys.maxsize)
            self.turn.advance()

    def _run(self) -> None:
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._running = False
        left, channels = CHUNK, len(self._outboxes)
        while left and channels and self._outboxes:
            channels -= 1  # once each, for a connection is written to once in a turn
            left -= self._serve_next(left)
        if self._outboxes:
            self._run()

    def _serve_next(self, most: int) -> int:
        """Go on in one channel, and then it is the turn of another."""
        outbox = self._outboxes.popleft()
        count = outbox.serve(most)
        if outbox:
            self._outboxes.append(outbox)
        return count
