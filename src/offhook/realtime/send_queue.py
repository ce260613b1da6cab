"""The bounded sender of one connection.

The first message of a loop turn is written at once, what follows in the same turn, or while the network is still
busy with a frame, is joined into few frames. What waits is bounded: beyond the bound publications are given up
where their channel allows it, and otherwise the queue ends its own connection. It slows nobody else.

Publications that need not wait are written by ``fanout.py``, which knows many queues at once.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Protocol

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.limits import Limits
from offhook.realtime.channel import Slow
from offhook.realtime.metrics import Metrics
from offhook.wire.codec import Outgoing, Variant

_HELD = sys.maxsize
"""No turn comes after this one."""
_SHED = 2
"""Into how many parts a full queue is cut; one is kept, so that the cut is seldom and its cost spread."""


class Transport(Protocol):
    """What carries the frames of one connection to its client. Nothing of it raises."""

    def write(self, frame: Any) -> "asyncio.Future[None] | None":
        """Pass on one frame. None when the network has taken it; otherwise a future that is done when it has.

        The future fails when the connection is gone. The next call comes after it is done.
        """
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
    """One turn of the loop after the other, for all queues: one callback ends it."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self.metrics = metrics or Metrics()
        self.number = 0
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
        "_turn",
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
        self.wrote = turn.number - 1
        """The turn in which it wrote; in a later one it may write at once. Held while something waits."""
        self._turn = turn
        self._limits = limits
        self._fail = fail
        self._waiting: list[_Waiting] = []
        self._latest: dict[Lossy, _Waiting] = {}
        """What waits of channels where only the latest does."""
        self._bytes = 0
        self._open = True
        self._busy = False
        """The network has not taken the last frame yet."""
        self._deadline: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Bytes that wait."""
        return self._bytes

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
                self._bytes += len(full.data) - len(latest.outgoing.data)
                latest.outgoing = full
                self._bound()

    def _wait(self, waiting: _Waiting) -> None:
        if not self._waiting and not self._busy:
            self._wait_for_turn()
        self._waiting.append(waiting)
        self._bytes += len(waiting.outgoing.data)
        if waiting.owner is not None and waiting.owner.slow == "latest":
            self._latest[waiting.owner] = waiting
        self._bound()

    def flush(self) -> None:
        """Write what waits, as one frame; called when the network is ready and the turn is over."""
        if self._waiting and not self._busy:
            self._write(self.variant.join(self._take(self._limits.frame_messages)))
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

    def _take(self, most: int) -> list[Outgoing]:
        taken = self._waiting[:most]
        del self._waiting[:most]
        for each in taken:
            if each.owner is not None:
                self._latest.pop(each.owner, None)
            self._bytes -= len(each.outgoing.data)
        return [each.outgoing for each in taken]

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
        self._waiting.clear()
        self._latest.clear()
        self._bytes = 0

    def _write(self, frame: Any) -> None:
        self.wrote = self._turn.begin() if self._open else _HELD
        writing = self.write(frame)
        if writing is not None:
            self.watch(writing)

    def watch(self, writing: "asyncio.Future[None]") -> None:
        """The network is busy until *writing* is done."""
        self._busy = True
        self.wrote = _HELD
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._limits.write, self._break, codes.WRITE_ERROR)
        writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._disarm()
        self._busy = False
        if writing.cancelled() or writing.exception() is not None:
            self._break(codes.WRITE_ERROR)
        self.flush()

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # Too slow

    def _bound(self) -> None:
        """Keep what waits within its bound: give up what may be given up, or else the connection."""
        most = self._limits.queue
        if self._bytes > most:
            self._shed(most // _SHED)
        if self._bytes > most:
            self._resync()
        if self._bytes > most:
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
                self._bytes -= len(each.outgoing.data)
            else:
                kept.append(each)
        self._waiting = kept

    def _resync(self) -> None:
        """Give up all publications of channels whose clients then take a new snapshot."""
        owners = {each.owner for each in self._waiting if each.owner is not None and each.owner.slow == "resync"}
        given_up = [each for each in self._waiting if each.owner in owners]
        self._waiting = [each for each in self._waiting if each.owner not in owners]
        self._bytes -= sum(len(each.outgoing.data) for each in given_up)
        for owner in owners:
            owner.resync()

    def _break(self, code: Code) -> None:
        """The rest is lost; the client recovers it when it comes back."""
        was_open = self._open
        self.close()
        if was_open:
            self._fail(code)
