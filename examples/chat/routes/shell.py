"""The frame around every page: who is signed in, and the list of rooms."""

from examples.chat import store
from examples.chat.data import ShellPage, User


async def loader(user: User | None) -> ShellPage:
    """Nobody signed in sees no rooms."""
    return ShellPage(me=user, rooms=await store.rooms() if user else [])
