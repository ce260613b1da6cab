"""The list."""

from bench.site.data import ITEMS, Items


async def loader() -> Items:
    """All fifty."""
    return Items(items=ITEMS)
