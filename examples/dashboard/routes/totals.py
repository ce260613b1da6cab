"""The day in numbers. Only the database can add them up, so the loader runs again when something changed."""

from examples.dashboard import store
from examples.dashboard.channels import Orders, Stock
from examples.dashboard.data import Totals
from offhook import live


@live(Orders, Stock)
async def loader() -> Totals:
    """Sums over all orders."""
    return await store.totals()
