"""Who the clients of one channel believe is there, so that what was lost can be made up.

A client receives the answer to a presence command, and joins and leaves after it. A process that dies announces no
leave, and an outage of the broker loses announcements. So the process that has the clients keeps what it told
them, compares it with the presence that the broker keeps, and sends the joins and leaves that are missing, to all
of its clients and whatever their SDK.

Invariant: if announcements arrive and presence can be read, what clients were told becomes what the broker says. A
member that is absent counts as gone at the second reading in a row: after a restart of the broker the entries of
other processes appear again a moment later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from offhook.wire.publication import ClientInfo


@dataclass(slots=True)
class Changes:
    """The joins and leaves that clients lack."""

    joined: list[ClientInfo] = field(default_factory=list)
    left: list[ClientInfo] = field(default_factory=list)
    unsure: bool = False
    """Whether a member is absent for the first time."""


class Roster:
    """What the clients of one channel in this process were told."""

    __slots__ = ("_absent", "_announced", "_complete", "_readings", "_told")

    def __init__(self) -> None:
        self._told: dict[str, ClientInfo] = {}
        self._absent: set[str] = set()
        """Those that the last check did not find."""
        self._complete = False
        """Whether presence was read since clients hear joins; what it has then is no news to them."""
        self._readings = 0
        """Readings that are under way."""
        self._announced: set[str] = set()
        """Who joined or left meanwhile, of whom a reading may say something older."""

    def join(self, info: ClientInfo) -> bool:
        """*info* joined; whether that is news."""
        is_news = self._told.get(info.client) != info
        self._told[info.client] = info
        self._note(info)
        return is_news

    def leave(self, info: ClientInfo) -> bool:
        """*info* left; whether that may be news."""
        was_told = self._told.pop(info.client, None) is not None
        self._note(info)
        return was_told or not self._complete

    def _note(self, info: ClientInfo) -> None:
        self._absent.discard(info.client)
        if self._readings:
            self._announced.add(info.client)

    def begin_reading(self) -> None:
        """Presence is about to be read; to be followed by ``end_reading``."""
        self._readings += 1

    def end_reading(self) -> None:
        """What was read has been compared, or could not be read."""
        self._readings -= 1
        if not self._readings:
            self._announced.clear()

    def learn(self, present: Mapping[str, ClientInfo]) -> Changes:
        """Clients are about to know that *present* are there; the joins that others of them lack."""
        changes = Changes()
        for client, info in present.items():
            if client not in self._announced and self._told.get(client) != info:
                self._told[client] = info
                if self._complete:
                    changes.joined.append(info)
        self._complete = True
        return changes

    def check(self, present: Mapping[str, ClientInfo]) -> Changes:
        """All joins and leaves that clients lack, if *present* are there."""
        changes = self.learn(present)
        absent = self._told.keys() - present.keys() - self._announced
        for client in absent & self._absent:
            changes.left.append(self._told.pop(client))
        self._absent = absent & self._told.keys()
        changes.unsure = bool(self._absent)
        return changes
