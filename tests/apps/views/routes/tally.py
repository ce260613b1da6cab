"""A count that everybody can raise."""

from offhook import Line, live
from tests.apps.views.channels import Count, Ticks

_count = 0


@live(Ticks)
async def loader() -> Count:
    return Count(_count)


async def action(line: Line) -> None:
    global _count
    _count += 1
    await line.publish(Ticks(), Count(_count))
