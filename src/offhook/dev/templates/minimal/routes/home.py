"""The guest book."""

from typing import Annotated

import msgspec
from offhook import Line, live

import store
from channels import Entries
from store import Entry

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Page(msgspec.Struct):
    """What the view gets."""

    entries: list[Entry]


class NewEntry(msgspec.Struct):
    """What the form sends."""

    name: Text
    text: Text


@live(Entries)
async def loader() -> Page:
    """Everything written so far."""
    return Page(store.entries())


async def action(form: NewEntry, line: Line) -> Entry:
    """Write an entry, and tell everybody."""
    entry = store.add(form.name, form.text)
    await line.publish(Entries(), entry)
    return entry
