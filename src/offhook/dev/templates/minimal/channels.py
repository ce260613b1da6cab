"""What is told to everybody who looks at a page."""

from typing import Any

from offhook import Channel, Client, History

from store import Entry


class Entries(Channel[Entry], pattern="entries", history=History(100, "10m")):
    """Every new entry."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to everybody; raise ``offhook.Denied`` to refuse."""
