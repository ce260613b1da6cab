"""The channel of the list."""

from typing import Any

import msgspec

from offhook import Channel, Client, History


class Page(msgspec.Struct, frozen=True):
    """What the page shows."""

    notes: list[str]


class Notes(Channel[str], pattern="notes", history=History(10, "1m")):
    """Every new note."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""
