"""The channel of what was written."""

from typing import Any

from offhook import Channel, Client, History


class Written(Channel[str], pattern="written", history=History(100, "10m")):
    """Each line that was written."""

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""
