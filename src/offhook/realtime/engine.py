"""The engine: what all sessions of one application share in this process."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from offhook.base import codes, observe
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import Disconnect, UsageError
from offhook.base.incoming import Authenticate
from offhook.base.limits import Limits
from offhook.base.types import Json, Payload
from offhook.brokers.base import Broker
from offhook.realtime.channel import Channel
from offhook.realtime.control import Control
from offhook.realtime.heartbeat import Heartbeat
from offhook.realtime.hooks import OnConnect, OnDisconnect
from offhook.realtime.hub import Hub
from offhook.realtime.line import Line
from offhook.realtime.metrics import Metrics
from offhook.realtime.presence import Presence
from offhook.realtime.registry import Registry
from offhook.realtime.send_queue import Turn
from offhook.realtime.sessions import Sessions
from offhook.realtime.tasks import Background, start
from offhook.realtime.tokens import Tokens

_RENEWALS = 2.5
"""How often presence is renewed before it would expire."""
_UNSURE = 5.0
"""Seconds until presence is read again after a member was absent for the first time."""
_RETRY = 2.0
"""Seconds after which presence is renewed again that the broker did not take."""
_SILENCE = 10.0
"""Seconds between two complaints about the same trouble."""


class Engine:
    """Channels, broker and connections of one application, in one event loop.

    :param authenticate: asked again when a sign-in runs out; without it the connection closes then.
    :param anonymous: whether a line may be opened by nobody in particular.
    :param on_connect: asked about every client that connects, once it is known who it is.
    :param on_disconnect: told about every client that was let in, when it has gone.
    :param tokens: reads the tokens that clients show.
    :raises UsageError: the channels do not fit together.
    """

    def __init__(
        self,
        *,
        channels: Sequence[type[Channel[Any]]],
        broker: Broker,
        limits: Limits | None = None,
        env: Env = SYSTEM,
        anonymous: bool = False,
        connect_data: Mapping[str, Json] | None = None,
        authenticate: Authenticate[Any] | None = None,
        on_connect: OnConnect | None = None,
        on_disconnect: OnDisconnect | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.registry = Registry(channels)
        self.broker = broker
        self.limits = limits or Limits()
        self.env = env
        self.anonymous = anonymous
        self.connect_data = connect_data
        """What every client is told when it connects; None is nothing."""
        self.authenticate = authenticate
        self.on_connect = on_connect
        self.on_disconnect = on_disconnect
        self.tokens = tokens
        self.background = Background()
        self.metrics = Metrics()
        self.turn = Turn(self.metrics, self.limits.queues)
        self.sessions = Sessions(self.limits)
        self.heartbeat = Heartbeat(self.limits, env)
        self.control = Control(broker, self.sessions, self.background, self.limits)
        self.hub = Hub(broker, self.background, self.limits, env, self.turn, self.control)
        self.presence = Presence(broker, self.limits)
        self.line = Line(self)
        self._state: Literal["idle", "running", "stopping", "stopped"] = "idle"
        self._open = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Future[None] | None = None
        self._silent_until = -math.inf

    @property
    def node(self) -> str:
        """The name of this process, which no other process has."""
        return self.control.node

    @property
    def accepting(self) -> bool:
        """Whether new connections are welcome."""
        return self._state == "running" and self._open

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that the engine runs in; None while it does not run."""
        return self._loop if self._state in ("running", "stopping") else None

    async def start(self) -> None:
        """Start the broker, and the upkeep of presence and positions; nothing when it runs.

        :raises UsageError: it runs in another event loop.
        """
        if self._state == "running":
            self.check_loop()
            return
        self.control.node = self.env.uuid()
        await self.broker.start(self.hub, self.node)
        self._state, self._loop, self._open = "running", asyncio.get_running_loop(), True
        self._upkeep = start(self._keep_up())
        self._converging = start(self._converge())

    def complain(self, what: str, *details: object) -> None:
        """Log what goes wrong for everybody at the same moment: once, and again when it lasts."""
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE
            observe.LINE.warning(what, *details)

    async def wake(self) -> None:
        """Start if nobody ever did: where it is mounted, no lifespan may arrive.

        :raises UsageError: it runs in another event loop.
        """
        if self._state == "idle":
            if self._starting is None or self._starting.done():
                self._starting = start(self.start())
            await asyncio.shield(self._starting)
        self.check_loop()

    def check_loop(self) -> None:
        """Return if it may be used from here: it does not run, or in this event loop.

        :raises UsageError: it runs in another one.
        """
        if self.loop not in (None, asyncio.get_running_loop()):
            raise UsageError(
                "the engine runs in another event loop, and serves that one alone: serve the whole application in "
                "one, with its lifespan; call line.publish_sync from threads that run none"
            )

    def shut(self) -> None:
        """Let nobody in any more. Who is here stays, and publishing still works, until ``stop``."""
        self._open = False

    def farewells(self) -> list[Callable[[], None]]:
        """For every connection what closes it with 3001, so that its client comes back elsewhere."""
        return [partial(session.close, Disconnect(codes.SHUTDOWN)) for session in self.sessions]

    async def finish(self) -> None:
        """Return when all who were closed know it, or do not listen."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.write):
                await self.background.finish()

    async def stop(self) -> None:
        """Close every connection with 3001, so that clients come back elsewhere, then the broker.

        Stopping again, or without having started, does nothing.
        """
        if self._state != "running":
            return
        self.check_loop()
        self._state = "stopping"
        for farewell in self.farewells():
            farewell()
        self.hub.close()
        await self.background.finish()
        self._upkeep.cancel()
        self._converging.cancel()
        self._state = "stopped"
        await self.broker.close()

    async def emulate(self, node: str, secret: str, frame: Payload) -> bool:
        """Give commands to the emulated connection with *secret* at process *node*; False: there is none.

        :raises BrokerError: the other process cannot be reached now.
        """
        return await self.control.emulate(node, secret, frame)

    async def _converge(self) -> None:
        period = pause = self.limits.presence / _RENEWALS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * self.env.jitter(0.75, 1.0)):
                    await self.hub.presence_doubted.wait()
            self.hub.presence_doubted.clear()
            are_sure = await self.presence.converge(self.hub, period / 2)
            pause = period if are_sure else min(period, _UNSURE)

    async def _keep_up(self) -> None:
        period = pause = self.limits.presence / _RENEWALS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.hub.broker_returned.wait()
            self.hub.broker_returned.clear()
            is_renewed = await self.presence.renew(self.hub, period / 2)
            pause = period if is_renewed else min(period, _RETRY)
            await self.control.probe()
            await self.hub.check(self.hub.unchecked(self.limits.position_check))
