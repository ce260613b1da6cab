"""One connection's subscription to one channel.

A subscription has three states: *catching up* from the moment when it is reserved, *live* when its client has the
reply, *ended*. It ends once, by ``Session.forget``, which takes it out of the session and of the hub in the same
step. An ended subscription cannot be registered with the hub and cannot become live; the attempt that made it
fails with ``refusal``, whatever that attempt is waiting for when the subscription ends.
"""

import asyncio
from collections.abc import Callable, Sequence

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.errors import CommandError
from offhook.base.limits import Limits
from offhook.realtime.channel import Slow
from offhook.realtime.client import Client
from offhook.realtime.expiry import Expiry
from offhook.realtime.forms import Delta, Form
from offhook.realtime.registry import Address, AnyClient
from offhook.realtime.send_queue import SendQueue
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.recovery import Gap


class Removed(CommandError):
    """The application, or the end of the session, removed a subscription before it was live."""

    code = codes.PERMISSION_DENIED


class Subscription:
    """From the command that asked for it to its end. Each attempt is a new object, and equal to nothing else.

    It begins *catching up*: what is delivered meanwhile is held back, so that nothing precedes the reply and
    nothing is missed between the history that is read and the publications that follow. Where it stands once it is
    live, its cohort knows.

    :param fail: called when it cannot go on, with the reason, of which the client is to be told.
    :param limits: how many publications, and bytes of them, may be held back.
    """

    __slots__ = (
        "_fail",
        "_held",
        "_held_bytes",
        "_limits",
        "address",
        "admitted",
        "by_token",
        "client",
        "confirmed",
        "delta",
        "ended",
        "entered",
        "expiry",
        "feeding",
        "hears_joins",
        "info",
        "joined",
        "live",
        "queue",
        "server_side",
    )

    def __init__(
        self,
        address: Address,
        client: AnyClient,
        info: ClientInfo,
        queue: SendQueue,
        fail: "Callable[[Subscription, Code], None]",
        limits: Limits,
    ) -> None:
        self.address = address
        self.client: Client[object] = client
        self.info = info
        self.queue = queue
        self.server_side = False
        """Whether the application asked for it, and not the client."""
        self.by_token = False
        """Whether a token let it in, which the client has to renew."""
        self.live = False
        """Whether publications are delivered to it."""
        self.confirmed = False
        """Whether the client has the reply, so that it has to be told of the end."""
        self.ended: Code | None = None
        """Why it ended; None as long as it has not."""
        self.delta = False
        """Whether the client takes differences (protocol §11)."""
        self.hears_joins = False
        """Whether the client receives joins and leaves."""
        self.entered = False
        """Whether others may see that it is there."""
        self.joined = False
        """Whether others were told that it joined."""
        self.admitted = False
        """Whether the channel's rule let it in, and has to be told when it goes."""
        self.expiry: Expiry | None = None
        """Until when it may go on; None is for ever."""
        self.feeding: asyncio.Future[None] | None = None
        """What sends the rest of a recovery after the reply."""
        self._fail = fail
        self._limits = limits
        self._held: list[Publication] | None = []
        self._held_bytes = 0

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.address.name

    @property
    def active(self) -> bool:
        """Whether the reply is on its way, even if publications that the client missed are still to follow it."""
        return self.confirmed and self.ended is None

    @property
    def positioned(self) -> bool:
        """Whether the channel has a history, so that every publication is accounted for."""
        return self.address.channel.history is not None

    @property
    def slow(self) -> Slow:
        """What happens when the client reads too slowly."""
        return self.address.channel.slow

    def form(self, *, has_one: bool) -> Form:
        """What it receives, given whether the client *has one* publication that a delta can be applied to."""
        delta: Delta = "none" if not self.delta else "next" if has_one else "first"
        return Form(self.queue.variant, delta)

    def hold(self, publication: Publication) -> None:
        """Keep *publication* for after the reply."""
        if self._held is None:
            return
        self._held.append(publication)
        self._held_bytes += publication.size
        limits = self._limits
        if len(self._held) > limits.recovery_buffer or self._held_bytes > limits.recovery_buffer_bytes:
            self._held = None

    def doubt(self) -> None:
        """Announcements may have been lost, also among those that were held back."""
        self._held = None

    def held(self) -> Sequence[Publication]:
        """What was held back so far.

        :raises Gap: something may be missing in it; it begins anew.
        """
        if self._held is None:
            self.hold_anew()
            raise Gap("publications were lost while catching up")
        return self._held

    def hold_anew(self) -> None:
        """Drop what was held back: the history that is read from now on has it."""
        self._held, self._held_bytes = [], 0

    def go_live(self) -> None:
        """What follows is delivered."""
        self.live = True
        self._held = None

    @property
    def refusal(self) -> CommandError:
        """The answer to the command of an attempt whose subscription ended before it was live."""
        match self.ended:
            case codes.UNSUBSCRIBED_EXPIRED if self.by_token:
                return CommandError(code=codes.TOKEN_EXPIRED)
            case codes.UNSUBSCRIBED_EXPIRED | codes.UNSUBSCRIBED_INSUFFICIENT:
                return CommandError(code=codes.INTERNAL)  # the client tries again, and the rule is asked again
        return Removed()

    def end(self, code: Code) -> None:
        """Nothing is delivered any more, because of *code*."""
        self.live = False
        self.ended = code
        self._held = None
        if self.expiry is not None:
            self.expiry.cancel()
        if self.feeding is not None:
            self.feeding.cancel()
            self.feeding = None

    def fail(self, code: Code) -> None:
        """It cannot go on; the client is told *code*."""
        self._fail(self, code)

    def resync(self) -> None:
        """The client reads too slowly and takes a new snapshot; what is on its way to it already has a hole."""
        self.live = False
        self._fail(self, codes.UNSUBSCRIBED_INVALIDATED)
