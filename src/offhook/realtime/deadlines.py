"""Deadlines for thousands of connections that do nothing: one timer for all of them."""

import asyncio
import math
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

_GRAINS = 32
"""A deadline may be late by such a part of the longest, so that one call of the timer ends many."""
_AT_ONCE = 128
"""So many are ended in one turn of the loop."""


class _Slot(Generic[T]):
    """Deadlines that end together: the last of them is due at ``due``."""

    __slots__ = ("due", "members")

    def __init__(self) -> None:
        self.due = -math.inf
        self.members: dict[T, None] = {}


class Deadlines(Generic[T]):
    """A wheel of slots, each for the deadlines of a short while.

    :param seconds: from the beginning to the end of each, or of the longest.
    :param expire: called with the one whose deadline has come; it may begin another at once.
    """

    def __init__(self, seconds: float, expire: Callable[[T], object]) -> None:
        self._seconds = seconds
        self._grain = seconds / _GRAINS
        self._expire = expire
        self._slots: dict[int, _Slot[T]] = {}
        """By the number of grains that the loop's clock will show."""
        self._slot_of: dict[T, _Slot[T]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        """The slot that the timer is for."""

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, who: T) -> bool:
        return who in self._slot_of

    def oldest(self) -> T | None:
        """The one whose deadline was begun before all others; None: there is none."""
        return next(iter(self._slot_of), None)

    def begin(self, who: T, part: float = 1.0) -> None:
        """Give *who* a deadline after that *part* of the time; one that it has is put off."""
        self.end(who)
        loop = asyncio.get_running_loop()
        due = loop.time() + part * self._seconds
        number = int(due / self._grain)
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = _Slot()
        slot.due = max(slot.due, due)
        slot.members[who] = None
        self._slot_of[who] = slot
        if self._timer is None or number < self._next:
            self._wait(loop, number)

    def end(self, who: T) -> None:
        """*who* made it, or had none."""
        slot = self._slot_of.pop(who, None)
        if slot is not None:
            del slot.members[who]

    def _wait(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = number
        self._timer = loop.call_at(self._slots[number].due, self._fire, loop)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        number = self._next
        slot = self._slots[number]
        if slot.due <= loop.time():  # others may have come into the slot since
            self._end_some(slot)
            if not slot.members:
                del self._slots[number]
        if self._slots:
            self._wait(loop, min(self._slots))

    def _end_some(self, slot: _Slot[T]) -> None:
        for who in list(islice(slot.members, _AT_ONCE)):
            # An earlier one may have ended others, or put them off.
            if self._slot_of.get(who) is slot:
                self.end(who)
                self._expire(who)
