"""What a client sends, as typed values (protocol §2.3, §3 to §7).

A field that is missing has the same meaning as one that is null or zero. Fields that this server does not know are
ignored, so that newer SDKs work. None of these values can be part of a cycle, hence ``gc=False``.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Raw, Struct

_Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**32 - 1)]
_Offset: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)] | None
_Number: TypeAlias = Annotated[int, Meta(ge=-(2**31), le=2**63 - 1)] | None
_Flag: TypeAlias = bool | None
_Text: TypeAlias = str | None

REJECT_UNRECOVERED = 2
"""In ``SubscribeRequest.flag``: answer with error 112 rather than without what was missed."""


class StreamPosition(Struct, frozen=True, gc=False):
    """A position as a client names it; an empty epoch matches any."""

    offset: _Offset = None
    epoch: _Text = None


class SubscribeRequest(Struct, frozen=True, gc=False):
    """Wishes to receive a channel, from a position on if ``recover`` is set."""

    channel: _Text = None
    token: _Text = None
    data: Raw = Raw()
    recover: _Flag = None
    epoch: _Text = None
    offset: _Offset = None
    positioned: _Flag = None
    recoverable: _Flag = None
    join_leave: _Flag = None
    delta: _Text = None
    tf: Raw = Raw()
    flag: _Number = None
    type: _Number = None


class ConnectRequest(Struct, frozen=True, gc=False):
    """The first command of a connection.

    ``subs`` holds, by channel, from where on a client that comes back misses its server-side subscriptions;
    ``headers`` are what its page would have sent as headers, and no more to be trusted than ``data``.
    """

    token: _Text = None
    data: Raw = Raw()
    subs: dict[str, SubscribeRequest] | None = None
    name: _Text = None
    version: _Text = None
    headers: dict[str, str] | None = None
    flag: _Number = None


class UnsubscribeRequest(Struct, frozen=True, gc=False):
    """No longer wishes to receive a channel."""

    channel: _Text = None


class PublishRequest(Struct, frozen=True, gc=False):
    """Wishes to publish; ``type`` is 0 but for maps, whose ``key`` and ``removed`` name a row."""

    channel: _Text = None
    data: Raw = Raw()
    type: _Number = None
    key: _Text = None
    removed: _Flag = None


class PresenceRequest(Struct, frozen=True, gc=False):
    """Asks who is there."""

    channel: _Text = None


class PresenceStatsRequest(Struct, frozen=True, gc=False):
    """Asks how many are there."""

    channel: _Text = None


class HistoryRequest(Struct, frozen=True, gc=False):
    """Asks for publications of the past; a missing limit asks for the position only."""

    channel: _Text = None
    limit: _Number = None
    since: StreamPosition | None = None
    reverse: _Flag = None


class RpcRequest(Struct, frozen=True, gc=False):
    """Calls a method of the application."""

    method: _Text = None
    data: Raw = Raw()


class SendRequest(Struct, frozen=True, gc=False):
    """Something for the application that wants no answer."""

    data: Raw = Raw()


class RefreshRequest(Struct, frozen=True, gc=False):
    """New credentials for the connection."""

    token: _Text = None


class SubRefreshRequest(Struct, frozen=True, gc=False):
    """New credentials for a subscription; ``type`` is 0 but for shared polls."""

    channel: _Text = None
    token: _Text = None
    type: _Number = None


class UnreadableRequest(Struct, frozen=True, gc=False):
    """A request that cannot be read, such as one whose payload is not JSON. It fails with 107."""


Request: TypeAlias = (
    ConnectRequest
    | SubscribeRequest
    | UnsubscribeRequest
    | PublishRequest
    | PresenceRequest
    | PresenceStatsRequest
    | HistoryRequest
    | RpcRequest
    | SendRequest
    | RefreshRequest
    | SubRefreshRequest
    | UnreadableRequest
)


class Command(Struct, frozen=True, gc=False):
    """One request with its number. Without a number and a request it is the answer to a ping."""

    id: _Id | None = None
    connect: ConnectRequest | None = None
    subscribe: SubscribeRequest | None = None
    unsubscribe: UnsubscribeRequest | None = None
    publish: PublishRequest | None = None
    presence: PresenceRequest | None = None
    presence_stats: PresenceStatsRequest | None = None
    history: HistoryRequest | None = None
    rpc: RpcRequest | None = None
    send: SendRequest | None = None
    refresh: RefreshRequest | None = None
    sub_refresh: SubRefreshRequest | None = None

    @property
    def number(self) -> int:
        """The id, 0 when there is none."""
        return self.id or 0

    @property
    def request(self) -> Request | None:
        """What is asked for: the first one set, in the order of the fields (protocol §3)."""
        # A request is always true. Spelled out because every command passes here (``bench engine``).
        return (
            self.connect
            or self.subscribe
            or self.unsubscribe
            or self.publish
            or self.presence
            or self.presence_stats
            or self.history
            or self.rpc
            or self.send
            or self.refresh
            or self.sub_refresh
        )


class UnreadableCommand(Command, frozen=True, gc=False):
    """A command of which only the number could be read: it fails alone, and the connection goes on."""

    @property
    def request(self) -> Request | None:
        """In place of the request."""
        return _UNREADABLE


_UNREADABLE = UnreadableRequest()
UNREADABLE_AT_ONCE = 16
"""Unreadable commands in one frame; a frame with more does not hold commands."""
