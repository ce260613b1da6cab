"""Viewers of a room of the chat: what a browser's tab does, without drawing anything.

A viewer loads the document, opens the line and subscribes from the document's position. What it does with a
publication is its *way*: fold it into what it has, run the route's loader again, or load the whole document again.
"""

import asyncio
import json
import random
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect

from bench.http import Http, Traffic

ROOM = "/rooms/1"
_DATA = f"/__data{ROOM}?_routes=routes%2Froom"
_SPREAD = 0.1
"""Seconds over which viewers spread their loaders after a publication, as the client does."""
_PAGE = re.compile(rb'<script type="application/json" id="offhook-page"[^>]*>(.*?)</script>', re.DOTALL)


def _counted(traffic: Traffic) -> type[ClientConnection]:
    class Counted(ClientConnection):
        def data_received(self, data: bytes) -> None:
            traffic.bytes += len(data)
            super().data_received(data)

    return Counted


@dataclass(slots=True)
class Viewer:
    """One tab. ``texts`` is what it shows."""

    http: Http
    way: "Way"
    texts: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: bool = False
    _again: bool = False

    async def watch(self, ready: Callable[[], None]) -> None:
        """Load the page and keep it true until cancelled."""
        page = self._page(await self.http.get(ROOM))
        [position] = page["live"]["routes/room"]
        self._take(page["loaderData"]["routes/room"])
        async with connect(
            f"ws://127.0.0.1:{self.http.port}/connection/websocket",
            additional_headers={"Cookie": self.http.cookie},
            compression=None,
            create_connection=_counted(self.http.traffic),
        ) as line:
            since = {"recover": True, "offset": position["offset"], "epoch": position["epoch"]}
            await line.send('{"id":1,"connect":{}}')
            await line.send(json.dumps({"id": 2, "subscribe": {"channel": position["channel"], **since}}))
            async with asyncio.TaskGroup() as group:
                async for frame in line:
                    for message in map(json.loads, str(frame).split("\n")):
                        if not message:
                            await line.send("{}")
                        elif message.get("id") == 2:
                            ready()
                        elif "pub" in message.get("push", {}):
                            group.create_task(self.way(self, message["push"]["pub"]["data"]))

    async def fold(self, message: Mapping[str, Any]) -> None:
        """The way of ``useLive`` with a reducer."""
        self._take({"messages": [{"text": text} for text in self.texts] + [message]})

    async def revalidate(self, message: Mapping[str, Any]) -> None:
        """The way of ``useLive`` without one: a loader at a time, and once more for what comes meanwhile."""
        if self._asking:
            self._again = True
            return
        self._asking = self._again = True
        await asyncio.sleep(random.random() * _SPREAD)
        while self._again:
            self._again = False
            answer = json.loads(await self.http.get(_DATA))
            self._take(answer["results"]["routes/room"]["data"])
        self._asking = False

    async def reload(self, message: Mapping[str, Any]) -> None:
        """The naive way: the whole document, at once."""
        self._take(self._page(await self.http.get(ROOM))["loaderData"]["routes/room"])

    def _page(self, document: bytes) -> Any:
        found = _PAGE.search(document)
        assert found, document
        return json.loads(found[1])

    def _take(self, room: Mapping[str, Any]) -> None:
        self.texts = [message["text"] for message in room["messages"]]
        self.changed.set()

    async def shows(self, text: str) -> None:
        """Return when *text* is the last message, and stands there once."""
        while text not in self.texts:
            self.changed.clear()
            await self.changed.wait()
        assert self.texts.count(text) == 1, text


Way: TypeAlias = Callable[[Viewer, Mapping[str, Any]], Coroutine[Any, Any, None]]
