"""The frame around every page, with the number of unread notifications."""

from examples.notifications import store
from examples.notifications.channels import Inbox
from examples.notifications.data import ShellPage, User
from offhook import live


@live(Inbox)
async def loader(user: User | None) -> ShellPage:
    """Nobody signed in has nothing to read."""
    return ShellPage(me=user, unread=await store.unread(user) if user else 0)
