"""The application of ``docs/channels.md``, used as its page says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt

from offhook.base.types import Json
from offhook.testing import asgi
from offhook.testing.clock import run
from tests.apps.club import SECRET, Inbox, Price, Room, Said, app, departures, online


class Member:
    """Somebody with a line; ``told`` is all that came over it."""

    def __init__(self, client: asgi.WebSocketClient) -> None:
        self.told: list[Any] = []
        self._client = client
        self._number = 0

    async def ask(self, **request: Json) -> Any:
        """Send a command; the reply without its number."""
        self._number += 1
        await self._client.send(json.dumps({"id": self._number, **request}))
        while True:
            if found := [each for each in self.told if each.get("id") == self._number]:
                return {key: value for key, value in found[0].items() if key != "id"}
            await self.hear()

    async def hear(self) -> None:
        """One more frame."""
        self.told += [json.loads(line) for line in str(await self._client.receive()).split("\n")]

    async def pushed(self, kind: str) -> Any:
        """The first push of this kind."""
        while not (found := [each["push"][kind] for each in self.told if kind in each.get("push", {})]):
            await self.hear()
        return found[0]


@asynccontextmanager
async def member(name: str) -> AsyncIterator[Member]:
    async with asgi.websocket(app, "/connection/websocket") as client:
        one = Member(client)
        assert "connect" in await one.ask(connect={"token": jwt.encode({"sub": name}, SECRET)})
        yield one


def test_the_rules_of_a_room() -> None:
    async def scenario() -> None:
        async with asgi.lifespan(app), member("ann") as ann, member("spy") as spy:
            assert "subscribe" in await ann.ask(subscribe={"channel": "room:bar"})
            assert "subscribe" in await spy.ask(subscribe={"channel": "room:bar"})
            refused = await spy.ask(subscribe={"channel": "room:cellar"})
            assert refused == {"error": {"code": 103, "message": "the cellar is closed"}}
            for command in (
                {"publish": {"channel": "room:cellar", "data": {"text": "hello"}}},
                {"rpc": {"method": "room:cellar", "data": "hello"}},
                {"presence": {"channel": "room:cellar"}},
            ):
                assert (await spy.ask(**command))["error"]["code"] == 103

            await ann.ask(publish={"channel": "room:bar", "data": {"text": "hello"}})
            assert (await spy.pushed("pub"))["data"] == {"text": "hello", "by": "ann"}
            assert await ann.ask(rpc={"method": "room:bar", "data": "good evening"}) == {
                "rpc": {"data": "good evening, ann, in the bar"}
            }
            assert (await spy.ask(presence={"channel": "room:bar"}))["error"]["code"] == 103
            await spy.ask(unsubscribe={"channel": "room:bar"})
            assert departures == ["spy left the bar"]

    run(scenario())


def test_what_the_server_says_to_whom() -> None:
    async def scenario() -> None:
        line = app.line
        async with asgi.lifespan(app), member("ann") as ann:
            assert online == {"ann"}
            assert (await ann.ask(subscribe={"channel": "price:tea"}))["subscribe"]["data"] == {"currency": "EUR"}

            message = Said("we close at two", by="the house")
            position = await line.publish(Room(name="bar"), message)
            await line.publish(Room(name="bar"), message, key="closing-time")  # once, however often it is tried
            await line.broadcast([Room(name="bar"), Room(name="cellar")], message)
            connections, users = await line.presence_stats(Room(name="bar"))

            await line.subscribe("ann", Room(name="bar"))  # all of her lines, in every process
            await line.unsubscribe("ann", Room(name="bar"))
            await line.send("ann", {"please": "pay"})  # outside of any channel
            await line.disconnect("bob")

            assert (position.offset > 0, connections, users) == (True, 0, 0)
            await line.publish(Inbox(user_id="ann"), "your coat is here")
            assert (await ann.pushed("pub"))["data"] == "your coat is here"
            assert await ann.pushed("message") == {"data": {"please": "pay"}}
            await line.publish(Price(item="tea"), 2.5)
            await line.revoke(user="ann")
            await asyncio.sleep(1)
            assert online == set()

    run(scenario())


def test_a_plain_function_publishes() -> None:
    def view(text: str) -> None:
        app.line.publish_sync(Room(name="bar"), Said(text, by="the house"))

    async def scenario() -> int:
        async with asgi.lifespan(app):
            before = await app.line.position(Room(name="bar"))
            await asyncio.to_thread(view, "last orders")
            return (await app.line.position(Room(name="bar"))).offset - before.offset

    assert asyncio.run(scenario()) == 1
