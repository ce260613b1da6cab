"""The rows in a view that takes long to hydrate."""

from offhook import live
from tests.apps.rows.channels import Page, Rows
from tests.apps.rows.store import Store


@live(Rows)
async def loader(store: Store) -> Page:
    return Page(rows=await store.load())
