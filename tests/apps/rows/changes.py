"""Changing a row and telling everybody, in all ways in which that may go."""

import asyncio
from typing import Literal

import msgspec

from offhook import Denied, Line
from tests.apps.rows.channels import Row, Rows
from tests.apps.rows.store import Store

How = Literal["plain", "covered", "refused", "failing"]


class Change(msgspec.Struct, frozen=True):
    """One change. Row 0 is a new one; ``before`` and ``after`` are seconds around the commit.

    ``plain`` publishes after the commit; ``covered`` does it inside of ``line.change``; ``failing`` does too, and
    dies after the commit, before it could publish; ``refused`` changes nothing.
    """

    text: str
    id: int = 0
    how: How = "plain"
    before: float = 0.0
    after: float = 0.0


async def make(change: Change, store: Store, line: Line) -> Row:
    """Make *change*. Two changes at a time commit in one order and publish in another."""
    if change.how == "refused":
        raise Denied("Not this row.")
    row_id = change.id or store.reserve()
    await asyncio.sleep(change.before)
    if change.how == "plain":
        row = store.write(row_id, change.text)
        await asyncio.sleep(change.after)
        await line.publish(Rows(), row)
        return row
    async with line.change(Rows()) as changing:
        row = store.write(row_id, change.text)
        await asyncio.sleep(change.after)
        if change.how == "failing":
            raise RuntimeError("after the commit, before the publication")
        await changing.publish(Rows(), row)
    return row
