"""What all WebSocket connections of one server keep of messages whose end has not come, within one bound."""

import logging
from typing import Protocol

_LOG = logging.getLogger("offhook.server")
_TRY_AGAIN_LATER = 1013
"""Registered since RFC 6455, for a server that has no room now (section 7.4.2). 1009 would say that the message is
too big (section 7.4.1), and it is not: clients come back after 1013, and not after 1009."""


class Holder(Protocol):
    """A connection with an unfinished message."""

    def fail(self, code: int, reason: str) -> None:
        """Close at once, and keep nothing."""
        ...


class Unfinished:
    """How much who keeps. When it is too much in all, whoever keeps the most is closed.

    A limit of each connection does not bound that, since strangers have many; and who sends little stays, however
    many of them there are.

    :param most: bytes in all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Holder, int] = {}
        self._total = 0

    def keeps(self, who: Holder, size: int) -> None:
        """From now on *who* keeps *size* bytes."""
        self._total += size - self._kept.pop(who, 0)
        if size:
            self._kept[who] = size
            while self._total > self._most:
                self._close_largest()

    def _close_largest(self) -> None:
        largest = max(self._kept, key=self._kept.__getitem__)
        self.keeps(largest, 0)
        _LOG.warning("no room for another unfinished message (Limits.unfinished)")
        largest.fail(_TRY_AGAIN_LATER, "too many unfinished messages")
