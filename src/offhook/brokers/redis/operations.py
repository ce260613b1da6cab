"""The scripts, on a connection that is replaced when it is lost, and what this process knows for certain.

Two things outlive a connection. The *stamps* of ``common.lua``: a new connection is of use only after Redis was
told what this process has seen, so that whatever is missing there begins a new generation. And the *doubtful*
channels: it is unknown whether their last publications happened. Before anything else is done with such a channel,
publications with a key are repeated, which is without effect for those that happened; if one had no key, the
channel gets a new epoch.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from redis.exceptions import ResponseError

from offhook.base import observe
from offhook.base.env import Env
from offhook.base.errors import BrokerError
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.conversation import Reply, Word
from offhook.brokers.redis.kept import Kept
from offhook.brokers.redis.link import Link, NoRoom
from offhook.brokers.redis.names import Names
from offhook.brokers.redis.timing import Timing

KEY_SECONDS = 300.0
"""Seconds that Redis remembers the key of a publication."""
_REPEATABLE = KEY_SECONDS - 60.0
"""Seconds after which a publication is no longer repeated, because its key may be forgotten."""
_REPEATED_BYTES = 16 * 1024 * 1024
"""Bytes of publications that wait to be repeated; beyond it their channels get a new epoch."""
_DOUBTS = 10_000
"""Doubtful channels that are remembered one by one; with more, all channels are doubtful."""
_NEVER = (0, 1)
"""A run and a count that no server has: to have seen it makes every channel doubtful."""
_SWEEP = 100
"""Marks that are swept in one step."""
_FAREWELL = 1.0
"""Seconds to settle what is doubtful before the process leaves."""


Call: TypeAlias = tuple[Sequence[str], Sequence[Word]]
"""Keys and arguments of a script."""


@dataclass(slots=True)
class _Doubt:
    """What is unknown about one channel."""

    until: float
    """The loop's time until which the calls may be repeated."""
    repeats: list[Call] = field(default_factory=list)
    """The publications, in their order; none if the channel needs a new epoch."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        return sum(len(word) for _, words in self.repeats for word in words if isinstance(word, bytes))


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
        self._doubtful: dict[str, _Doubt] = {}
        self._repeated = 0
        """Bytes of publications that wait to be repeated."""
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
    def promising(self, channel: str, repeat: Call | None) -> Iterator[None]:
        """What is done inside may be half done when it fails; *channel* is doubtful then.

        :param repeat: the publication, if it can be repeated without harm.
        """
        try:
            yield
        except NoRoom:
            raise  # nothing happened
        except BaseException:
            self._doubt(channel, repeat)
            self._nudge.set()
            raise

    def saw(self, stamp: bytes) -> None:
        """Redis had counted so far when it told us something.

        :raises ValueError: it is no stamp.
        """
        run, _, count = stamp.partition(b".")
        self._seen[int(run)] = max(self._seen.get(int(run), 0), int(count))

    # Doubt

    def _doubt(self, channel: str, repeat: Call | None) -> None:
        known = self._doubtful.get(channel)
        if known is None and len(self._doubtful) < _DOUBTS:
            until = asyncio.get_running_loop().time() + _REPEATABLE
            self._put(channel, _Doubt(until, [] if repeat is None else [repeat]))
            return
        if known is not None:
            del self._doubtful[channel]
            self._repeated -= known.size
            repeats = [*known.repeats, repeat] if known.repeats and repeat is not None else []
            self._put(channel, _Doubt(known.until, repeats))
            return
        self._doubtful.clear()
        self._repeated = 0
        self._all_doubtful = True
        if self._link.ready:
            self._link.current.close("too many publications failed")

    def _put(self, channel: str, doubt: _Doubt) -> None:
        if self._repeated + doubt.size > _REPEATED_BYTES:
            doubt.repeats.clear()
        self._repeated += doubt.size
        self._doubtful[channel] = doubt

    async def _settle(self, link: Link, channels: Iterable[str]) -> None:
        """Repeat the publications of those of *channels* that are doubtful, or give them a new epoch."""
        if not self._doubtful:
            return
        for channel in sorted(self._doubtful.keys() & set(channels)):
            doubt = self._doubtful.pop(channel, None)
            if doubt is None:
                continue  # another task was faster
            self._repeated -= doubt.size
            try:
                if not await self._repeat(link, doubt):
                    await self._run_on(link, "invalidate", *self.invalidation(channel))
            except BaseException:
                self._restore(channel, doubt)
                raise

    async def _repeat(self, link: Link, doubt: _Doubt) -> bool:
        """Whether all publications are in the stream now. All are sent before anything else can be."""
        if not doubt.repeats or asyncio.get_running_loop().time() > doubt.until:
            return False
        answers = [link.post("publish", keys, words) for keys, words in doubt.repeats]
        refused = False
        for answer in answers:
            try:
                self.saw((await answer)[0])
            except ResponseError:
                refused = True
        return not refused

    def _restore(self, channel: str, doubt: _Doubt) -> None:
        """It could not be settled; what failed meanwhile comes after it."""
        later = self._doubtful.pop(channel, None)
        if later is not None:
            self._repeated -= later.size
            doubt.repeats = [*doubt.repeats, *later.repeats] if doubt.repeats and later.repeats else []
        self._put(channel, doubt)

    def invalidation(self, channel: str) -> tuple[list[str], str]:
        """Keys and arguments of ``invalidate.lua``."""
        return self._names.common + self._names.stream(channel), self._names.announcements(channel)

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
            [swept] = await self.run("sweep", keys, _SWEEP, *names)

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
