"""The channel of a room: its address and who may listen."""

from examples.chat import store
from examples.chat.data import Message, User
from offhook import Channel, Client, History


class Room(Channel[Message], pattern="room:{room_id}", history=History(300, "10m"), presence=True):
    """Every message of one room."""

    room_id: int

    async def on_subscribe(self, client: Client[User]) -> None:
        """The same rule as the page's: an unknown room is not found, a private one is refused."""
        await store.room(self.room_id, client.user)
