"""Two channels: what was ordered, and what is left."""

from examples.dashboard.data import Item, Order
from offhook import Channel, Client, History


class Orders(Channel[Order], pattern="orders", history=History(300, "10m")):
    """Every order of the day."""

    async def on_subscribe(self, client: Client[object | None]) -> None:
        """Open to all."""


class Stock(Channel[Item], pattern="stock", history=History(300, "10m"), key="id", version="version"):
    """Every item whose number changed. With a version, an older item never replaces a newer one."""

    async def on_subscribe(self, client: Client[object | None]) -> None:
        """Open to all."""
