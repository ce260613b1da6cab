"""Deadlines for thousands of connections that do nothing: one timer for all of them."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_GRAINS = 32
"""A deadline may be late by such a part of itself, so that one call of the timer ends many."""
_AT_ONCE = 128
"""So many are ended in one turn of the loop."""


class Deadlines(Generic[T]):
    """Deadlines that are equally far away when they begin, so that they end in the order of their beginning.

    :param seconds: from the beginning to the end of each.
    :param expire: called with the one whose deadline has come; it may begin another at once.
    """

    def __init__(self, seconds: float, expire: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._expire = expire
        self._due: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, who: T) -> bool:
        return who in self._due

    def begin(self, who: T) -> None:
        """Give *who* a deadline; one that it has is put off."""
        loop = asyncio.get_running_loop()
        self._due.pop(who, None)  # The dict is in the order of insertion.
        self._due[who] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._fire, loop)

    def end(self, who: T) -> None:
        """*who* made it, or had none."""
        self._due.pop(who, None)

    def _fire(self, loop: asyncio.AbstractEventLoop) -> None:
        now, grain = loop.time(), self._seconds / _GRAINS
        over: list[T] = []
        for who, due in self._due.items():
            if due > now or len(over) == _AT_ONCE:
                break
            over.append(who)
        for who in over:
            # An earlier one may have ended others, or put them off.
            if self._due.get(who, now + 1) <= now:
                del self._due[who]
                self._expire(who)
        self._timer = None
        if self._due:
            wait = next(iter(self._due.values())) - now
            self._timer = loop.call_later(0 if wait <= 0 else max(wait, grain), self._fire, loop)
