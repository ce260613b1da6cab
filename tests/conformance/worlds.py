"""The application that the conformance tests talk to, and the ways in which a scenario is played."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from offhook.base import codes
from offhook.base.env import Env
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.base.types import Json, Payload
from offhook.brokers.base import Broker, History
from offhook.realtime.channel import Channel, Subscribed
from offhook.realtime.client import Client
from offhook.realtime.hooks import Connecting, Welcome
from offhook.realtime.tokens import Claims, SubscriptionClaims
from offhook.standalone import Realtime
from offhook.testing import asgi
from tests.conformance.lines import Kind, Line, opened


class Room(
    Channel[Any],
    pattern="room:{name}",
    history=History(10, "10m"),
    presence=True,
    without_subscription=("publish", "call"),
):
    """Everything on, open to all."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Any) -> Any:
        return data

    async def on_call(self, client: Client[Any], data: Any) -> Any:
        return {"who": client.user_id, "said": data}


class News(Channel[Any], pattern="news"):
    """Everything off, open to all."""

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Board(Channel[Any], pattern="board:{name}"):
    """For nobody."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        raise Denied

    async def on_call(self, client: Client[Any], data: Any) -> None:
        raise Denied


class Page(Channel[Any], pattern="page:{name}", history=History(10, "10m"), delta=True):
    """Sends what has changed."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Weather(Channel[Any], pattern="weather", history=History(10, "10m"), recovery="cache"):
    """Only the latest one counts."""

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Trial(Channel[Any], pattern="trial:{seconds}", history=History(10, "10m")):
    """A subscription that runs out."""

    seconds: int

    async def on_subscribe(self, client: Client[Any]) -> Subscribed:
        return Subscribed(data={"hello": client.user_id}, expires=client.user + self.seconds)


class Inbox(Channel[Any], pattern="inbox:{user}", history=History(10, "10m")):
    """To which only the server subscribes."""

    user: str


class Tickets:
    """Tokens that nobody signed: ``user@expires`` to connect, ``user/channel@expires`` to subscribe."""

    def __init__(self, env: Env) -> None:
        self._env = env

    async def connection(self, token: str) -> Claims:
        user, expires = self._read(token)
        return Claims(Identity(user, self._env.now(), expires=expires))

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        told, expires = self._read(token)
        if told != f"{user_id}/{channel}":
            raise Disconnect(codes.INVALID_TOKEN)
        return SubscriptionClaims(expires=expires)

    def _read(self, token: str) -> tuple[str, float]:
        told, found, expires = token.partition("@")
        if not found:
            raise Disconnect(codes.INVALID_TOKEN)
        if float(expires) <= self._env.now():
            raise CommandError(code=codes.TOKEN_EXPIRED)
        return told, float(expires)


@dataclass(frozen=True, slots=True)
class World:
    """One server and whoever connects to it, over one kind of line."""

    app: Realtime
    kind: Kind
    env: Env

    def room(self, name: str = "1") -> Room:
        """A channel that has everything."""
        return Room(name=name)

    @asynccontextmanager
    async def opened(
        self, *commands: Mapping[str, Any], user: str = "ann", frame: Payload = "", pong: bool = True
    ) -> AsyncIterator[Line]:
        """A line whose client has said *commands*, or *frame*, and whose cookie says that it is *user*."""
        said = frame or self.kind.codec.frame(commands)
        async with opened(self.app, self.kind, said, {"x-user": user}, pong=pong) as line:
            yield line

    @asynccontextmanager
    async def connected(self, user: str = "ann", *, pong: bool = True, **connect: Any) -> AsyncIterator[Line]:
        """A line that is open."""
        async with self.opened({"id": 1_000_000, "connect": connect}, user=user, pong=pong) as line:
            line.connected = await line.answer(1_000_000)
            yield line


@asynccontextmanager
async def world(kind: Kind, broker: Broker, env: Env, *, limits: Limits | None = None) -> AsyncIterator[World]:
    """A running server."""

    async def authenticate(incoming: Incoming) -> Identity[float] | None:
        user = incoming.headers.get("x-user")
        return Identity(user, env.now(), info={"name": user}) if user else None

    async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
        return _welcome(client, connecting.data)

    app = Realtime(
        channels=[Room, News, Board, Page, Weather, Trial, Inbox],
        authenticate=authenticate,
        tokens=Tickets(env),
        on_connect=on_connect,
        broker=broker,
        env=env,
        limits=limits,
    )
    async with asgi.lifespan(app):
        yield World(app, kind, env)


def _welcome(client: Client[Any], data: Json) -> Welcome:
    """Clients ask for what the test needs."""
    asked: Any = data or {}
    if asked.get("refuse"):
        raise Denied
    inboxes: Sequence[Inbox] = [Inbox(user=name) for name in asked.get("inboxes", ())]
    return Welcome({"welcome": client.user_id}, inboxes)
