"""The counter: what is on the shelf, the last orders, and booking one."""

from examples.dashboard import store
from examples.dashboard.channels import Orders, Stock
from examples.dashboard.data import Counter, NewOrder, SoldOut
from offhook import Data, Line, data, live


@live(Orders, Stock)
async def loader() -> Counter:
    """The shelf, and the last orders."""
    return await store.counter()


async def action(form: NewOrder, line: Line) -> SoldOut | Data | None:
    """Book an order: one transaction, then one publication for each of the channels.

    They are marked before the transaction: should we die between commit and publication, all pages load anew.
    """
    async with line.change(Stock(), Orders()) as change:
        booked = await store.book(form)
        if booked is None:
            return data(SoldOut("There is not enough left of it."), 409)
        order, item = booked
        await change.publish(Stock(), item)
        await change.publish(Orders(), order)
    return None
