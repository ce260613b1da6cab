"""An application of the engine alone, with everything that ``docs/channels.md`` talks about."""

import os
from dataclasses import dataclass
from typing import Any

from offhook import (
    Channel,
    Client,
    Connecting,
    Denied,
    Disconnect,
    History,
    Limits,
    Realtime,
    Subscribed,
    Unauthorized,
    Welcome,
)
from offhook.base import codes
from offhook.jwt import JwtTokens

SECRET = os.environ.get("CLUB_SECRET", "only for tests: thirty-two bytes or more")


@dataclass
class Words:
    """What a member says."""

    text: str


@dataclass
class Said:
    """What everybody hears."""

    text: str
    by: str


class Room(Channel[Said], pattern="room:{name}", history=History(300, "10m"), presence=True):
    """A room of the club: what is said in it, and who is there."""

    name: str

    async def on_subscribe(self, client: Client[str]) -> None:
        if self.name == "cellar" and client.user != "ann":
            raise Denied("the cellar is closed")

    async def on_publish(self, client: Client[str], data: Words) -> Said:
        return Said(data.text, by=client.user)

    async def on_call(self, client: Client[str], data: str) -> str:
        return f"{data}, {client.user}, in the {self.name}"

    async def on_unsubscribe(self, client: Client[str]) -> None:
        departures.append(f"{client.user} left the {self.name}")

    async def on_presence(self, client: Client[str]) -> None:
        if client.user == "spy":
            raise Denied


class Price(Channel[float], pattern="price:{item}", slow="latest"):
    """Only the newest counts: open to all, and a slow reader skips the rest."""

    item: str

    async def on_subscribe(self, client: Client[str | None]) -> Subscribed:
        return Subscribed(data={"currency": "EUR"})


class Inbox(Channel[str], pattern="inbox:{user_id}", history=History(50, "1h")):
    """A member's own: without ``on_subscribe`` nobody gets in by himself, the server puts its owner in."""

    user_id: str


departures: list[str] = []
online: set[str] = set()


async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
    if client.user_id == "mallory":
        raise Disconnect(codes.DISCONNECT_DENIED)
    if not client.user_id:
        raise Unauthorized
    online.add(client.user_id)
    return Welcome(data={"theme": "dark"}, channels=[Inbox(user_id=client.user_id)])


async def on_disconnect(client: Client[Any], disconnect: Disconnect) -> None:
    online.discard(client.user_id)


app = Realtime(
    channels=[Room, Price, Inbox],
    tokens=JwtTokens(secret=SECRET),
    on_connect=on_connect,
    on_disconnect=on_disconnect,
    limits=Limits(connections_of_user=3),
)
