"""The channel of the board."""

from examples.board.data import Card, User
from offhook import Channel, Client, History


class Board(
    Channel[Card], pattern="board", history=History(300, "10m"), presence=True, key="id", version="version"
):
    """Every card that changed. With a version, an older card never replaces a newer one."""

    async def on_subscribe(self, client: Client[User]) -> None:
        """Open to everybody who is signed in."""
