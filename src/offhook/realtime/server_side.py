"""Server-side subscriptions: the application subscribes a client, without being asked (protocol §8.4)."""

import asyncio
from collections.abc import Mapping, Sequence

from offhook.base import codes, observe
from offhook.base.errors import BrokerError, CommandError, Disconnect
from offhook.realtime.session import CONNECTION, Session
from offhook.realtime.subscribe import Enlisted, enlist
from offhook.wire.commands import SubscribeRequest
from offhook.wire.replies import subscribe_push


async def enlist_all(
    session: Session, channels: Sequence[str], since: Mapping[str, SubscribeRequest]
) -> list[Enlisted]:
    """Subscribe a client that connects to all *channels*, each from where it says that it misses something.

    What it says of other channels is not looked at. Nothing is left of it when one cannot be subscribed.

    :raises Disconnect: they are too many.
    """
    names = list(dict.fromkeys(channels))
    if len(names) > session.engine.limits.channels:
        raise Disconnect(codes.CHANNEL_LIMIT)
    attempts = [
        asyncio.ensure_future(enlist(session, each, since.get(each, SubscribeRequest()))) for each in names
    ]
    try:
        return await asyncio.gather(*attempts)
    except BaseException:
        await _undo(attempts)
        raise


async def _undo(attempts: Sequence["asyncio.Future[Enlisted]"]) -> None:
    for each in attempts:
        each.cancel()
    for done in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(done, Enlisted):
            done.undo()


def join(session: Session, name: str) -> None:
    """Subscribe the client to the channel called *name*; nothing when it is subscribed, or yet to connect."""
    if session.state in ("connecting", "connected"):
        session.after(CONNECTION, _join(session, name))


async def _join(session: Session, name: str) -> None:
    if session.state != "connected" or name in session.subscriptions:
        return
    if len(session.subscriptions) >= session.engine.limits.channels:
        session.close(Disconnect(codes.CHANNEL_LIMIT))
        return
    try:
        enlisted = await enlist(session, name, SubscribeRequest())
    except CommandError:
        return  # the client has gone
    except (BrokerError, TimeoutError) as error:
        observe.LINE.warning("a server-side subscription failed: %s", str(error) or "timeout")
        session.close(Disconnect(codes.SERVER_ERROR))  # so that it comes back, and is subscribed when it connects
        return
    session.send(subscribe_push(name, enlisted.result))
    enlisted.begin()


def part(session: Session, name: str) -> None:
    """End the client's subscription to the channel called *name*, whoever asked for it; nothing without one."""
    subscription = session.subscriptions.get(name)
    if subscription is not None:
        session.drop(subscription, codes.UNSUBSCRIBED)
