"""What the commands on a channel do, and calls, which a channel answers as well (protocol §6, §7)."""

from collections.abc import Coroutine
from typing import Any, TypeAlias, assert_never

from msgspec import Raw

from offhook.base import codes, schema
from offhook.base.errors import CommandError, Denied, Disconnect
from offhook.realtime.channel import Access
from offhook.realtime.registry import Address
from offhook.realtime.session import Session
from offhook.realtime.sub_refresh import refresh
from offhook.realtime.subscribe import subscribe, unsubscribe
from offhook.wire.commands import (
    HistoryRequest,
    PresenceRequest,
    PresenceStatsRequest,
    PublishRequest,
    RpcRequest,
    SubRefreshRequest,
    SubscribeRequest,
    UnsubscribeRequest,
)
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from offhook.wire.replies import (
    EmptyResult,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    Reply,
    RpcResult,
    info,
    pub,
)

ChannelRequest: TypeAlias = (
    SubscribeRequest
    | UnsubscribeRequest
    | PublishRequest
    | HistoryRequest
    | PresenceRequest
    | PresenceStatsRequest
    | SubRefreshRequest
)


def on_channel(session: Session, number: int, request: ChannelRequest) -> None:
    """Begin what *request* asks of its channel.

    :raises CommandError: it is refused at once.
    :raises Disconnect: no SDK asks for such a thing.
    """
    name = _channel(session, request)
    match request:
        case SubscribeRequest():
            subscribe(session, number, name, request)
        case UnsubscribeRequest():
            unsubscribe(session, number, name)
        case PublishRequest():
            session.run(name, number, session.within(_publish(session, number, name, request)))
        case HistoryRequest():
            session.run(name, number, _paced(session, _history(session, number, name, request)))
        case PresenceRequest():
            session.run(name, number, _paced(session, _presence(session, number, name)))
        case PresenceStatsRequest():
            session.run(name, number, session.within(_presence_stats(session, number, name)))
        case SubRefreshRequest():
            refresh(session, number, name, request)
        case _:
            assert_never(request)


async def _paced(session: Session, work: Coroutine[Any, Any, None]) -> None:
    """Do *work*, whose reply may be large, when the network has taken the replies before."""
    try:
        async with session.queue.room():
            await session.within(work)
    finally:
        work.close()  # where it was not begun


def call(session: Session, number: int, request: RpcRequest) -> None:
    """Begin a call: its method is the name of the channel that answers it."""
    name = request.method or ""
    session.run(name, number, session.within(_call(session, number, name, request.data)))


def _channel(session: Session, request: ChannelRequest) -> str:
    name = request.channel
    if not name:
        raise Disconnect(codes.BAD_COMMAND)
    if len(name.encode()) > session.engine.limits.channel_length:
        raise CommandError(code=codes.BAD_REQUEST)
    return name


def _payload(session: Session, data: Raw) -> bytes:
    """What a client publishes or calls with, if it is neither too large nor nested too deeply."""
    payload, limits = bytes(data), session.engine.limits
    if len(payload) > limits.payload:
        raise CommandError(f"the payload is larger than {limits.payload} bytes", code=codes.BAD_REQUEST)
    if schema.exceeds_depth(payload, limits.payload_depth):
        raise CommandError(f"the payload is nested deeper than {limits.payload_depth}", code=codes.BAD_REQUEST)
    return payload


async def _publish(session: Session, number: int, name: str, request: PublishRequest) -> None:
    if request.type:
        raise CommandError(code=codes.NOT_AVAILABLE)
    address = session.engine.registry.find(name)
    _check_access(session, address, "publish")
    data = _payload(session, request.data)
    published = await address.rules.publish(address.channel, session.client, data)
    _check_access(session, address, "publish")
    encoded, binary = schema.encode(published), schema.is_binary(published)
    publication = Publication(encoded, info=session.info, binary=binary)
    await session.engine.broker.publish(name, publication, history=address.channel.history)
    session.reply(name, Reply(number, publish=EmptyResult()))


async def _call(session: Session, number: int, name: str, data: Raw) -> None:
    address = session.engine.registry.callee(name)
    if address.rules.answers:
        _check_access(session, address, "call")
    result = await address.rules.call(address.channel, session.client, _payload(session, data))
    encoded = schema.encode(result)
    session.reply(name, Reply(number, rpc=RpcResult(encoded if schema.is_binary(result) else Raw(encoded))))


async def _history(session: Session, number: int, name: str, request: HistoryRequest) -> None:
    limits = session.engine.limits
    limit = request.limit or 0
    since = None if request.since is None else Position(request.since.offset or 0, request.since.epoch or "")
    address = session.engine.registry.find(name)
    _check_access(session, address, "history")
    await address.rules.history(address.channel, session.client)
    if address.channel.history is None:
        raise CommandError(code=codes.NOT_AVAILABLE)
    if request.reverse and since and not since.offset:
        raise CommandError(code=codes.BAD_REQUEST)
    page = await session.engine.broker.history(
        name,
        since=since,
        limit=limit if 0 <= limit <= limits.history_page else limits.history_page,
        reverse=bool(request.reverse),
        max_bytes=limits.history_page_bytes,
    )
    if since and since.epoch not in ("", page.position.epoch):
        raise CommandError(code=codes.UNRECOVERABLE_POSITION)
    _check_access(session, address, "history")
    position = page.position
    result = HistoryResult([pub(each) for each in page.publications], position.epoch, position.offset)
    session.reply(name, Reply(number, history=result))


async def _presence(session: Session, number: int, name: str) -> None:
    address = await _watched(session, name)
    present = await session.engine.hub.presence(name)
    _check_access(session, address, "presence")
    members = {client: info(each) for client, each in present.items()}
    session.reply(name, Reply(number, presence=PresenceResult(members)))


async def _presence_stats(session: Session, number: int, name: str) -> None:
    address = await _watched(session, name)
    clients, users = await session.engine.broker.presence_stats(name)
    _check_access(session, address, "presence")
    session.reply(name, Reply(number, presence_stats=PresenceStatsResult(clients, users)))


async def _watched(session: Session, name: str) -> Address:
    """The channel, if this client may know who is there."""
    address = session.engine.registry.find(name)
    _check_access(session, address, "presence")
    await address.rules.presence(address.channel, session.client)
    if not address.channel.presence:
        raise CommandError(code=codes.NOT_AVAILABLE)
    return address


def _check_access(session: Session, address: Address, access: Access) -> None:
    """Return if the client is subscribed, or the channel does not require that for *access*.

    Asked before the rule, and again before anything happens: the client may have been removed meanwhile.
    """
    if address.rules.requires_subscription(access):
        subscription = session.subscriptions.get(address.name)
        if subscription is None or not subscription.live:
            raise Denied
