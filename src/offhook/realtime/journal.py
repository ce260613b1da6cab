"""What the application orders while connections are being admitted.

An order (``line.revoke``, ``line.unsubscribe`` …) reaches the sessions that exist. A connection whose
``authenticate`` or token check is under way has no session yet, or one without a user. So its admission takes a
*mark* before it asks; once the user is known, the session obeys what was ordered for that user since the mark. An
admission that began before a revocation is refused, on every transport.

An order is kept as long as there is an admission that began before it: entries refer to their successors, and only
marks refer to entries.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from offhook.realtime.orders import ToSignIn, ToUser

Addressed: TypeAlias = ToUser | ToSignIn
"""An order with its addressee."""


class _Entry:
    """An order, and what was recorded next."""

    __slots__ = ("addressed", "next", "ordered")

    def __init__(self, addressed: Addressed | None, ordered: float) -> None:
        self.addressed = addressed
        self.ordered = ordered
        self.next: _Entry | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, *at* a time of the event loop's clock."""

    at: float
    _entry: _Entry

    def since(self) -> Iterator[Addressed]:
        """What was ordered after this moment. An order that was late in arriving may be older."""
        entry = self._entry.next
        while entry is not None:
            if entry.addressed is not None and entry.ordered >= self.at:
                yield entry.addressed
            entry = entry.next


class Journal:
    """The orders that arrived in this process, for the admissions that began before them."""

    def __init__(self) -> None:
        self._latest = _Entry(None, 0.0)

    def mark(self) -> Mark:
        """This moment."""
        return Mark(asyncio.get_running_loop().time(), self._latest)

    def record(self, addressed: Addressed, age: float) -> None:
        """*addressed* arrived; it was ordered *age* seconds ago."""
        entry = _Entry(addressed, asyncio.get_running_loop().time() - age)
        self._latest.next = entry
        self._latest = entry
