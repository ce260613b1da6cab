"""The first command of a connection, and what follows its end (protocol §4)."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Raw

from offhook.base import codes, observe, schema
from offhook.base.errors import CommandError, Disconnect
from offhook.base.schema import Mismatch
from offhook.base.types import Json
from offhook.realtime.hooks import Connecting, Welcome
from offhook.realtime.server_side import enlist_all
from offhook.realtime.session import CONNECTION, Session
from offhook.realtime.tokens import Claims
from offhook.wire.commands import ConnectRequest
from offhook.wire.replies import ConnectResult, Reply, SubscribeResult

VERSION = "offhook"
"""What the server calls itself."""


def connect(session: Session, number: int, request: ConnectRequest) -> None:
    """Begin to connect; commands that follow wait until it is decided."""
    session.state = "connecting"
    session.run(CONNECTION, number, _connect(session, number, request))


async def _connect(session: Session, number: int, request: ConnectRequest) -> None:
    async with asyncio.timeout(session.engine.limits.handler):
        named = await _identify(session, request.token or "")
        if session.ended:
            return
        welcome = await _welcome(session, request)
        channels = [*named, *(each.format() for each in welcome.channels)]
        channels = [name for name in channels if name not in session.parted]
        told = _told(session, welcome.data)
        enlisted = await enlist_all(session, channels, request.subs or {})
    if session.ended:
        return
    live = [each for each in enlisted if each.go_live()]
    results = {each.name: each.result for each in live}
    session.send(Reply(number, connect=_result(session, told, results)))
    session.connected()
    for each in live:
        each.follow()


async def _identify(session: Session, token: str) -> Sequence[str]:
    """Find out whose connection it is, and seat it unless it has ended; the channels that its token names."""
    engine = session.engine
    if not token:
        if session.identity is None and not engine.anonymous:
            raise Disconnect(codes.BAD_COMMAND)
        engine.sessions.seat(session)
        return ()
    mark = engine.control.mark()
    claims = await _claims(session, token)
    if not session.ended:
        session.identify(claims.identity)
        engine.sessions.seat(session)
        engine.control.catch_up(session, mark)
    return claims.channels


async def _claims(session: Session, token: str) -> Claims:
    engine = session.engine
    if engine.tokens is None:
        raise Disconnect(codes.INVALID_TOKEN)
    claims = await engine.tokens.connection(token)
    if claims.identity.expires <= engine.env.now():
        raise CommandError(code=codes.EXPIRED)
    return claims


async def _welcome(session: Session, request: ConnectRequest) -> Welcome:
    if session.engine.on_connect is None:
        session.welcome = True
        return Welcome()
    said = Connecting(_json(request.data), request.name or "", request.version or "", request.headers or {})
    welcome = await session.engine.on_connect(session.client, said)
    session.welcome = True
    return welcome or Welcome()


def _json(data: Raw) -> Json:
    try:
        return cast("Json", schema.decode(bytes(data) or b"null", object))
    except Mismatch:
        raise CommandError(code=codes.BAD_REQUEST) from None


def _told(session: Session, data: Mapping[str, Json]) -> Raw | None:
    """What its page is told: what the application says, and what every page is told."""
    told = {**data, **(session.engine.connect_data or {})}
    return Raw(schema.encode(told)) if told else None


def _result(session: Session, data: Raw | None, subs: Mapping[str, SubscribeResult]) -> ConnectResult:
    engine = session.engine
    left = time_left(session)
    return ConnectResult(
        client=session.client.id,
        version=VERSION,
        expires=left > 0,
        ttl=left,
        data=data,
        subs=subs or None,
        ping=max(1, round(engine.limits.ping)) if session.pings else 0,
        pong=session.pings and not session.uni,
        session=session.secret,
        node=engine.node if session.secret else "",
    )


def time_left(session: Session) -> int:
    """Seconds until the client has to bring another token, at least one; 0 when it never has to."""
    if session.identity is None or not session.by_token or session.identity.expires == math.inf:
        return 0
    return max(1, math.ceil(session.identity.expires - session.engine.env.now()))


async def goodbye(session: Session, disconnect: Disconnect) -> None:
    """Tell the application that a client whom it let in has gone."""
    told = session.engine.on_disconnect
    if told is None or not session.welcome:
        return
    try:
        async with asyncio.timeout(session.engine.limits.handler):
            await told(session.client, disconnect)
    except TimeoutError:
        observe.LINE.error("on_disconnect took longer than its deadline")
    except Exception as error:
        observe.failure(observe.LINE, "on_disconnect failed", error)
