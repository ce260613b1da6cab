"""One channel's audience without an engine: real queues, transports that are lists."""

from dataclasses import dataclass, field
from typing import Any

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.limits import Limits
from offhook.realtime.audience import Audience
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.fanout import Fanout
from offhook.realtime.registry import Registry
from offhook.realtime.send_queue import SendQueue, Turn
from offhook.realtime.subscription import Subscription
from offhook.wire.codec import Variant
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.replies import join_push
from tests.realtime.peers import JSON, Room, Wire

BYTES = Variant(JSON.codec, lambda content: content + b"\n", joins_frames=True)
"""Frames that may be written together, as those of our own WebSocket."""


@dataclass(eq=False)
class Member:
    """A subscription and its network; it began with what follows ``since``."""

    subscription: Subscription
    wire: Wire
    queue: SendQueue
    since: int
    failures: list[Code] = field(default_factory=list)

    @property
    def got(self) -> list[Any]:
        """Offsets of publications, and the users of joins."""
        pushes = [line["push"] for line in self.wire.lines]
        return [push["pub"]["offset"] if "pub" in push else push["join"]["info"]["user"] for push in pushes]


class Stage:
    """The audience, and who publishes to it."""

    def __init__(self, channel: type[Channel[Any]] = Room, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.turn = Turn()
        self.fanout = Fanout(self.turn, self.limits)
        self.address = Registry([channel]).find(channel.pattern.replace("{name}", "a"))
        self.audience = self.another()
        self.offset = 0

    def another(self) -> Audience:
        """The audience of another channel, in the same fan-out."""
        return Audience(self.address.name, type(self.address.channel), self.fanout)

    def member(self, variant: Variant = JSON, *, hears: bool = False, ahead: int = 0) -> Member:
        """Somebody who has everything so far, and as many that were not announced yet as *ahead* says."""
        member = self._member(variant, self.offset + ahead)
        member.subscription.hears_joins = hears
        self.audience.add(member.subscription)
        assert self.audience.go_live(member.subscription, Position(member.since, "e"), has_one=False)
        return member

    def _member(self, variant: Variant, since: int) -> Member:
        failures: list[Code] = []
        wire = Wire()
        queue = SendQueue(variant, wire, self.turn, self.limits, failures.append)
        info = ClientInfo("u", "c")
        subscription = Subscription(
            self.address, Client("c", "u", None), info, queue, lambda _, code: failures.append(code), self.limits
        )
        return Member(subscription, wire, queue, since, failures)

    def publish(self, count: int = 1, size: int = 0) -> None:
        """The next publications, each with so many further bytes."""
        for _ in range(count):
            self.offset += 1
            data = b'"%b"' % (b"x" * size)
            assert self.audience.deliver(Publication(data, self.offset, "e")) == []

    def join(self, user: str) -> None:
        """Somebody joined."""
        self.audience.tell(join_push("room:a", ClientInfo(user, user)))

    def discard(self, member: Member) -> None:
        """*member* is gone."""
        self.audience.discard(member.subscription)
        member.subscription.end(codes.UNSUBSCRIBED)
