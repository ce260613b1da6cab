"""Connections whose sign-in runs out: who goes on, and for how long (protocol §8.2)."""

import asyncio
import math
from dataclasses import replace
from typing import Any

from offhook.base import codes, observe
from offhook.base.errors import CommandError, Disconnect
from offhook.base.incoming import Authenticate, Identity
from offhook.realtime.connect import VERSION, time_left
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
    try:
        claims = await session.within(session.engine.tokens.connection(token))
    except CommandError as error:
        # An error reply would be the end for the SDK; like this it comes back with a token that it fetches anew.
        raise Disconnect(codes.CONNECTION_EXPIRED) if error.code is codes.TOKEN_EXPIRED else error from None
    if claims.identity.id != session.user_id:
        raise Disconnect(codes.INVALID_TOKEN)
    _go_on(session, claims.identity)
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


async def _ask_again(session: Session, authenticate: Authenticate[Any]) -> None:
    identity = await _seen_again(session, authenticate)
    if identity is None or identity.id != session.user_id or identity.expires <= session.engine.env.now():
        session.close(Disconnect(codes.CONNECTION_EXPIRED))
    else:
        _go_on(session, identity)


async def _seen_again(session: Session, authenticate: Authenticate[Any]) -> Identity[Any] | None:
    """Who the application says that is now; where that fails, nobody: the client comes back and is seen anew."""
    try:
        async with asyncio.timeout(session.engine.limits.handler):
            return await authenticate(session.incoming)
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
    _go_on(session, replace(session.identity, expires=expires))
    if session.by_token:
        left = time_left(session)
        session.send(refresh_push(expires=expires != math.inf, ttl=left))


def _go_on(session: Session, identity: Identity[Any]) -> None:
    """The same user, seen again. What others see of the client stays what they saw when it came."""
    session.identity = identity
    session.client = replace(session.client, user=identity.user)
    if session.state != "closed":
        session.expire_at(identity.expires)
