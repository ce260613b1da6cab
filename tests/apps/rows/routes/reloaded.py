"""The rows; the view has them loaded again after each publication."""

from offhook import Line, live
from tests.apps.rows.changes import Change, make
from tests.apps.rows.channels import Page, Row, Rows
from tests.apps.rows.store import Store


@live(Rows)
async def loader(store: Store) -> Page:
    return Page(rows=await store.load())


async def action(form: Change, store: Store, line: Line) -> Row:
    return await make(form, store, line)
