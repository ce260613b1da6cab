"""Subscriptions that run out: who goes on, and for how long (protocol §8.3)."""

import math
from functools import partial

from offhook.base import codes
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.realtime.expiry import Expiry
from offhook.realtime.session import Session
from offhook.realtime.subscription import Subscription
from offhook.wire.commands import SubRefreshRequest
from offhook.wire.replies import Reply, SubRefreshResult


def expire_at(session: Session, subscription: Subscription, expires: float) -> None:
    """End *subscription* at the second *expires* since 1970; the client subscribes again with what it missed.

    Then the channel's rule is asked again. A client with a token may be a little late with the next one.
    """
    if expires == math.inf and subscription.expiry is None:
        return
    if subscription.expiry is None:
        subscription.expiry = Expiry(session.engine.env, partial(subscription.fail, codes.UNSUBSCRIBED_EXPIRED))
    grace = session.engine.limits.refresh_grace if subscription.by_token else 0.0
    subscription.expiry.set(expires + grace)


def time_left(session: Session, subscription: Subscription, expires: float) -> int:
    """Seconds until the client has to bring another token, at least one; 0 when it never has to."""
    if expires == math.inf or not subscription.by_token:
        return 0
    return max(1, math.ceil(expires - session.engine.env.now()))


def refresh(session: Session, number: int, name: str, request: SubRefreshRequest) -> None:
    """The client brings another token for its subscription to *name*.

    :raises Disconnect: it brings none; no SDK does that.
    """
    if not request.token:
        raise Disconnect(codes.BAD_COMMAND)
    session.run(name, number, _refresh(session, number, name, request.token))


async def _refresh(session: Session, number: int, name: str, token: str) -> None:
    subscription, tokens = session.subscriptions.get(name), session.engine.tokens
    if subscription is None:
        raise Denied
    if tokens is None or not subscription.by_token:
        raise CommandError(code=codes.NOT_AVAILABLE)
    claims = await session.within(tokens.subscription(token, name, session.user_id))
    if subscription.ended is not None:
        raise Denied
    if claims.expires <= session.engine.env.now():
        raise CommandError(code=codes.TOKEN_EXPIRED)
    expire_at(session, subscription, claims.expires)
    left = time_left(session, subscription, claims.expires)
    session.reply(name, Reply(number, sub_refresh=SubRefreshResult(expires=left > 0, ttl=left)))
