"""The table: SQLite, one transaction a call."""

import sqlite3
from collections.abc import Awaitable, Callable

from tests.apps.rows.channels import Row


async def at_once() -> None:
    """No pause."""


class Store:
    """The rows in a file, or in memory.

    :param pause: what a loader waits for before and after it reads.
    """

    def __init__(self, path: str = ":memory:", pause: Callable[[], Awaitable[None]] = at_once) -> None:
        self._pause = pause
        self._reserved = 0
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT, rev INTEGER)")

    def rows(self) -> list[Row]:
        """All rows by id."""
        found = self._database.execute("SELECT id, text, rev FROM rows ORDER BY id")
        return [Row(*values) for values in found]

    async def load(self) -> list[Row]:
        """All rows, as a loader reads them: at some moment between its beginning and its end."""
        await self._pause()
        rows = self.rows()
        await self._pause()
        return rows

    def reserve(self) -> int:
        """The id of a row that is going to be added: like a sequence's, not in the order of the commits."""
        [(last,)] = self._database.execute("SELECT coalesce(max(id), 0) FROM rows")
        self._reserved = max(last, self._reserved) + 1
        return self._reserved

    def write(self, row_id: int, text: str) -> Row:
        """Add or edit a row; when this returns it is committed."""
        upsert = (
            "INSERT INTO rows VALUES (?, ?, 1) "
            "ON CONFLICT (id) DO UPDATE SET text = excluded.text, rev = rev + 1 RETURNING id, text, rev"
        )
        [values] = self._database.execute(upsert, (row_id, text)).fetchall()
        return Row(*values)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
