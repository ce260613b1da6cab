"""The engine alone, with a channel of each sort: what the official SDKs talk to."""

import os
from typing import Any

from offhook import Channel, Client, History, Raw, Realtime
from offhook.jwt import JwtTokens

SECRET = "a secret of the tests, and of nobody else"


class Room(
    Channel[dict[str, Any]],
    pattern="room:{name}",
    history=History(10, "1m"),
    presence=True,
    delta=True,
    without_subscription=("publish", "call"),
):
    """Everything on, open to all."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Open to all."""

    async def on_publish(self, client: Client[Any], data: dict[str, Any]) -> dict[str, Any]:
        """Open to all."""
        return data

    async def on_call(self, client: Client[Any], data: dict[str, Any]) -> dict[str, Any]:
        """Says who asked, and what."""
        return {"who": client.user_id, "asked": data}


class Private(
    Channel[dict[str, Any]], pattern="private:{name}", history=History(10, "1m"), without_subscription=("publish",)
):
    """For whom the server subscribes, or who shows a token."""

    name: str

    async def on_publish(self, client: Client[Any], data: dict[str, Any]) -> dict[str, Any]:
        """Open to all."""
        return data


class Verbatim(
    Channel[Raw],
    pattern="raw:{name}",
    history=History(100, "10m"),
    delta=True,
    without_subscription=("publish",),
):
    """What is published keeps its bytes."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Raw) -> Raw:
        return data


class Hall(Channel[int], pattern="hall:{name}", presence=True, join_leave="always"):
    """Sends joins and leaves to all, whether they ask for them or not."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


app = Realtime(
    channels=[Room, Private, Verbatim, Hall],
    tokens=JwtTokens(secret=SECRET),
    anonymous=True,
    broker=os.environ.get("SDK_BROKER", "memory://"),
)
