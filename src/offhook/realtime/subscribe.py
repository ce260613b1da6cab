"""Subscribing, the delicate place, written once (protocol §6.3).

Reserve → authorise → registered as catching up → confirmed by the broker → history since the client's position →
merged with what was held back → live → reply. From the merge on nothing is awaited, so that nothing can come
between. An attempt that fails undoes what it did.

A subscription may be ended at every step (``Session.forget``): by the application, by an expiry, by the end of the
session. ``_go_live`` is the only step that makes it live, and it fails unless the hub still has the subscription.
So there is no reply, and no publication, for a subscription that was removed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from msgspec import Raw, structs

from offhook.base import codes, schema
from offhook.base.codes import Code
from offhook.base.errors import CommandError, Disconnect
from offhook.realtime.backlog import feed, fitting
from offhook.realtime.channel import Subscribed
from offhook.realtime.forms import batch
from offhook.realtime.reads import Past, Wanted
from offhook.realtime.send_queue import LARGEST
from offhook.realtime.session import Session
from offhook.realtime.sub_refresh import expire_at, time_left
from offhook.realtime.subscription import Removed, Subscription
from offhook.wire.commands import REJECT_UNRECOVERED, SubscribeRequest
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from offhook.wire.recovery import Gap, continues, following
from offhook.wire.replies import EmptyResult, Pub, Push, Reply, SubscribeResult

_READS = 3
"""How often the history is read when it does not connect to what was held back."""

_SERVER_SIDE = {
    codes.UNSUBSCRIBED_INSUFFICIENT: codes.INSUFFICIENT_STATE,
    codes.UNSUBSCRIBED_EXPIRED: codes.SUBSCRIPTION_EXPIRED,
    codes.UNSUBSCRIBED_INVALIDATED: codes.STATE_INVALIDATED,
}
"""What ends the connection where the client cannot subscribe again by itself (protocol §8.3, §8.4)."""


@dataclass(frozen=True, slots=True)
class _Caught:
    """Where a subscription stands when it has caught up."""

    result: SubscribeResult
    rest: Sequence[Publication]
    """To be sent after the reply: what was held back and is not in it."""
    top: Position
    """The last publication of both."""
    more: bool = False
    """Whether the history has more after *top*, which does not fit into the reply (``backlog.py``)."""

    @property
    def has_one(self) -> bool:
        """Whether the client has the publication at *top*, so that a delta can follow."""
        return bool(self.result.publications or self.rest)


@dataclass(frozen=True, slots=True)
class Enlisted:
    """A server-side subscription that has caught up: put ``result`` on its way, and ``begin`` in the same step."""

    result: SubscribeResult
    _session: Session
    _subscription: Subscription
    _caught: _Caught

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._subscription.name

    def go_live(self) -> bool:
        """Deliver what follows; False if the subscription has ended. Then ``result`` must not be sent."""
        return _go_live(self._session, self._subscription, self._caught)

    def follow(self) -> None:
        """Send what was held back. ``result`` is in the queue."""
        _follow(self._session, self._subscription, self._caught)
        self._session.after(self.name, self._session.engine.presence.announce(self._subscription))

    def undo(self) -> None:
        """It is not wanted after all."""
        _give_up(self._session, self._subscription)


def subscribe(session: Session, number: int, name: str, request: SubscribeRequest) -> None:
    """Begin to subscribe to the channel called *name*, or refuse at once.

    :raises CommandError: it is refused.
    :raises Disconnect: no SDK asks for such a thing.
    """
    if request.delta not in (None, "", "fossil"):
        raise Disconnect(codes.BAD_COMMAND)
    if name in session.subscriptions and not session.leaving[name]:
        raise CommandError(code=codes.ALREADY_SUBSCRIBED)
    session.run(name, number, _attempt(session, number, name, request))


async def enlist(session: Session, name: str, request: SubscribeRequest, invitation: object = None) -> Enlisted:
    """Subscribe the client to the channel called *name* because the application says so (protocol §8.4).

    No rule is asked. The client gets nothing before ``Enlisted.go_live``. Cancelled, it undoes what it did.

    :param request: from where it recovers; its channel and token are not looked at.
    :param invitation: the order that it follows (``Session.invited``); without one, nothing can call it off yet.
    :raises Removed: the application has removed the client from the channel meanwhile, or the session has ended.
    :raises CommandError: there is no such channel, the client has it already, or has too many.
    """
    async with asyncio.timeout(session.engine.limits.handler):
        return await session.after(name, _prepare(session, name, request, invitation))


async def _prepare(session: Session, name: str, request: SubscribeRequest, invitation: object) -> Enlisted:
    if invitation is not None:
        if session.invited.get(name) is not invitation:
            raise Removed  # it was called off; a later one stays
        del session.invited[name]
    subscription = _reserve(session, name, request)
    subscription.server_side = True
    subscription.hears_joins = bool(subscription.address.channel.join_leave)  # no SDK asks for it there
    try:
        caught = await _catch_up(session, subscription, request)
    except BaseException:
        _give_up(session, subscription)
        raise
    return Enlisted(caught.result, session, subscription, caught)


def _give_up(session: Session, subscription: Subscription) -> None:
    session.forget(subscription, codes.UNSUBSCRIBED)
    session.after(subscription.name, session.engine.presence.leave(subscription))


def _reserve(session: Session, name: str, request: SubscribeRequest) -> Subscription:
    """A new subscription, which the session has from now on."""
    _check(session, name, request)
    subscription = Subscription(
        session.engine.registry.find(name),
        session.client,
        session.info,
        session.queue,
        partial(_fail, session),
        session.engine.limits,
    )
    subscription.hears_joins = bool(request.join_leave) or subscription.address.channel.join_leave == "always"
    subscription.delta = bool(request.delta) and subscription.address.channel.delta
    session.subscriptions[name] = subscription
    return subscription


def _check(session: Session, name: str, request: SubscribeRequest) -> None:
    if session.ended:
        raise Removed
    if name in session.subscriptions:
        raise CommandError(code=codes.ALREADY_SUBSCRIBED)
    if len(session.subscriptions) >= session.engine.limits.channels:
        raise CommandError(code=codes.LIMIT_EXCEEDED)
    if request.type:
        raise CommandError(code=codes.NOT_AVAILABLE)
    if bytes(request.tf) not in (b"", b"null"):
        raise CommandError(code=codes.BAD_REQUEST)


def _fail(session: Session, subscription: Subscription, code: Code) -> None:
    """*subscription* cannot go on; nothing if it has ended."""
    if subscription.server_side and subscription.ended is None:
        session.close(Disconnect(_SERVER_SIDE[code]))
    else:
        session.drop(subscription, code)


def unsubscribe(session: Session, number: int, name: str) -> None:
    """End the subscription to *name*, after a subscribe that is still under way; fine when there is none."""
    session.leaving[name] += 1
    session.run(name, number, _unsubscribe(session, number, name))


async def _unsubscribe(session: Session, number: int, name: str) -> None:
    session.leaving[name] -= 1
    if not session.leaving[name]:
        del session.leaving[name]
    subscription = session.subscriptions.get(name)
    if subscription is not None:
        session.forget(subscription, codes.UNSUBSCRIBED)
        await session.engine.presence.leave(subscription)
    session.send(Reply(number, unsubscribe=EmptyResult()))


async def _attempt(session: Session, number: int, name: str, request: SubscribeRequest) -> None:
    subscription = _reserve(session, name, request)
    try:
        caught = await session.within(_catch_up(session, subscription, request))
        if not _go_live(session, subscription, caught):
            raise subscription.refusal
        session.send(Reply(number, subscribe=caught.result))
        _follow(session, subscription, caught)
        await session.engine.presence.announce(subscription)
    except Exception as error:
        session.forget(subscription, codes.UNSUBSCRIBED)
        session.refuse(number, error)
        await session.engine.presence.leave(subscription)


async def _catch_up(session: Session, subscription: Subscription, request: SubscribeRequest) -> _Caught:
    admitted = await _admit(session, subscription, request)
    await session.engine.hub.add(subscription)
    await session.engine.presence.enter(subscription)
    for _ in range(_READS):
        try:
            caught = await _read(session, subscription, request)
        except Gap:
            continue
        return replace(caught, result=_with_terms(session, subscription, caught.result, admitted))
    # The client comes back with its position, and nothing is lost.
    raise CommandError(code=codes.INTERNAL)


async def _admit(session: Session, subscription: Subscription, request: SubscribeRequest) -> Subscribed:
    """On what terms the client is let in: by its token, or by the channel's rule. Its time begins here."""
    if subscription.server_side:
        return Subscribed()
    address, tokens = subscription.address, session.engine.tokens
    if request.token and tokens is not None:
        claims = await tokens.subscription(request.token, address.name, session.user_id)
        subscription.by_token = True
        if claims.info is not None:
            subscription.info = replace(subscription.info, chan_info=schema.encode(claims.info))
        admitted = Subscribed(expires=claims.expires)
    else:
        admitted = await address.rules.subscribe(address.channel, session.client)
    subscription.admitted = True
    if admitted.expires <= session.engine.env.now():
        raise CommandError(code=codes.TOKEN_EXPIRED if subscription.by_token else codes.PERMISSION_DENIED)
    expire_at(session, subscription, admitted.expires)
    return admitted


def _with_terms(
    session: Session, subscription: Subscription, result: SubscribeResult, admitted: Subscribed
) -> SubscribeResult:
    data = None if admitted.data is None else Raw(schema.encode(admitted.data))
    ttl = time_left(session, subscription, admitted.expires)
    return structs.replace(result, data=data, delta=subscription.delta, expires=ttl > 0, ttl=ttl)


async def _read(session: Session, subscription: Subscription, request: SubscribeRequest) -> _Caught:
    """What the client gets at first, given where it stands."""
    hub, limits, name = session.engine.hub, session.engine.limits, subscription.name
    if not subscription.positioned:
        return _without_history(subscription, request)
    if not request.recover:
        return _from_now_on(session, subscription, await hub.read(Wanted(name)))
    since = Position(request.offset or 0, request.epoch or "")
    if subscription.address.channel.recovery == "cache":
        past = await hub.read(Wanted(name, limit=1, reverse=True))
        return _newest(session, subscription, request, since, past)
    past = await hub.read(Wanted(name, since, limits.history_page, max_bytes=LARGEST))
    return _missed(session, subscription, request, since, past)


def _without_history(subscription: Subscription, request: SubscribeRequest) -> _Caught:
    _refuse_unrecovered(request)
    return _Caught(SubscribeResult(was_recovering=bool(request.recover)), subscription.held(), Position())


def _from_now_on(session: Session, subscription: Subscription, past: Past) -> _Caught:
    top = past.page.position
    rest = following(top, subscription.held())
    fits = fitting(_room(session, subscription), rest)
    result = SubscribeResult(recoverable=True, positioned=True, offset=top.offset, epoch=top.epoch)
    return _Caught(result, fits, _last(top, fits), more=len(fits) < len(rest))


def _missed(
    session: Session, subscription: Subscription, request: SubscribeRequest, since: Position, past: Past
) -> _Caught:
    """All that was missed, or nothing (protocol §9.2); what does not fit into the reply follows it."""
    found, top = past.page.publications, past.page.position
    if top.offset - since.offset > session.engine.limits.history_page or not continues(since, found, top):
        return _unrecovered(session, subscription, request, past)
    whole = not found or found[-1].offset == top.offset
    rest = following(top, subscription.held()) if whole else []
    fits = fitting(_room(session, subscription), [*found, *rest])
    codec, delta = subscription.queue.variant.codec, subscription.delta
    pubs = past.pubs(codec, delta=delta) if len(fits) == len(found) else batch(fits, codec, delta=delta)
    more = not whole or len(fits) < len(found) + len(rest)
    # A client that recovers counts on by itself, through the publications of the reply.
    stands = _last(Position(since.offset, top.epoch), fits)
    return _Caught(_recovered(since.offset, top.epoch, pubs), (), stands, more=more)


def _newest(
    session: Session, subscription: Subscription, request: SubscribeRequest, since: Position, past: Past
) -> _Caught:
    """The newest publication, unless the client has it (protocol §9.4)."""
    top = past.page.position
    found = [*past.page.publications, *following(top, subscription.held())][-1:]
    last = _last(top, found)
    has_it = since.offset > 0 and since == last
    if not (has_it or (found and found[0].offset == last.offset)):
        return _unrecovered(session, subscription, request, past)
    if has_it:
        return _Caught(_recovered(last.offset, last.epoch, ()), (), last)
    fits = fitting(_room(session, subscription), found)
    pubs = batch(fits, subscription.queue.variant.codec, delta=subscription.delta)
    stands = last if fits else Position(last.offset - 1, last.epoch)
    return _Caught(_recovered(stands.offset, stands.epoch, pubs), (), stands, more=not fits)


def _room(session: Session, subscription: Subscription) -> int:
    """Bytes of publications for the reply. Server-side subscriptions share the one to the connect command."""
    if subscription.server_side:
        return LARGEST // max(len(session.subscriptions), 1)
    return session.queue.free


def _recovered(offset: int, epoch: str, pubs: Sequence[Pub]) -> SubscribeResult:
    return SubscribeResult(
        recoverable=True,
        positioned=True,
        was_recovering=True,
        recovered=True,
        publications=pubs or (),  # an empty list is not a zero value that is left out
        offset=offset,
        epoch=epoch,
    )


def _unrecovered(session: Session, subscription: Subscription, request: SubscribeRequest, past: Past) -> _Caught:
    """The client takes a new snapshot; what was held back follows as ever."""
    _refuse_unrecovered(request)
    caught = _from_now_on(session, subscription, past)
    return replace(caught, result=structs.replace(caught.result, was_recovering=True))


def _refuse_unrecovered(request: SubscribeRequest) -> None:
    if request.recover and (request.flag or 0) & REJECT_UNRECOVERED:
        raise CommandError(code=codes.UNRECOVERABLE_POSITION)


def _last(top: Position, publications: Sequence[Publication]) -> Position:
    return Position(publications[-1].offset, publications[-1].epoch) if publications else top


def _go_live(session: Session, subscription: Subscription, caught: _Caught) -> bool:
    """Make it live, and put the reply into the queue next; False if it has ended meanwhile.

    If the reply does not hold all that the client missed, it becomes live when the rest was sent (``backlog.py``).
    """
    if caught.more:
        return session.engine.hub.confirm(subscription)
    return session.engine.hub.go_live(subscription, caught.top, has_one=caught.has_one)


def _follow(session: Session, subscription: Subscription, caught: _Caught) -> None:
    """Send what was held back, and the rest of what the client missed. The reply is in the queue."""
    for each in batch(caught.rest, session.queue.variant.codec, delta=subscription.delta):
        session.send(Push(subscription.name, pub=each))
    if caught.result.was_recovering:
        session.engine.metrics.came_back(recovered=caught.result.recovered)
    if caught.more:
        feed(session, subscription, caught.top, has_one=caught.has_one)
