"""The frame, with the oven's temperature. The oven has no channel, so the page asks now and then."""

from examples.dashboard import oven
from examples.dashboard.data import Oven


async def loader() -> Oven:
    """The temperature now."""
    return oven.look()
