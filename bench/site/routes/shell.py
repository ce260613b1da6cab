"""The frame of every page."""

from bench.site.data import Shell


async def loader() -> Shell:
    """Who looks."""
    return Shell(title="Items", user="Ada")
