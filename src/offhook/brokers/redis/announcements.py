"""What this process hears through Pub/Sub, and that it goes on hearing."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from offhook.base import observe
from offhook.base.env import Env
from offhook.base.errors import BrokerError
from offhook.brokers.base import Listener
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.envelope import decode_announcement, decode_info
from offhook.brokers.redis.kept import Kept
from offhook.brokers.redis.names import Names
from offhook.brokers.redis.orders import Orders
from offhook.brokers.redis.pubsub import Generation
from offhook.brokers.redis.timing import Timing


class Announcements:
    """Subscriptions, over one generation after the other.

    :param publish: a plain PUBLISH, on a connection for commands; returns how many heard it.
    :param saw: told every stamp that is heard.
    :param orders: told every order that is heard.
    :param opened: called when announcements arrive again.
    """

    def __init__(
        self,
        address: Address,
        names: Names,
        publish: Callable[[str, bytes], Awaitable[int]],
        saw: Callable[[bytes], None],
        orders: Orders,
        opened: Callable[[], None],
        env: Env,
        timing: Timing,
    ) -> None:
        self._address = address
        self._names = names
        self._publish = publish
        self._saw = saw
        self._orders = orders
        self._env = env
        self._timing = timing
        self._prefix = names.announcements("").encode()
        self._wanted: set[str] = set()
        self._own: list[str] = []
        self._generation = Kept("announcements", self._open, opened, env)
        self._suspicion = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether announcements arrive, as far as is known."""
        return self._generation.ready

    async def start(self, listener: Listener, node: str) -> None:
        """Connect, and hear what is for all processes and for *node*.

        :raises BrokerError: it did not work.
        """
        self._listener = listener
        self._wanted = {self._names.control, self._names.node(node)}
        await self._generation.start()
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Disconnect; fine when it was not started."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
            self._watching = None
        await self._generation.stop()

    async def subscribe(self, channel: str) -> None:
        """Hear *channel*; returns when that is confirmed.

        :raises BrokerError: it was not confirmed.
        """
        name = self._names.announcements(channel)
        generation, is_new = self._generation.current, name not in self._wanted
        self._wanted.add(name)
        try:
            await generation.subscribe([name])
        except BaseException:
            if is_new:
                await self.unsubscribe(channel)
            raise

    async def unsubscribe(self, channel: str) -> None:
        """No longer hear *channel*."""
        name = self._names.announcements(channel)
        if name in self._wanted:
            self._wanted.discard(name)
            # A connection that is lost has no subscriptions, and the next one does not begin with this.
            with suppress(BrokerError):
                self._generation.current.unsubscribe([name])

    def suspect(self) -> None:
        """Something happened to Redis; find out soon whether announcements still arrive."""
        self._suspicion.set()

    # A generation

    async def _open(self) -> Generation:
        service = self._names.service(self._env.uuid())
        generation = await Generation.open(self._address, service, self._hear, self._timing.patience)
        try:
            await generation.subscribe([service])
            while missing := self._wanted - generation.subscribed:
                await generation.subscribe(missing)
            generation.unsubscribe([*generation.subscribed - self._wanted - {service}])
        except BaseException:
            generation.close()
            raise
        return generation

    async def _watch(self) -> None:
        """A connection may be alive and attached to a server that nobody publishes to any more."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.silence / 2):
                    await self._suspicion.wait()
            suspected = self._suspicion.is_set()
            self._suspicion.clear()
            with suppress(BrokerError):  # then it is not the hearing that fails
                generation = self._generation.current
                if suspected or self._silent(generation):
                    await self._probe(generation)

    def _silent(self, generation: Generation) -> bool:
        return asyncio.get_running_loop().time() - generation.heard_at >= self._timing.silence

    async def _probe(self, generation: Generation) -> None:
        before = generation.heard_at
        hearing = await self._publish(generation.service, b"")
        if hearing:
            await asyncio.sleep(self._timing.patience)
        if generation.heard_at == before:
            generation.close("it is open, but nothing arrives")

    # What is heard

    def _hear(self, name: bytes, payload: bytes) -> None:
        channel = name.removeprefix(self._prefix).decode() if name.startswith(self._prefix) else None
        try:
            act = self._control(payload) if channel is None else self._announcement(channel, payload)
        except ValueError:
            observe.LINE.warning("Redis announced something that is not of this version of Offhook")
            act = partial(self._listener.on_doubt, channel and [channel])
        act()

    def _announcement(self, channel: str, payload: bytes) -> Callable[[], None]:
        """What is to be done about it.

        :raises ValueError: it is none of ours.
        """
        kind, _, rest = payload.partition(b":")
        match kind:
            case b"p":
                stamp, publication = decode_announcement(rest)
                self._saw(stamp)
                return partial(self._listener.on_publication, channel, publication)
            case b"j":
                return partial(self._listener.on_join, channel, decode_info(rest))
            case b"l":
                return partial(self._listener.on_leave, channel, decode_info(rest))
            case b"d":
                self._saw(rest)
                return partial(self._listener.on_doubt, [channel])
        raise ValueError

    def _control(self, payload: bytes) -> Callable[[], None]:
        kind, _, rest = payload.partition(b":")
        match kind:
            case b"t":
                return partial(self._listener.on_control, rest)
            case b"o":
                stamp, offset, epoch, data = rest.split(b":", 3)
                self._saw(stamp)
                return partial(self._orders.heard, int(offset), epoch.decode(), data)
            case b"d":
                self._orders.suspect()
                return partial(self._listener.on_doubt, None)
            case b"":
                return _nothing  # on the service channel
        raise ValueError


def _nothing() -> None:
    """That something was heard is all."""
