"""Ids of server-sent events: where a client stands in each of its channels, so that it recovers what it missed.

An ``EventSource`` sends the last id that it received when it connects again (``Last-Event-ID``). The id of a push
holds the positions of all channels of the connection, as base64 of JSON; a push that moves none has no id.
"""

import base64
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from offhook.wire.position import Position

_LONGEST = 8192
"""Bytes of an id, which is to fit into a request's head. A longer one is left out, and nothing can be resumed."""


class _Place(Struct, gc=False):
    offset: int = 0
    epoch: str = ""


class _Subscribed(Struct, gc=False):
    offset: int = 0
    epoch: str = ""
    publications: Sequence[_Place] = ()


class _Connected(Struct, gc=False):
    subs: dict[str, _Subscribed] = {}


class _Push(Struct, gc=False):
    channel: str = ""
    pub: _Place | None = None
    connect: _Connected | None = None
    subscribe: _Subscribed | None = None
    unsubscribe: object = None


_read = msgspec.json.Decoder(_Push).decode
_positions = msgspec.json.Decoder(dict[str, tuple[int, str]]).decode


class EventIds:
    """The positions of one connection, which its pushes move in the order in which they are written."""

    def __init__(self) -> None:
        self._positions: dict[str, tuple[int, str]] = {}

    def after(self, push: bytes) -> bytes | None:
        """The id of the event that is *push*; None if it moves no position. Empty if it would be too long."""
        before = dict(self._positions)
        self._move(_read(push))
        if self._positions == before:
            return None
        name = base64.urlsafe_b64encode(msgspec.json.encode(self._positions))
        return name if len(name) <= _LONGEST else b""

    def _move(self, push: _Push) -> None:
        if push.connect is not None:
            for channel, subscribed in push.connect.subs.items():
                self._begin(channel, subscribed)
        elif push.subscribe is not None:
            self._begin(push.channel, push.subscribe)
        elif push.unsubscribe is not None:
            self._positions.pop(push.channel, None)
        elif push.pub is not None and push.pub.offset and push.channel in self._positions:
            self._positions[push.channel] = (push.pub.offset, self._positions[push.channel][1])

    def _begin(self, channel: str, subscribed: _Subscribed) -> None:
        if subscribed.epoch:
            last = subscribed.publications[-1].offset if subscribed.publications else subscribed.offset
            self._positions[channel] = (last, subscribed.epoch)


def positions_of(event_id: str) -> Mapping[str, Position]:
    """The positions in an id; none in one that is not ours."""
    try:
        found = _positions(base64.urlsafe_b64decode(event_id))
    except (ValueError, RecursionError):
        return {}
    return {channel: Position(offset, epoch) for channel, (offset, epoch) in found.items() if 0 <= offset < 2**63}
