"""The bounded sender of one connection.

The first message of a loop turn is written at once, what follows in the same turn, or while the network is still
busy with a frame, is joined into few frames.

Invariants. The bytes that wait because the network has not taken what was written before are at most
``Limits.queue``, or one message, for a connection; and ``Limits.queues`` for the process. Messages that the server
produces in one turn do not count before the network was offered them: a client that reads is never too slow.
Beyond the bound of a connection, publications are dropped where their channel allows it, and otherwise the queue
ends its connection; beyond the bound of the process, the queues in which most waits end theirs. No queue slows
another one.

Publications that need not wait are written by ``fanout.py``, which knows many queues at once.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.limits import Limits
from offhook.realtime.channel import Slow
from offhook.realtime.metrics import Metrics
from offhook.wire.codec import Outgoing, Variant

_HELD = sys.maxsize
"""No turn comes after this one."""
LARGEST = 64 * 1024
"""Bytes of one frame that joins several messages. A message alone may be larger."""
PUBLICATIONS = 64
"""Publications in one turn of the loop, after which what else the process serves has its turn."""
_RELIEF = 0.75
"""The part of the process's bound that is left in use when queues had to end their connections."""
_SHED = 2
"""Into how many parts a full queue is cut; one is kept, so that the cut is seldom and its cost spread."""


class Transport(Protocol):
    """What carries the frames of one connection to its client. Nothing of it raises."""

    def write(self, frame: Any) -> "asyncio.Future[None] | None":
        """Pass on one frame. None when the network has taken it; otherwise a future that is done when it has.

        The future fails when the connection is gone. The next call comes after it is done.
        """
        ...

    @property
    def unsent(self) -> int:
        """Bytes of written frames that the network has not taken yet."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close in order, and return when the network has taken that; a write under way may be cancelled."""
        ...

    def abort(self) -> None:
        """Let go of the connection; called last, in any case."""
        ...


class Lossy(Protocol):
    """Whose publications wait: a subscription to a channel that says what to do when they are too many."""

    @property
    def slow(self) -> Slow:
        """What to do."""
        ...

    def resync(self) -> None:
        """Nothing of it waits any more; the client takes a new snapshot."""
        ...


class Turn:
    """One turn of the loop after the other, for all queues: one callback ends it.

    :param max_bytes: bytes that may wait in all queues together, a message that waits in several once.
    """

    def __init__(self, metrics: Metrics | None = None, max_bytes: int = sys.maxsize) -> None:
        self.metrics = metrics or Metrics()
        self.number = 0
        self.bytes = 0
        """What waits in all queues, and what large frames the network has not taken yet."""
        self.busy: dict[SendQueue, None] = {}
        """The queues whose network has not taken the last frame yet."""
        self._max_bytes = max_bytes
        self._counted = -1
        self._publications = 0
        """Made in the turn *_counted*."""
        self._running = False
        self._waiting: list[SendQueue] = []

    def begin(self) -> int:
        """The number of this turn, which ends when the loop has come round."""
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._end)
        return self.number

    def advance(self) -> None:
        """Who wrote in this turn may write at once again, unless something waits."""
        self.number += 1

    def add(self, queue: "SendQueue") -> None:
        """Have ``queue.flush`` called when this turn is over."""
        self.begin()
        self._waiting.append(queue)

    async def give_way(self) -> None:
        """Called after each publication: after some in one turn, the loop has the next one.

        A handler that publishes in a loop keeps neither the clients of its publications nor others waiting.
        """
        number = self.begin()
        if number != self._counted:
            self._counted, self._publications = number, 0
        self._publications += 1
        if self._publications >= PUBLICATIONS:
            await asyncio.sleep(0)

    def bound(self) -> None:
        """Keep what waits in all queues within the bound: the queues in which most waits end their connections."""
        if self.bytes <= self._max_bytes:
            return
        for queue in self._waiting:
            queue.offer_to_the_network()
        for queue in sorted(self.busy, key=lambda queue: queue.waiting, reverse=True):
            if self.bytes <= self._max_bytes * _RELIEF:
                return
            queue.end()

    def _end(self) -> None:
        self._running = False
        self.number += 1
        queues, self._waiting = self._waiting, []
        for queue in queues:
            queue.flush()


class _Waiting:
    """What waits, and what it may be given up for."""

    __slots__ = ("outgoing", "owner")

    def __init__(self, outgoing: Outgoing, owner: Lossy | None) -> None:
        self.outgoing = outgoing
        self.owner = owner


class SendQueue:
    """What waits for one connection.

    :param fail: told once why the connection cannot go on: too slow, or its network is gone.
    """

    __slots__ = (
        "_busy",
        "_bytes",
        "_deadline",
        "_drained",
        "_fail",
        "_latest",
        "_limits",
        "_open",
        "_rooms",
        "_transport",
        "_turn",
        "_unsent",
        "_waiting",
        "variant",
        "write",
        "wrote",
    )

    def __init__(
        self, variant: Variant, transport: Transport, turn: Turn, limits: Limits, fail: Callable[[Code], None]
    ) -> None:
        self.variant = variant
        self.write = transport.write
        self._transport = transport
        self.wrote = turn.number - 1
        """The turn in which it wrote; in a later one it may write at once. Held while something waits."""
        self._turn = turn
        self._limits = limits
        self._fail = fail
        self._waiting: list[_Waiting] = []
        self._latest: dict[Lossy, _Waiting] = {}
        """What waits of channels where only the latest does."""
        self._bytes = 0
        self._unsent = 0
        """Bytes of the frame under way that are more than a usual frame has."""
        self._rooms: deque[asyncio.Future[None]] | None = None
        """The producers that wait for their turn; the first one has it when it is done."""
        self._open = True
        self._busy = False
        """The network has not taken the last frame yet."""
        self._deadline: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Bytes that wait, and those of a large frame that the network has not taken yet."""
        return self._bytes + self._unsent

    @property
    def free(self) -> int:
        """Bytes that may be put at once by a producer that can wait in ``room`` otherwise."""
        return 0 if self._busy or self._rooms else max(LARGEST - self._bytes, 0)

    @property
    def crowded(self) -> bool:
        """Whether the network is busy and more than one frame waits: commands with large replies are to wait."""
        return self._busy and self._bytes > LARGEST

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """The turn of one producer after the other: each when the network has taken what was put before.

        When the queue is closed, all have their turn at once.
        """
        place = asyncio.get_running_loop().create_future()
        self._rooms = self._rooms or deque()
        self._rooms.append(place)
        self._admit()
        try:
            await place
            yield
        finally:
            self._rooms.remove(place)
            self._admit()

    def _admit(self) -> None:
        """It is the turn of the producer that has waited longest, if little else waits; of all, when closed."""
        if self._open and (self._busy or self._bytes > LARGEST):
            return
        for place in list(self._rooms or ())[: 1 if self._open else None]:
            if not place.done():
                place.set_result(None)

    def put(self, outgoing: Outgoing) -> None:
        """Send *outgoing*; nothing when the queue is closed."""
        if self.wrote < self._turn.number:
            self._write(outgoing.frame)
        elif self._open:
            self._wait(_Waiting(outgoing, None))

    def offer(self, owner: Lossy, outgoing: Outgoing, full: Outgoing) -> None:
        """Send a publication of *owner*, which says what happens when it has to wait for too long.

        :param full: the publication itself, where *outgoing* is a delta: what waits may lose what is before it.
        """
        if self.wrote < self._turn.number:
            self._write(outgoing.frame)
        elif self._open:
            latest = self._latest.get(owner)
            if latest is None:
                self._wait(_Waiting(full, owner))
            else:
                self._forget(latest.outgoing)
                self._count(full)
                latest.outgoing = full
                self._bound()

    def _count(self, outgoing: Outgoing) -> None:
        """*outgoing* waits here; in the process's total it is counted once, in however many queues it waits."""
        size = len(outgoing.data)
        self._bytes += size
        if not outgoing.queues:
            self._turn.bytes += size
        outgoing.queues += 1

    def _forget(self, outgoing: Outgoing) -> None:
        """*outgoing* does not wait here any more."""
        size = len(outgoing.data)
        self._bytes -= size
        outgoing.queues -= 1
        if not outgoing.queues:
            self._turn.bytes -= size

    def _wait(self, waiting: _Waiting) -> None:
        if not self._waiting and not self._busy:
            self._wait_for_turn()
        self._waiting.append(waiting)
        self._count(waiting.outgoing)
        if waiting.owner is not None and waiting.owner.slow == "latest":
            self._latest[waiting.owner] = waiting
        self._bound()

    def flush(self) -> None:
        """Write what waits, as one frame; called when the network is ready and the turn is over."""
        if self._waiting and not self._busy:
            self._write(self.variant.join(self._take()))
        if self._busy:
            return
        if self._waiting:
            self._wait_for_turn()
        else:
            self._rest()

    def _wait_for_turn(self) -> None:
        self.wrote = _HELD
        self._turn.add(self)

    def _rest(self) -> None:
        """Nothing waits, and the network is not busy."""
        if self._open and self.wrote == _HELD:
            self.wrote = self._turn.number - 1
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._admit()

    def _take(self) -> list[Outgoing]:
        """What goes into the next frame."""
        taken: list[Outgoing] = []
        size = 0
        for waiting in self._waiting[: self._limits.frame_messages]:
            size += len(waiting.outgoing.data)
            if size > LARGEST and taken:
                break
            if waiting.owner is not None:
                self._latest.pop(waiting.owner, None)
            self._forget(waiting.outgoing)
            taken.append(waiting.outgoing)
        del self._waiting[: len(taken)]
        return taken

    async def drain(self) -> None:
        """Take no more, and return when all that was put has been written."""
        self._open = False
        self.wrote = _HELD
        if self._waiting or self._busy:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def close(self) -> None:
        """Take no more and forget what waits."""
        self._open = False
        self.wrote = _HELD
        self._disarm()
        self._clear_unsent()
        for waiting in self._waiting:
            self._forget(waiting.outgoing)
        self._waiting.clear()
        self._latest.clear()
        self._admit()

    def _write(self, frame: Any) -> None:
        self.wrote = self._turn.begin() if self._open else _HELD
        writing = self.write(frame)
        if writing is not None:
            self.watch(writing)

    def watch(self, writing: "asyncio.Future[None]") -> None:
        """The network is busy until *writing* is done."""
        self._busy = True
        self.wrote = _HELD
        self._turn.busy[self] = None
        self._unsent = max(self._transport.unsent - LARGEST, 0)
        self._turn.bytes += self._unsent
        patience = self._limits.write * (1 + self._unsent / LARGEST)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(patience, self._break, codes.WRITE_ERROR)
        writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._disarm()
        self._clear_unsent()
        self._busy = False
        if writing.cancelled() or writing.exception() is not None:
            self._break(codes.WRITE_ERROR)
        self.flush()

    def _clear_unsent(self) -> None:
        self._turn.busy.pop(self, None)
        self._turn.bytes -= self._unsent
        self._unsent = 0

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # Too slow

    def _bound(self) -> None:
        """Keep what waits within its bounds: give up what may be given up, or else the connection."""
        most = self._limits.queue
        if self._bytes > most:
            self.offer_to_the_network()
        if self._bytes > most and len(self._waiting) > 1:
            self._give_up(most)
        self._turn.bound()

    def offer_to_the_network(self) -> None:
        """Nothing waits for the end of the turn alone when there is so much of it."""
        while self._waiting and not self._busy:
            self._write(self.variant.join(self._take()))
            self.wrote = _HELD

    def _give_up(self, most: int) -> None:
        self._shed(most // _SHED)
        if self._bytes > most:
            self._resync()
        if self._bytes > most:
            self._break(codes.SLOW)

    def end(self) -> None:
        """End the connection: too much waits in the process, and here the most."""
        self._break(codes.SLOW)

    def _shed(self, most: int) -> None:
        """Give up the oldest publications of channels that say so, but never the newest of one.

        The next delta is one to the newest; what waits is no delta.
        """
        newest = {each.owner: each for each in self._waiting}
        kept: list[_Waiting] = []
        for each in self._waiting:
            owner = each.owner
            lossy = owner is not None and owner.slow == "drop_oldest" and newest[owner] is not each
            if lossy and self._bytes > most:
                self._forget(each.outgoing)
            else:
                kept.append(each)
        self._waiting = kept

    def _resync(self) -> None:
        """Give up all publications of channels whose clients then take a new snapshot."""
        owners = {each.owner for each in self._waiting if each.owner is not None and each.owner.slow == "resync"}
        given_up = [each for each in self._waiting if each.owner in owners]
        self._waiting = [each for each in self._waiting if each.owner not in owners]
        for each in given_up:
            self._forget(each.outgoing)
        for owner in owners:
            owner.resync()

    def _break(self, code: Code) -> None:
        """The rest is lost; the client recovers it when it comes back."""
        was_open = self._open
        self.close()
        if was_open:
            self._fail(code)
