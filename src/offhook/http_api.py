"""The HTTP API: how a server in another language publishes, and reads the position of what it is about to load.

``POST /api/<verb>`` with the key in ``X-API-Key`` and JSON both ways, in the shape of Centrifugo's API: 200 with
``{"result": {…}}`` or ``{"error": {"code": …, "message": …}}``. It is for servers: whoever has the key may publish
anything and ask everything, so no rule of a channel is asked, and no browser is let in.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw, Struct

from offhook.base import codes, observe, schema
from offhook.base.codes import Code
from offhook.base.errors import BrokerError, CommandError, UsageError
from offhook.base.incoming import incoming
from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.brokers.base import HistoryPage
from offhook.realtime.channel import Channel
from offhook.realtime.engine import Engine
from offhook.realtime.registry import Address
from offhook.realtime.send_queue import PUBLICATIONS
from offhook.transports.base import Refused
from offhook.transports.http import Exchange, Gone
from offhook.wire.position import Position
from offhook.wire.replies import (
    EmptyResult,
    ErrorBody,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    info,
    pub,
)

_SHORTEST_KEY: Final = 16


class _Request(Struct, frozen=True, forbid_unknown_fields=True):
    """What a verb is told. A field that it does not know is a mistake that must not go unnoticed."""


class Publish(_Request, frozen=True):
    """``data`` for the subscribers of ``channel``; see ``Line.publish``."""

    channel: str
    data: Raw
    tags: dict[str, str] | None = None
    idempotency_key: str = ""
    version: int = 0


class Broadcast(_Request, frozen=True):
    """``data`` for the subscribers of several channels."""

    channels: list[str]
    data: Raw
    tags: dict[str, str] | None = None


class OfChannel(_Request, frozen=True):
    """A channel by its name."""

    channel: str


class OfChannels(_Request, frozen=True):
    """Channels by their names."""

    channels: list[str]


class Since(_Request, frozen=True):
    """A position."""

    offset: int = 0
    epoch: str = ""


class History(_Request, frozen=True):
    """``limit`` 0 asks for the position alone, -1 for as much as one answer holds (``Limits.api_history_page``).

    If the last publication is not the one at the position, the caller asks for the rest with ``since``.
    """

    channel: str
    limit: int = 0
    since: Since | None = None
    reverse: bool = False


class OfUser(_Request, frozen=True):
    """A user's connections and one channel."""

    user: str
    channel: str


class Ending(_Request, frozen=True):
    """How connections end: a code from 3000 to 4999, whose range says whether the client comes back."""

    code: int
    reason: str = ""


class EndConnections(_Request, frozen=True):
    """All connections of a user."""

    user: str
    disconnect: Ending | None = None


class PositionResult(Struct, frozen=True):
    """Where a stream ends."""

    offset: int
    epoch: str


class PositionsResult(Struct, frozen=True):
    """Where each stream ends, by the channel's name."""

    positions: Mapping[str, PositionResult]


class Answer(Struct, frozen=True, omit_defaults=True):
    """What is answered: one of the two."""

    result: Struct | None = None
    error: ErrorBody | None = None


class BroadcastResult(Struct, frozen=True):
    """An answer for each channel, in their order."""

    responses: Sequence[Answer]


# The verbs


async def _publish(engine: Engine, asked: Publish) -> Struct:
    address = engine.registry.find(asked.channel)
    key = asked.idempotency_key or None
    data = _payload(address, asked.data)
    return _position(
        await engine.line.publish(address.channel, data, key=key, version=asked.version, tags=asked.tags)
    )


async def _broadcast(engine: Engine, asked: Broadcast) -> Struct:
    answers: list[Answer] = []
    for start in range(0, len(asked.channels), PUBLICATIONS):
        channels = asked.channels[start : start + PUBLICATIONS]
        each = [Publish(channel, asked.data, asked.tags) for channel in channels]
        answers += await asyncio.gather(*(_answer(engine, _publish, one) for one in each))
    return BroadcastResult(answers)


async def _position_of(engine: Engine, asked: OfChannel) -> Struct:
    return _position(await engine.line.position(_kept(engine, asked.channel)))


async def _positions_of(engine: Engine, asked: OfChannels) -> Struct:
    found = await engine.line.positions([_kept(engine, name) for name in asked.channels])
    return PositionsResult(dict(zip(asked.channels, map(_position, found), strict=True)))


async def _history(engine: Engine, asked: History) -> Struct:
    limits = engine.limits
    page: HistoryPage = await engine.broker.history(
        _kept(engine, asked.channel).format(),
        since=None if asked.since is None else Position(asked.since.offset, asked.since.epoch),
        limit=asked.limit if 0 <= asked.limit <= limits.api_history_page else limits.api_history_page,
        reverse=asked.reverse,
        max_bytes=limits.api_history_page_bytes,
    )
    return HistoryResult([pub(each) for each in page.publications], page.position.epoch, page.position.offset)


async def _presence(engine: Engine, asked: OfChannel) -> Struct:
    found = await engine.line.presence(_watched(engine, asked.channel))
    return PresenceResult({client: info(each) for client, each in found.items()})


async def _presence_stats(engine: Engine, asked: OfChannel) -> Struct:
    return PresenceStatsResult(*await engine.line.presence_stats(_watched(engine, asked.channel)))


async def _invalidate(engine: Engine, asked: OfChannel) -> Struct:
    await engine.line.invalidate(_kept(engine, asked.channel))
    return EmptyResult()


async def _subscribe(engine: Engine, asked: OfUser) -> Struct:
    await engine.line.subscribe(asked.user, engine.registry.find(asked.channel).channel)
    return EmptyResult()


async def _unsubscribe(engine: Engine, asked: OfUser) -> Struct:
    await engine.line.unsubscribe(asked.user, engine.registry.find(asked.channel).channel)
    return EmptyResult()


async def _disconnect(engine: Engine, asked: EndConnections) -> Struct:
    how = asked.disconnect or Ending(codes.FORCE_DISCONNECT.number)
    if not 3000 <= how.code <= 4999:
        raise CommandError(code=codes.BAD_REQUEST)
    await engine.line.disconnect(asked.user, code=codes.disconnect(how.code), reason=how.reason)
    return EmptyResult()


_Work: TypeAlias = Callable[[Engine, Any], Awaitable[Struct]]

_VERBS: Mapping[str, tuple[type[_Request], _Work]] = {
    "publish": (Publish, _publish),
    "broadcast": (Broadcast, _broadcast),
    "position": (OfChannel, _position_of),
    "positions": (OfChannels, _positions_of),
    "history": (History, _history),
    "presence": (OfChannel, _presence),
    "presence_stats": (OfChannel, _presence_stats),
    "invalidate": (OfChannel, _invalidate),
    "subscribe": (OfUser, _subscribe),
    "unsubscribe": (OfUser, _unsubscribe),
    "disconnect": (EndConnections, _disconnect),
}


def _payload(address: Address, data: Raw) -> Any:
    try:
        return schema.decode(bytes(data), address.rules.publishes)
    except schema.Mismatch as error:
        raise UsageError(str(error)) from None


def _kept(engine: Engine, name: str) -> Channel[Any]:
    """The channel called *name*, which keeps a history."""
    channel = engine.registry.find(name).channel
    if channel.history is None:
        raise CommandError(code=codes.NOT_AVAILABLE)
    return channel


def _watched(engine: Engine, name: str) -> Channel[Any]:
    """The channel called *name*, which knows who is there."""
    channel = engine.registry.find(name).channel
    if not channel.presence:
        raise CommandError(code=codes.NOT_AVAILABLE)
    return channel


def _position(position: Position) -> PositionResult:
    return PositionResult(position.offset, position.epoch)


# Requests


def http_api(engine: Engine, key: str) -> Mapping[str, AsgiApp]:
    """The verbs, by path.

    :raises UsageError: the key is too short to be a secret.
    """
    if len(key) < _SHORTEST_KEY:
        raise UsageError(f"api_key needs at least {_SHORTEST_KEY} characters; take a long random text")
    return {
        f"/api/{verb}": _Endpoint(engine, key.encode(), request, work) for verb, (request, work) in _VERBS.items()
    }


class _Endpoint:
    """One verb."""

    def __init__(self, engine: Engine, key: bytes, request: type[_Request], work: _Work) -> None:
        self._engine = engine
        self._key = key
        self._decoder = msgspec.json.Decoder(request)
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(incoming(scope), scope["method"], receive, send)
        try:
            await _say(send, 200, await self._answer(exchange))
        except Refused as refused:
            await _say(send, refused.status, _failed(codes.BAD_REQUEST))
        except Gone:
            return

    async def _answer(self, exchange: Exchange) -> Answer:
        if exchange.method != "POST":
            raise Refused(405)
        # Without the key nothing is read.
        if not hmac.compare_digest(exchange.incoming.headers.get("x-api-key", "").encode("latin-1"), self._key):
            raise Refused(401)
        limits = self._engine.limits
        body = await exchange.body(limits.body, limits.connect)
        try:
            asked = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Refused(400) from None
        return await _answer(self._engine, self._work, asked)


async def _answer(engine: Engine, work: _Work, asked: _Request) -> Answer:
    try:
        async with asyncio.timeout(engine.limits.handler + engine.limits.publish):
            return Answer(result=await work(engine, asked))
    except CommandError as error:
        return _failed(error.code, error.text)
    except UsageError as error:
        return _failed(codes.BAD_REQUEST, f"{codes.BAD_REQUEST.name}: {error}")
    except (BrokerError, TimeoutError) as error:
        observe.LINE.error("a request of the HTTP API failed: %s", str(error) or "timeout")
    except Exception as error:
        observe.failure(observe.LINE, "a request of the HTTP API failed", error)
    return _failed(codes.INTERNAL)


def _failed(code: Code, text: str = "") -> Answer:
    return Answer(error=ErrorBody(code.number, text or code.name, code.retry))


async def _say(send: Send, status: int, answer: Answer) -> None:
    body = msgspec.json.encode(answer)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    if status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
