"""Server-side subscriptions: the application subscribes a client, without being asked (protocol §8.4)."""

import asyncio
from collections.abc import Mapping, Sequence

from offhook.base import codes, observe
from offhook.base.errors import BrokerError, CommandError, Disconnect
from offhook.realtime.session import CONNECTION, Session
from offhook.realtime.subscribe import Enlisted, enlist
from offhook.realtime.subscription import Removed
from offhook.wire.commands import SubscribeRequest
from offhook.wire.replies import subscribe_push


async def enlist_all(
    session: Session, channels: Sequence[str], since: Mapping[str, SubscribeRequest]
) -> list[Enlisted]:
    """Subscribe a client that connects to all *channels*, each from where it says that it misses something.

    What it says of other channels is not looked at. Nothing is left of it when one cannot be subscribed. Channels
    from which the application removes the client meanwhile are left out.

    :raises Disconnect: they are too many.
    """
    names = list(dict.fromkeys(channels))
    if len(names) > session.engine.limits.channels:
        raise Disconnect(codes.CHANNEL_LIMIT)
    attempts = [
        asyncio.ensure_future(_enlist_unless_removed(session, name, since.get(name, SubscribeRequest())))
        for name in names
    ]
    try:
        return [enlisted for enlisted in await asyncio.gather(*attempts) if enlisted is not None]
    except BaseException:
        await _undo(attempts)
        raise


async def _enlist_unless_removed(session: Session, name: str, request: SubscribeRequest) -> Enlisted | None:
    try:
        return await enlist(session, name, request)
    except Removed:
        return None


async def _undo(attempts: Sequence["asyncio.Future[Enlisted | None]"]) -> None:
    for each in attempts:
        each.cancel()
    for done in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(done, Enlisted):
            done.undo()


def join(session: Session, name: str) -> None:
    """Subscribe the client to the channel called *name*; nothing when it is subscribed, or yet to connect."""
    if session.state in ("connecting", "connected"):
        session.parted.discard(name)
        invitation = session.invited[name] = object()
        session.after(CONNECTION, _join(session, name, invitation))


async def _join(session: Session, name: str, invitation: object) -> None:
    if session.state != "connected" or session.invited.get(name) is not invitation:
        return
    if name in session.subscriptions or len(session.subscriptions) >= session.engine.limits.channels:
        del session.invited[name]
        if name not in session.subscriptions:
            session.close(Disconnect(codes.CHANNEL_LIMIT))
        return
    try:
        enlisted = await enlist(session, name, SubscribeRequest(), invitation)
    except CommandError:
        return  # the client has gone, or was removed again
    except (BrokerError, TimeoutError) as error:
        observe.LINE.warning("a server-side subscription failed: %s", str(error) or "timeout")
        session.close(Disconnect(codes.SERVER_ERROR))  # so that it comes back, and is subscribed when it connects
        return
    if enlisted.go_live():
        session.send(subscribe_push(name, enlisted.result))
        enlisted.follow()


def part(session: Session, name: str) -> None:
    """Remove the client from the channel called *name*: from what it has, and from what waits or is under way."""
    session.invited.pop(name, None)
    if session.state == "connecting":
        session.parted.add(name)
    subscription = session.subscriptions.get(name)
    if subscription is not None:
        session.drop(subscription, codes.UNSUBSCRIBED)
