"""What the server sends, as typed values (protocol §2.1, §2.3, §4 to §8).

Zero values are left out, except where a class says that a field is always there.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Raw, Struct

from offhook.base.codes import Code
from offhook.wire.publication import ClientInfo, Publication


class ErrorBody(Struct, frozen=True, omit_defaults=True):
    """Why a command failed. ``temporary`` asks the client to try again by itself."""

    code: int
    message: str
    temporary: bool = False


class Info(Struct, frozen=True, omit_defaults=True):
    """``ClientInfo`` on the wire; ``user`` and ``client`` are always there."""

    user: str
    client: str
    conn_info: Raw | None = None
    chan_info: Raw | None = None


class Pub(Struct, frozen=True, omit_defaults=True):
    """``Publication`` on the wire. With ``delta`` its data is a Fossil delta (protocol §11).

    JSON carries bytes as a string in base64, Protobuf as they are.
    """

    data: Raw | bytes
    info: Info | None = None
    offset: int = 0
    tags: Mapping[str, str] | None = None
    delta: bool = False
    epoch: str = ""


class SubscribeResult(Struct, frozen=True, omit_defaults=True):
    """The subscription stands; with ``expires`` it wants new credentials within ``ttl`` seconds.

    ``delta`` says that deltas were negotiated, and with it what ``Codec.text`` makes of every payload.
    """

    expires: bool = False
    ttl: int = 0
    recoverable: bool = False
    epoch: str = ""
    publications: Sequence[Pub] = ()
    recovered: bool = False
    offset: int = 0
    positioned: bool = False
    data: Raw | None = None
    was_recovering: bool = False
    delta: bool = False


class ConnectResult(Struct, frozen=True, omit_defaults=True):
    """The connection stands; with ``expires`` it wants new credentials within ``ttl`` seconds.

    :param subs: the server-side subscriptions, by channel.
    :param ping: seconds between two pings; ``pong`` asks for an answer to each.
    :param session: for emulated connections the secret that commands have to bring along, at process ``node``.
    :param time: milliseconds since 1970 by the server's clock.
    """

    client: str
    version: str = ""
    expires: bool = False
    ttl: int = 0
    data: Raw | None = None
    subs: Mapping[str, SubscribeResult] | None = None
    ping: int = 0
    pong: bool = False
    session: str = ""
    node: str = ""
    time: int = 0


class PresenceResult(Struct, frozen=True):
    """Who is there, by the connection's id."""

    presence: Mapping[str, Info]


class PresenceStatsResult(Struct, frozen=True):
    """How many are there; both are always present."""

    num_clients: int
    num_users: int


class HistoryResult(Struct, frozen=True):
    """Publications of the past and the stream's top; all three are always present."""

    publications: Sequence[Pub]
    epoch: str
    offset: int


class RpcResult(Struct, frozen=True, omit_defaults=True):
    """What a call returned."""

    data: Raw | bytes | None = None


class RefreshResult(Struct, frozen=True, omit_defaults=True):
    """The connection goes on, for ``ttl`` seconds when it ``expires`` at all."""

    client: str
    version: str = ""
    expires: bool = False
    ttl: int = 0


class SubRefreshResult(Struct, frozen=True, omit_defaults=True):
    """The subscription goes on, for ``ttl`` seconds when it ``expires`` at all."""

    expires: bool = False
    ttl: int = 0


class EmptyResult(Struct, frozen=True):
    """It was done; there is nothing to say about it."""


class Reply(Struct, frozen=True, omit_defaults=True):
    """The answer to one command: an error, or the result under the name of the request."""

    id: int
    error: ErrorBody | None = None
    connect: ConnectResult | None = None
    subscribe: SubscribeResult | None = None
    unsubscribe: EmptyResult | None = None
    publish: EmptyResult | None = None
    presence: PresenceResult | None = None
    presence_stats: PresenceStatsResult | None = None
    history: HistoryResult | None = None
    rpc: RpcResult | None = None
    refresh: RefreshResult | None = None
    sub_refresh: SubRefreshResult | None = None


class InfoBody(Struct, frozen=True):
    """Who joined or left."""

    info: Info


class UnsubscribeBody(Struct, frozen=True):
    """Why a subscription ended."""

    code: int
    reason: str


class SubscribeBody(Struct, frozen=True, omit_defaults=True):
    """The server subscribed the client."""

    recoverable: bool = False
    epoch: str = ""
    offset: int = 0
    positioned: bool = False
    data: Raw | None = None


class MessageBody(Struct, frozen=True):
    """Something for the connection as a whole."""

    data: Raw


class DisconnectBody(Struct, frozen=True):
    """Why the connection ends, where there is no close code to say it (protocol §14)."""

    code: int
    reason: str


class RefreshBody(Struct, frozen=True, omit_defaults=True):
    """The connection lives longer than it was told, or wants new credentials within ``ttl`` seconds."""

    expires: bool = False
    ttl: int = 0


class Push(Struct, frozen=True, omit_defaults=True):
    """Something that nobody asked for just now.

    ``channel`` is empty in ``message``, ``disconnect``, ``refresh`` and ``connect``, which concern the connection,
    and set in all others: an SDK crashes without.
    """

    channel: str = ""
    pub: Pub | None = None
    join: InfoBody | None = None
    leave: InfoBody | None = None
    unsubscribe: UnsubscribeBody | None = None
    subscribe: SubscribeBody | None = None
    message: MessageBody | None = None
    disconnect: DisconnectBody | None = None
    refresh: RefreshBody | None = None
    connect: ConnectResult | None = None


Outbound: TypeAlias = Reply | Push


def error_reply(number: int, code: Code, text: str = "") -> Reply:
    """The command *number* failed."""
    return Reply(number, error=ErrorBody(code.number, text or code.name, code.retry))


def info(client: ClientInfo) -> Info:
    """*client* on the wire."""
    return Info(client.user, client.client, _raw(client.conn_info), _raw(client.chan_info))


def pub(publication: Publication, data: Raw | bytes | None = None, *, delta: bool = False) -> Pub:
    """*publication* on the wire. The first one of a stream tells the epoch to who came before (protocol §8.1).

    :param data: what stands for its data where deltas were negotiated; ``delta`` says that it is one.
    """
    return Pub(
        (publication.data if publication.binary else Raw(publication.data)) if data is None else data,
        info(publication.info) if publication.info else None,
        publication.offset,
        publication.tags or None,
        delta,
        publication.epoch if publication.offset == 1 else "",
    )


def pub_push(channel: str, publication: Publication) -> Push:
    """*publication* for the subscribers of *channel*."""
    return Push(channel, pub=pub(publication))


def join_push(channel: str, client: ClientInfo) -> Push:
    """*client* joined."""
    return Push(channel, join=InfoBody(info(client)))


def leave_push(channel: str, client: ClientInfo) -> Push:
    """*client* left."""
    return Push(channel, leave=InfoBody(info(client)))


def unsubscribe_push(channel: str, code: Code) -> Push:
    """The server ended the subscription; the code's range says whether the client subscribes again."""
    return Push(channel, unsubscribe=UnsubscribeBody(code.number, code.name))


def disconnect_push(code: int, reason: str) -> Push:
    """The connection ends; for transports without a close code (protocol §14)."""
    return Push(disconnect=DisconnectBody(code, reason))


def subscribe_push(channel: str, result: SubscribeResult) -> Push:
    """The server subscribed the client, as *result* says (protocol §8.4)."""
    body = SubscribeBody(result.recoverable, result.epoch, result.offset, result.positioned, result.data)
    return Push(channel, subscribe=body)


def message_push(data: bytes) -> Push:
    """One JSON text for the connection as a whole."""
    return Push(message=MessageBody(Raw(data)))


def refresh_push(*, expires: bool, ttl: int) -> Push:
    """The connection's sign-in runs out at another time than it was told."""
    return Push(refresh=RefreshBody(expires, ttl))


def _raw(text: bytes | None) -> Raw | None:
    return None if text is None else Raw(text)
