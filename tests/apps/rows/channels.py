"""The channel of the rows."""

from typing import Any

import msgspec

from offhook import Channel, Client, History


class Row(msgspec.Struct, frozen=True):
    """A row; ``rev`` grows with every edit."""

    id: int
    text: str
    rev: int


class Page(msgspec.Struct, frozen=True):
    """What both pages show: all rows by id."""

    rows: list[Row]


class Rows(Channel[Row], pattern="rows", history=History(16, "10m"), key="id", version="rev"):
    """Every row that was added or edited. The history is short: there is more often too much for it than not."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""
