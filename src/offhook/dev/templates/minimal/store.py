"""The guest book, as long as the process lives; a real application has a database here."""

from itertools import count

import msgspec


class Entry(msgspec.Struct):
    """One line in the guest book."""

    id: int
    name: str
    text: str


_ids = count(1)
_entries: list[Entry] = []


def entries() -> list[Entry]:
    """All of them, the newest first."""
    return _entries[::-1]


def add(name: str, text: str) -> Entry:
    """Write a line."""
    entry = Entry(next(_ids), name, text)
    _entries.append(entry)
    return entry
