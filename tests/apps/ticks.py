"""The engine alone, with one channel that anybody may read and write."""

from typing import Any

from offhook import Channel, Client, History, Realtime


class Ticks(Channel[dict[str, int]], pattern="ticks:{name}", history=History(100, "1m"), presence=True):
    """Numbers, by name."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""

    async def on_publish(self, client: Client[Any], data: dict[str, int]) -> dict[str, int]:
        """Open to all."""
        return data


app = Realtime(channels=[Ticks])
