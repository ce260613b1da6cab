"""Loaders and actions are functions: a test calls them."""

import asyncio

from offhook import Realtime
from offhook.testing.asgi import lifespan

from channels import Entries
from routes.home import NewEntry, action, loader


def test_an_entry_is_stored_and_told_to_everybody() -> None:
    async def scenario() -> None:
        realtime = Realtime(channels=[Entries])
        async with lifespan(realtime):
            entry = await action(NewEntry(name="Ada", text="Hello"), realtime.line)

            [published] = (await realtime.line.history(Entries())).publications
            assert (await loader()).entries[0] == entry
            assert b'"text":"Hello"' in published.data

    asyncio.run(scenario())
