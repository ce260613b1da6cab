"""A channel for each user."""

from examples.notifications.data import Notification, User
from offhook import Channel, Client, Denied, History


class Inbox(
    Channel[Notification], pattern="inbox:{user_id}", history=History(300, "10m"), key="id", version="version"
):
    """The notifications of one user, new ones and changed ones.

    No address has a ``user_id``: on a page the variable is whoever is signed in.
    """

    user_id: str

    async def on_subscribe(self, client: Client[User]) -> None:
        """Everybody listens to their own."""
        if client.user_id != self.user_id:
            raise Denied("This is somebody else's.")
