"""Connections whose sign-in runs out: who goes on, and for how long (protocol §8.2)."""

import asyncio
import math
from dataclasses import replace
from typing import Any

from offhook.base import codes, observe
from offhook.base.errors import CommandError, Disconnect
from offhook.base.incoming import Authenticate, Identity, Incoming
from offhook.realtime.connect import VERSION, time_left
from offhook.realtime.journal import Mark
from offhook.realtime.session import CONNECTION, Session
from offhook.wire.commands import RefreshRequest
from offhook.wire.replies import RefreshResult, Reply, refresh_push


def refresh(session: Session, number: int, request: RefreshRequest) -> None:
    """The client brings another token.

    :raises Disconnect: no SDK does that without a token, or without having been asked for one.
    """
    if not request.token or not session.by_token:
        raise Disconnect(codes.BAD_COMMAND)
    session.run(CONNECTION, number, _refresh(session, number, request.token))


async def _refresh(session: Session, number: int, token: str) -> None:
    assert session.engine.tokens is not None
    mark = session.engine.control.mark()
    try:
        claims = await session.within(session.engine.tokens.connection(token))
    except CommandError as error:
        # An error reply would be the end for the SDK; like this it comes back with a token that it fetches anew.
        raise Disconnect(codes.CONNECTION_EXPIRED) if error.code is codes.TOKEN_EXPIRED else error from None
    if claims.identity.id != session.user_id:
        raise Disconnect(codes.INVALID_TOKEN)
    if claims.identity.expires <= session.engine.env.now():
        raise Disconnect(codes.CONNECTION_EXPIRED)
    _go_on(session, claims.identity, mark)
    left = time_left(session)
    result = RefreshResult(session.client.id, VERSION, expires=left > 0, ttl=left)
    session.send(Reply(number, refresh=result))


def expired(session: Session) -> None:
    """The sign-in has run out: ask the application again, unless it was for the client to bring another token."""
    authenticate = session.engine.authenticate
    if session.by_token or authenticate is None:
        session.close(Disconnect(codes.CONNECTION_EXPIRED))
    else:
        session.after(CONNECTION, _ask_again(session, authenticate))


def recheck(session: Session) -> None:
    """Orders may be lost: ask the application again. A client with a token reconnects, and brings it again."""
    authenticate = session.engine.authenticate
    if session.by_token or authenticate is None:
        session.close(Disconnect(codes.FORCE_RECONNECT, "orders may be lost"))
    else:
        session.after(CONNECTION, _ask_again(session, authenticate))


async def _ask_again(session: Session, authenticate: Authenticate[Any]) -> None:
    engine, mark = session.engine, session.engine.control.mark()
    identity = await seen_again(session.incoming, authenticate, engine.limits.handler)
    if identity is None or identity.id != session.user_id or identity.expires <= engine.env.now():
        session.close(Disconnect(codes.CONNECTION_EXPIRED))
    else:
        _go_on(session, identity, mark)


async def seen_again(incoming: Incoming, authenticate: Authenticate[Any], seconds: float) -> Identity[Any] | None:
    """The identity that *authenticate* sees in *incoming* now; None if it refuses, fails or takes too long.

    The client then reconnects, and is authenticated by the request that it makes.
    """
    try:
        async with asyncio.timeout(seconds):
            return await authenticate(incoming)
    except CommandError:
        return None
    except TimeoutError:
        observe.LINE.error("authenticate took longer than its deadline")
    except Exception as error:
        observe.failure(observe.LINE, "authenticate failed", error)
    return None


def prolong(session: Session, expires: float) -> None:
    """The application says when the sign-in runs out; a client with a token is told."""
    assert session.identity is not None  # somebody anonymous is nobody to be told
    _go_on(session, replace(session.identity, expires=expires), session.engine.control.mark())
    if session.by_token:
        left = time_left(session)
        session.send(refresh_push(expires=expires != math.inf, ttl=left))


def _go_on(session: Session, identity: Identity[Any], mark: Mark) -> None:
    """The same user, seen again. What others see of the client stays what they saw when it came.

    :param mark: the moment before the application was asked; a sign-in that was revoked since ends the session.
    """
    session.identity = identity
    session.client = replace(session.client, user=identity.user)
    if not session.ended:
        session.expire_at(identity.expires)
        session.engine.control.catch_up(session, mark, sign_in_only=True)
