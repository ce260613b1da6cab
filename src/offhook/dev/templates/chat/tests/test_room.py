"""Loaders and actions are functions: a test calls them."""

import asyncio
from pathlib import Path

from offhook import Realtime
from offhook.testing.asgi import lifespan

import store
from channels import Room
from data import NewMessage, User
from routes.room import action, loader


def test_a_message_is_stored_and_told_to_the_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        realtime, ada = Realtime(channels=[Room]), User(name="Ada")
        async with store.opened(f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"), lifespan(realtime):
            message = await action(1, NewMessage(text="Hello"), ada, realtime.line)

            [published] = (await realtime.line.history(Room(room_id=1))).publications
            assert (await loader(1, ada)).messages == [message]
            assert b'"text":"Hello"' in published.data

    asyncio.run(scenario())
