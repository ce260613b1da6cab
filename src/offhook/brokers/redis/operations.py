"""The scripts, on a connection that is replaced when it is lost, and what this process knows for certain.

Two things outlive a connection. The *stamps* of ``common.lua``: a new connection is of use only after Redis was
told what this process has seen, so that whatever is missing there begins a new generation. And the *doubtful*
channels: nobody knows whether their last publish happened, so they get a new epoch before anything else is done
with them.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from offhook.base import observe
from offhook.base.env import Env
from offhook.base.errors import BrokerError
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.conversation import Reply, Word
from offhook.brokers.redis.kept import Kept
from offhook.brokers.redis.link import Link, NoRoom
from offhook.brokers.redis.names import Names
from offhook.brokers.redis.timing import Timing

_DOUBTS = 10_000
"""Doubtful channels that are remembered one by one; with more, all channels are doubtful."""
_NEVER = (0, 1)
"""A run and a count that no server has: to have seen it makes every channel doubtful."""
_SWEEP = 100
"""Marks that are swept in one step."""
_FAREWELL = 1.0
"""Seconds to settle what is doubtful before the process leaves."""


class Operations:
    """The scripts of ``lua/``.

    :param opened: called when Redis is there again.
    """

    def __init__(
        self, address: Address, names: Names, opened: Callable[[], None], env: Env, timing: Timing
    ) -> None:
        self._address = address
        self._names = names
        self._env = env
        self._timing = timing
        self._link = Kept("commands", self._open, opened, env)
        self._seen: dict[int, int] = {}
        """How far each run of the server had counted, at least; a lasting one is alone in here."""
        self._doubtful: set[str] = set()
        self._all_doubtful = False
        self._nudge = asyncio.Event()
        self._upkeep: list[asyncio.Task[None]] = []
        self._complaint = ""

    @property
    def ready(self) -> bool:
        """Whether Redis is there, as far as is known."""
        return self._link.ready

    async def start(self) -> None:
        """Connect.

        :raises BrokerError: it did not work.
        """
        await self._link.start()
        loop = asyncio.get_running_loop()
        self._upkeep = [loop.create_task(self._keep_up()), loop.create_task(self._follow_count())]

    async def stop(self) -> None:
        """Disconnect; fine when it was not started."""
        for task in self._upkeep:
            task.cancel()
        if self._upkeep:
            await asyncio.wait(self._upkeep)
        self._upkeep = []
        with suppress(BrokerError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._settle(self._link.current, tuple(self._doubtful))
        await self._link.stop()

    # What the broker asks for

    async def run(
        self, script: str, keys: Sequence[str], *arguments: Word, channels: Sequence[str] = ()
    ) -> list[Any]:
        """The answer of *script* without the count.

        :param channels: what it is about; whatever is doubtful of them is settled before.
        :raises BrokerError: it did not, or not provably, happen.
        """
        link = self._link.current
        await self._settle(link, channels)
        return await self._run_on(link, script, keys, *arguments)

    async def call(self, *words: Word) -> Reply:
        """The reply to a plain command.

        :raises BrokerError: it did not, or not provably, happen.
        """
        return await self._link.current.call(*words)

    @contextmanager
    def promising(self, channel: str) -> Iterator[None]:
        """What is done inside may be half done when it fails; *channel* is doubtful then."""
        try:
            yield
        except NoRoom:
            raise  # nothing happened
        except BaseException:
            self._doubt(channel)
            self._nudge.set()
            raise

    def saw(self, stamp: bytes) -> None:
        """Redis had counted so far when it told us something.

        :raises ValueError: it is no stamp.
        """
        run, _, count = stamp.partition(b".")
        self._seen[int(run)] = max(self._seen.get(int(run), 0), int(count))

    # Doubt

    def _doubt(self, channel: str) -> None:
        if len(self._doubtful) < _DOUBTS:
            self._doubtful.add(channel)
            return
        self._doubtful.clear()
        self._all_doubtful = True
        if self._link.ready:
            self._link.current.close("too many publications failed")

    async def _settle(self, link: Link, channels: Iterable[str]) -> None:
        """A new epoch for those of *channels* that are doubtful."""
        for channel in sorted(self._doubtful.intersection(channels)):
            if channel not in self._doubtful:
                continue  # somebody else was faster
            self._doubtful.discard(channel)
            try:
                await self._run_on(link, "invalidate", *self.invalidation(channel))
            except BaseException:
                self._doubt(channel)
                raise

    def invalidation(self, channel: str) -> tuple[list[str], str, str]:
        """Keys and arguments of ``invalidate.lua``."""
        keys = self._names.common + self._names.stream(channel)
        return keys, self._env.epoch(), self._names.announcements(channel)

    # Upkeep

    async def _keep_up(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.sweep * self._env.jitter(0.5, 1.5)):
                    await self._nudge.wait()
            self._nudge.clear()
            try:
                await self._settle(self._link.current, tuple(self._doubtful))
                await self._sweep()
            except BrokerError as error:
                self._complain(str(error))

    async def _follow_count(self) -> None:
        """Learn every second how far Redis has counted, also where nothing is announced to this process.

        So any process that is left notices that a server is back without its latest publications, and not only one
        that has received them; what was published in the second before is the bound (docs/guarantees.md).
        """
        while True:
            await asyncio.sleep(self._timing.beat)
            with suppress(BrokerError):
                await self._run_on(self._link.current, "beat", self._names.common)

    def _complain(self, text: str) -> None:
        """Once for each trouble; that Redis is away was said already."""
        if self._link.ready and text != self._complaint:
            observe.LINE.warning("the upkeep of Redis fails: %s", text)
        self._complaint = text

    async def _sweep(self) -> None:
        names = [self._names.key(kind) for kind in ("meta", "stream", "channel")]
        keys = [*self._names.common, self._names.marks]
        swept = _SWEEP
        while swept == _SWEEP:
            [swept] = await self.run("sweep", keys, self._env.epoch(), _SWEEP, *names)

    # Connections

    async def _open(self) -> Link:
        link = await Link.open(self._address, self._timing.patience)
        try:
            await self._resume(link)
            # Whatever fails meanwhile is settled before anything else is done with it.
            await self._settle(link, tuple(self._doubtful))
        except BaseException:
            link.close()
            raise
        return link

    async def _resume(self, link: Link) -> None:
        keys = [*self._names.common, self._names.key("survived")]
        seen = [number for pair in self._seen.items() for number in pair]
        if self._all_doubtful:
            seen += _NEVER
        stamp, lost = await link.run("resume", keys, (self._env.epoch(), self._names.control, *seen))
        if lost:
            observe.LINE.warning("Redis may have lost publications; every channel begins anew")
        self._all_doubtful = False
        self._seen.clear()
        self.saw(stamp)

    async def _run_on(self, link: Link, script: str, keys: Sequence[str], *arguments: Word) -> list[Any]:
        stamp, *answer = await link.run(script, keys, arguments)
        self.saw(stamp)
        return answer
