"""The frame around every page: who is signed in."""

from examples.board.data import ShellPage, User


async def loader(user: User | None) -> ShellPage:
    """Nobody, on the sign-in page."""
    return ShellPage(me=user)
