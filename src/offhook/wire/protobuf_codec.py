"""Protobuf, one length-prefixed message after the other (protocol §2.2), from the tables of protocol §2.3.

Payloads are JSON text here too: Protobuf carries it as bytes.
"""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import (
    Command,
    ConnectRequest,
    HistoryRequest,
    PresenceRequest,
    PresenceStatsRequest,
    PublishRequest,
    RefreshRequest,
    RpcRequest,
    SendRequest,
    StreamPosition,
    SubRefreshRequest,
    SubscribeRequest,
    UnsubscribeRequest,
)
from offhook.wire.protobuf import (
    Data,
    Each,
    Field,
    Flag,
    Integer,
    Kind,
    Map,
    Message,
    Text,
    delimited,
    take_delimited,
)
from offhook.wire.replies import (
    ConnectResult,
    DisconnectBody,
    EmptyResult,
    ErrorBody,
    HistoryResult,
    Info,
    InfoBody,
    MessageBody,
    Outbound,
    PresenceResult,
    PresenceStatsResult,
    Pub,
    Push,
    RefreshBody,
    RefreshResult,
    Reply,
    RpcResult,
    SubRefreshResult,
    SubscribeBody,
    SubscribeResult,
    UnsubscribeBody,
)

_STR, _BYTES, _BOOL = Text(), Data(), Flag()
_U32, _I32, _I64 = Integer(0, 2**32 - 1), Integer(-(2**31), 2**31 - 1), Integer(-(2**63), 2**63 - 1)
_U64 = Integer(0, 2**63 - 1)
"""Offsets; the upper half is not used, as in JSON."""

# Commands

_SUBSCRIBE = Message(
    SubscribeRequest,
    channel=(1, _STR),
    token=(2, _STR),
    recover=(3, _BOOL),
    epoch=(6, _STR),
    offset=(7, _U64),
    data=(8, _BYTES),
    positioned=(9, _BOOL),
    recoverable=(10, _BOOL),
    join_leave=(11, _BOOL),
    delta=(12, _STR),
    tf=(13, _BYTES),  # a message that we refuse unread
    flag=(14, _I64),
    type=(15, _I32),
)
_CONNECT = Message(
    ConnectRequest,
    token=(1, _STR),
    data=(2, _BYTES),
    subs=(3, Map(_SUBSCRIBE, SubscribeRequest())),
    name=(4, _STR),
    version=(5, _STR),
    headers=(6, Map(_STR, "")),
    flag=(7, _I64),
)
_COMMAND = Message(
    Command,
    id=(1, _U32),
    connect=(4, _CONNECT),
    subscribe=(5, _SUBSCRIBE),
    unsubscribe=(6, Message(UnsubscribeRequest, channel=(1, _STR))),
    publish=(
        7,
        Message(
            PublishRequest, channel=(1, _STR), data=(2, _BYTES), type=(3, _I32), key=(4, _STR), removed=(5, _BOOL)
        ),
    ),
    presence=(8, Message(PresenceRequest, channel=(1, _STR))),
    presence_stats=(9, Message(PresenceStatsRequest, channel=(1, _STR))),
    history=(
        10,
        Message(
            HistoryRequest,
            channel=(1, _STR),
            limit=(7, _I32),
            since=(8, Message(StreamPosition, offset=(1, _U64), epoch=(2, _STR))),
            reverse=(9, _BOOL),
        ),
    ),
    send=(12, Message(SendRequest, data=(1, _BYTES))),
    rpc=(13, Message(RpcRequest, data=(1, _BYTES), method=(2, _STR))),
    refresh=(14, Message(RefreshRequest, token=(1, _STR))),
    sub_refresh=(15, Message(SubRefreshRequest, channel=(1, _STR), token=(2, _STR), type=(3, _I32))),
)

# Replies and pushes

_INFO = Message(Info, user=(1, _STR), client=(2, _STR), conn_info=(3, _BYTES), chan_info=(4, _BYTES))
_PUB = Message(
    Pub,
    data=(4, _BYTES),
    info=(5, _INFO),
    offset=(6, _U64),
    tags=(7, Map(_STR, "")),
    delta=(8, _BOOL),
    epoch=(14, _STR),
)
_SUBSCRIBED = Message(
    SubscribeResult,
    expires=(1, _BOOL),
    ttl=(2, _U32),
    recoverable=(3, _BOOL),
    epoch=(6, _STR),
    publications=(7, Each(_PUB)),
    recovered=(8, _BOOL),
    offset=(9, _U64),
    positioned=(10, _BOOL),
    data=(11, _BYTES),
    was_recovering=(12, _BOOL),
    delta=(13, _BOOL),
)
_SUBS = Map(_SUBSCRIBED, SubscribeResult())
_SINCE_PING: Mapping[str, tuple[int, Kind]] = {
    "ping": (7, _U32),
    "pong": (8, _BOOL),
    "session": (9, _STR),
    "node": (10, _STR),
    "time": (11, _I64),
}
_CONNECTED = Message(
    ConnectResult,
    client=(1, _STR),
    version=(2, _STR),
    expires=(3, _BOOL),
    ttl=(4, _U32),
    data=(5, _BYTES),
    subs=(6, _SUBS),
    **_SINCE_PING,
)
_CONNECT_PUSH = Message(
    ConnectResult,
    client=(1, _STR),
    version=(2, _STR),
    data=(3, _BYTES),
    subs=(4, _SUBS),
    expires=(5, _BOOL),
    ttl=(6, _U32),
    **_SINCE_PING,
)
_EMPTY = Message(EmptyResult)
_INFO_BODY = Message(InfoBody, info=(1, _INFO))
_PUSH = Message(
    Push,
    channel=(2, _STR),
    pub=(4, _PUB),
    join=(5, _INFO_BODY),
    leave=(6, _INFO_BODY),
    unsubscribe=(7, Message(UnsubscribeBody, code=(2, _U32), reason=(3, _STR))),
    message=(8, Message(MessageBody, data=(1, _BYTES))),
    subscribe=(
        9,
        Message(
            SubscribeBody,
            recoverable=(1, _BOOL),
            epoch=(4, _STR),
            offset=(5, _U64),
            positioned=(6, _BOOL),
            data=(7, _BYTES),
        ),
    ),
    connect=(10, _CONNECT_PUSH),
    disconnect=(11, Message(DisconnectBody, code=(1, _U32), reason=(2, _STR))),
    refresh=(12, Message(RefreshBody, expires=(1, _BOOL), ttl=(2, _U32))),
)
_REPLY = Message(
    Reply,
    id=(1, _U32),
    error=(2, Message(ErrorBody, code=(1, _U32), message=(2, _STR), temporary=(3, _BOOL))),
    connect=(5, _CONNECTED),
    subscribe=(6, _SUBSCRIBED),
    unsubscribe=(7, _EMPTY),
    publish=(8, _EMPTY),
    presence=(9, Message(PresenceResult, presence=(1, Map(_INFO, None)))),
    presence_stats=(10, Message(PresenceStatsResult, num_clients=(1, _U32), num_users=(2, _U32))),
    history=(11, Message(HistoryResult, publications=(1, Each(_PUB)), epoch=(2, _STR), offset=(3, _U64))),
    rpc=(13, Message(RpcResult, data=(1, _BYTES))),
    refresh=(
        14,
        Message(RefreshResult, client=(1, _STR), version=(2, _STR), expires=(3, _BOOL), ttl=(4, _U32)),
    ),
    sub_refresh=(15, Message(SubRefreshResult, expires=(1, _BOOL), ttl=(2, _U32))),
)
_PUSH_IN_REPLY = Field.of("push", 4, _PUSH)


class ProtobufCodec:
    """The Protobuf codec."""

    subprotocol = "centrifuge-protobuf"
    ping = b"\x00"

    def decode(self, frame: Payload) -> list[Command]:
        """All commands, each behind its length."""
        if not frame or isinstance(frame, str):
            raise Malformed("an empty frame, or a text")
        commands, at = [], 0
        while at < len(frame):
            message, at = take_delimited(frame, at)
            commands.append(_COMMAND.decode(message))
        return commands

    def encode(self, value: Outbound) -> bytes:
        """A push is the field of a reply without an id."""
        return delimited(_PUSH_IN_REPLY.encode(value) if isinstance(value, Push) else _REPLY.content(value))

    def text(self, data: bytes, *, binary: bool = False) -> Raw:
        """As it is: every payload is bytes."""
        return Raw(data)

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """One after the other."""
        return b"".join(encoded)
