"""One item."""

from bench.site.data import ITEMS, Detail
from offhook import NotFound


async def loader(item_id: int) -> Detail:
    """The item, if there is one."""
    if not 1 <= item_id <= len(ITEMS):
        raise NotFound
    return Detail(item=ITEMS[item_id - 1], about="Made by hand, one at a time.")
