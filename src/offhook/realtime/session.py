"""One connected client, without its transport: what is legal now, in which order, and for how long.

Order: commands on one channel run one after the other. The reply to a command on a channel follows every push of
that channel that the broker announced before; with a broker that announces inside ``publish`` (``memory://``) a
publisher receives its own publication before the reply. This depends neither on the version of Python nor on the
number of subscribers (``decisions/0016``).

``Session.subscriptions`` holds every subscription of the connection that has not ended, at most one for each
channel. Work on a channel runs in the order of its commands, and a subscription is reserved when its turn comes.
So an end (by the application, the client, an expiry or the session's own end) always finds it there.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar

from offhook.base import codes, observe, schema
from offhook.base.allowance import Allowance
from offhook.base.codes import Code
from offhook.base.errors import BrokerError, CommandError, Disconnect
from offhook.base.incoming import Identity, Incoming
from offhook.base.types import Payload
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.realtime.expiry import Expiry
from offhook.realtime.orders import Order
from offhook.realtime.send_queue import SendQueue, Transport
from offhook.realtime.subscription import Subscription
from offhook.realtime.tasks import within
from offhook.wire.codec import Malformed, Variant
from offhook.wire.commands import Command, ConnectRequest, SendRequest
from offhook.wire.publication import ClientInfo
from offhook.wire.replies import Outbound, Reply, error_reply, unsubscribe_push

T = TypeVar("T")
State: TypeAlias = Literal["opened", "connecting", "connected", "unusable", "closed"]

CONNECTION = ""
"""Stands for a channel where work concerns the connection as a whole."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a session does with what it is told; the session itself only knows when.

    :param dispatch: with a command that is legal now. It may raise, and the command is refused.
    :param obey: with an order of the application.
    :param expire: when the sign-in behind it has run out.
    :param goodbye: when it has ended, if it had been welcome.
    """

    dispatch: "Callable[[Session, Command], None]"
    obey: "Callable[[Session, Order], None]"
    expire: "Callable[[Session], None]"
    goodbye: "Callable[[Session, Disconnect], Coroutine[Any, Any, None]]"


class Session:
    """The protocol's state of one connection (protocol §3 to §6).

    A transport calls ``receive`` for each frame, waits for ``ready`` before the next one, and calls ``lost`` when
    the connection is gone. It is closed through ``Transport``.

    :param identity: whom the application recognised; None is nobody.
    :param incoming: the request that opened the connection.
    :param behaviour: what to do with commands and orders.
    :param began: when its admission began, by the loop's clock; now if left out.
    :param emulated: commands come in requests of their own, which bring ``secret`` along (protocol §14).
    :param uni: nothing comes but the connect command (protocol §14).
    :param pings: whether to ping; not where the transport has pings of its own.
    """

    __slots__ = (
        "_allowance",
        "_behaviour",
        "_expiry",
        "_held_up",
        "_in_flight",
        "_last",
        "_loop",
        "_pending",
        "_ready",
        "_transport",
        "began",
        "by_token",
        "client",
        "engine",
        "identity",
        "incoming",
        "info",
        "invited",
        "leaving",
        "parted",
        "pings",
        "queue",
        "secret",
        "state",
        "subscriptions",
        "uni",
        "welcome",
    )

    def __init__(
        self,
        engine: Engine,
        variant: Variant,
        transport: Transport,
        identity: Identity[Any] | None,
        incoming: Incoming,
        behaviour: Behaviour,
        *,
        began: float | None = None,
        emulated: bool = False,
        uni: bool = False,
        pings: bool = True,
    ) -> None:
        self.engine = engine
        self.identity = identity
        self.incoming = incoming
        self.secret = engine.env.uuid() if emulated else ""
        """Whoever knows it may send commands; never logged."""
        self.uni = uni
        self.pings = pings
        self.by_token = False
        """Whether the client showed a token, and has to bring another one before it expires."""
        self.welcome = False
        """Whether the application let it in, and so hears of its end."""
        self.state: State = "opened"
        self.subscriptions: dict[str, Subscription] = {}
        """By channel: all that are reserved or live."""
        self.leaving: Counter[str] = Counter()
        """Unsubscribe commands that wait for their turn, by channel."""
        self.invited: dict[str, object] = {}
        """Channels that the application subscribes the client to, when their turn comes; each with its order."""
        self.parted: set[str] = set()
        """Channels from which the application removed the client while it was connecting."""
        self.client: Client[Any] = _client(engine.env.uuid(), identity)
        self.info = _info(self.client)
        self.queue = SendQueue(variant, transport, engine.turn, engine.limits, self._fail)
        self._transport = transport
        self._behaviour = behaviour
        self._pending: list[Command] = []
        """Commands that wait, the oldest last."""
        self._in_flight = 0
        self._held_up = False
        """Whether commands wait until the network has taken replies."""
        self._last: dict[str, asyncio.Future[Any]] = {}
        """The latest work on each channel that has not ended."""
        self._ready: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self.began = self._loop.time() if began is None else began
        """When its admission began, by the loop's clock."""
        self._allowance = Allowance(
            engine.limits.commands_a_second, engine.limits.commands_at_once, self._loop.time()
        )
        self._expiry: Expiry | None = None
        """When its sign-in runs out; None is never."""
        engine.sessions.add(self)
        engine.heartbeat.opened(self)
        engine.metrics.connections += 1

    @property
    def user_id(self) -> str:
        """Whose connection it is."""
        return self.client.user_id

    @property
    def address(self) -> str | None:
        """Where it came from."""
        return self.incoming.client

    @property
    def sign_in(self) -> str:
        """The sign-in that it came by."""
        return self.identity.session if self.identity is not None else ""

    @property
    def ended(self) -> bool:
        """Whether it is over; what is still under way for it is for nobody."""
        return self.state == "closed"

    @property
    def waiting(self) -> int:
        """Bytes that wait for it."""
        return self.queue.waiting

    def identify(self, identity: Identity[Any]) -> None:
        """It is *identity* whose connection it is: the client's token says so."""
        self.by_token = True
        self.identity = identity
        self.client = _client(self.client.id, identity)
        self.info = _info(self.client)

    # In

    def receive(self, frame: Payload) -> None:
        """Begin what the commands of *frame* ask for; whatever a stranger sends, this does not raise."""
        if self.state == "closed":
            return
        self._allowance.refill(self._loop.time())
        try:
            self._pending[:0] = reversed(self.queue.variant.codec.decode(frame))
        except Malformed:
            self.close(Disconnect(codes.BAD_COMMAND))
        self._pump()

    @property
    def busy(self) -> bool:
        """Whether so many commands are under way that no frame may be read."""
        return bool(self._pending)

    async def ready(self) -> None:
        """Return when another frame may be read: at once, unless too many commands are under way."""
        if self._pending:
            if self._ready is None or self._ready.done():
                self._ready = self._loop.create_future()
            await asyncio.shield(self._ready)  # several requests of an emulated connection may wait

    def _pump(self) -> None:
        most = self.engine.limits.commands_in_flight
        while self._pending and self._in_flight < most and self.state != "connecting":
            if self.queue.crowded:
                self._pump_later()
                return
            self._handle(self._pending.pop())
        if not self._pending and self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def _pump_later(self) -> None:
        """Go on when the network has taken what waits: whoever does not read replies sends no more commands."""
        if not self._held_up:
            self._held_up = True
            self.engine.background.start(self._wait_for_room())

    async def _wait_for_room(self) -> None:
        async with self.queue.room():
            self._held_up = False
        self._pump()

    def _handle(self, command: Command) -> None:
        try:
            if self._is_for_us(command):
                if command.number:
                    self._allowance.take()
                self._behaviour.dispatch(self, command)
        except Exception as error:
            self.refuse(command.number, error)

    def _is_for_us(self, command: Command) -> bool:
        """Whether there is something to do for a legal command; a pong is legal and done. (protocol §3, §16)"""
        request = command.request
        opens = isinstance(request, ConnectRequest)
        if self.state == "unusable" or opens != (self.state == "opened"):
            raise Disconnect(codes.BAD_COMMAND)
        if not command.number and not isinstance(request, SendRequest):
            if not self.engine.heartbeat.answered(self):
                raise Disconnect(codes.BAD_COMMAND)
            return False
        if request is None:
            raise Disconnect(codes.BAD_COMMAND)
        return True

    def obey(self, order: Order) -> None:
        """Do what the application asks of this connection."""
        self._behaviour.obey(self, order)

    # Work on a channel, in the order in which it was asked for

    def run(self, channel: str, number: int, work: Coroutine[Any, Any, None]) -> None:
        """Do *work*, which answers command *number*, after all earlier work on *channel*."""
        task = self.after(channel, self._answer(channel, number, work))
        if not task.done():
            self._in_flight += 1
            task.add_done_callback(self._answered)

    def after(self, channel: str, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        """Do *work* after all earlier work on *channel*. It takes care of its own exceptions."""
        earlier = self._last.get(channel)
        task = self.engine.background.start(work if earlier is None else _wait_and(earlier, work))
        if not task.done():
            self._last[channel] = task
            task.add_done_callback(partial(self._ended, channel))
        return task

    def _ended(self, channel: str, task: "asyncio.Future[Any]") -> None:
        if self._last.get(channel) is task:
            del self._last[channel]

    def _answered(self, task: "asyncio.Future[None]") -> None:
        self._in_flight -= 1
        self._pump()

    async def _answer(self, channel: str, number: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self._hurry(channel)
            self.refuse(number, error)

    def refuse(self, number: int, error: Exception) -> None:
        """The one boundary where what an application raises becomes an answer, and never its text."""
        match error:
            case CommandError():
                self._fail_command(number, error.code, error.text)
            case Disconnect():
                self.close(error)
            case _:
                self._log(error)
                self._fail_command(number, codes.INTERNAL)

    def _log(self, error: Exception) -> None:
        match error:
            case TimeoutError():
                observe.LINE.error("a command took longer than its deadline")
            case BrokerError():
                self.engine.complain("commands fail: %s", error)
            case _:
                observe.failure(observe.LINE, "a command failed", error)

    def _fail_command(self, number: int, code: Code, text: str = "") -> None:
        self.engine.metrics.errors[code.number] += 1
        if self.uni:
            # There are no replies, hence no errors (protocol §14).
            self.close(Disconnect(codes.instead_of(code)))
            return
        if self.state in ("opened", "connecting"):
            self.state = "unusable"  # the connect command failed; another one needs another connection
        self.send(error_reply(number, code, text))

    def within(self, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """*work* that an application or a broker may make wait, with a deadline: an SDK does not wait for ever."""
        return within(self.engine.limits.handler, work)

    # Out

    def send(self, value: Outbound) -> None:
        """Queue a reply or push for this connection alone."""
        if self.state != "closed":
            self.queue.put(self.queue.variant.encode(value))

    def reply(self, channel: str, reply: Reply) -> None:
        """Answer a command on *channel*, after all pushes of the channel that were published before."""
        self._hurry(channel)
        self.send(reply)

    def _hurry(self, channel: str) -> None:
        subscription = self.subscriptions.get(channel)
        if subscription is not None:
            self.engine.hub.hurry(subscription)

    def drop(self, subscription: Subscription, code: Code) -> None:
        """End *subscription* because of *code*; nothing if it has ended.

        A client that has the subscribe reply, and has not sent an unsubscribe since, gets an unsubscribe push. The
        attempt of a subscription that is not live fails, and its command is refused.
        """
        if self.forget(subscription, code):
            if subscription.confirmed and not self.leaving[subscription.name]:
                self.send(unsubscribe_push(subscription.name, code))
            self.after(subscription.name, self.engine.presence.leave(subscription))

    def forget(self, subscription: Subscription, code: Code) -> bool:
        """End *subscription* here and in the hub; False if it has ended. What others see of it is left to do."""
        if subscription.ended is not None:
            return False
        if self.subscriptions.get(subscription.name) is subscription:
            del self.subscriptions[subscription.name]
        self.engine.hub.remove(subscription)
        subscription.end(code)
        return True

    # Time

    def connected(self) -> None:
        """The client knows that it is connected; from now on pings show whether it is there."""
        self.state = "connected"
        self.parted.clear()
        self.engine.heartbeat.connected(self)
        if self.identity is not None:
            self.expire_at(self.identity.expires)

    def ping(self) -> None:
        """Ask whether the client is there."""
        self.queue.put(self.queue.variant.ping())

    def expire_at(self, expires: float) -> None:
        """The sign-in runs out at the second *expires* since 1970; a client with a token may be a little late."""
        grace = self.engine.limits.refresh_grace if self.by_token else 0.0
        if self._expiry is None and expires != math.inf:
            self._expiry = Expiry(self.engine.env, partial(self._behaviour.expire, self))
        if self._expiry is not None:
            self._expiry.set(expires + grace)

    # The end

    def close(self, disconnect: Disconnect) -> None:
        """End the connection: what is queued is still sent, then the code."""
        if self.state != "closed":
            self._end(disconnect, self._finish(disconnect, flush=True))

    def lost(self) -> None:
        """The connection is gone; nobody is there to be told."""
        self._give_up(codes.CONNECTION_CLOSED)

    def _fail(self, code: Code) -> None:
        """The queue cannot go on. A network that did not take a frame in time is not given as long for a Close."""
        if code == codes.WRITE_ERROR:
            self._give_up(code)
        elif self.state != "closed":
            disconnect = Disconnect(code)
            self._end(disconnect, self._finish(disconnect, flush=False))

    def _give_up(self, code: Code) -> None:
        """End it without a word."""
        if self.state != "closed":
            self.queue.close()
            self._transport.abort()
            self._end(Disconnect(code), None)

    def _end(self, disconnect: Disconnect, finish: Coroutine[Any, Any, None] | None) -> None:
        """Leave the hub at once, then close the transport, then undo what others saw (protocol §6.4)."""
        self.state = "closed"
        self.engine.metrics.disconnects[disconnect.code.number] += 1
        observe.ended(self.client.id, disconnect)
        self.engine.heartbeat.ended(self)
        if self._expiry is not None:
            self._expiry.cancel()
        self._pending.clear()
        self._pump()
        self.engine.sessions.discard(self)
        ended = list(self.subscriptions.values())
        for subscription in ended:
            self.forget(subscription, codes.UNSUBSCRIBED)
        self.engine.background.start(self._clean_up(finish, ended))
        self.after(CONNECTION, self._behaviour.goodbye(self, disconnect))

    async def _clean_up(self, finish: Coroutine[Any, Any, None] | None, ended: list[Subscription]) -> None:
        if finish is not None:
            await finish
        for subscription in ended:
            self.after(subscription.name, self.engine.presence.leave(subscription))

    async def _finish(self, disconnect: Disconnect, *, flush: bool) -> None:
        try:
            async with asyncio.timeout(self.engine.limits.write):
                if flush:
                    await self.queue.drain()
                await self._transport.close(disconnect.code.number, disconnect.reason)
        except TimeoutError:
            observe.LINE.info("a connection did not take its close")
        finally:
            self.queue.close()
            self._transport.abort()


def _client(connection: str, identity: Identity[Any] | None) -> Client[Any]:
    if identity is None:
        return Client(connection, "", None)
    return Client(connection, identity.id, identity.user, identity.info)


def _info(client: Client[Any]) -> ClientInfo:
    info = None if client.info is None else schema.encode(client.info)
    return ClientInfo(client.user_id, client.id, info)


async def _wait_and(earlier: "asyncio.Future[Any]", work: Coroutine[Any, Any, T]) -> T:
    try:
        await asyncio.wait([earlier])
    except BaseException:
        work.close()
        raise
    return await work
