"""What is counted."""

from typing import Any

import msgspec

from offhook import Channel, Client, History


class Count(msgspec.Struct, frozen=True):
    """What the counting pages show."""

    count: int


class Ticks(Channel[Count], pattern="ticks", history=History(10, "10m")):
    """Every new count."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""
