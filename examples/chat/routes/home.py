"""The first page: choose a room."""

from examples.chat.data import User


async def loader(user: User) -> None:
    """For signed-in users; everybody else is sent to the sign-in page."""
