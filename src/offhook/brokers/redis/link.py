"""Commands and their replies, over one connection: many can wait at once, and every reply finds its command."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Self

from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError

from offhook.base.errors import BrokerError
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.conversation import Conversation, Reply, Word

_AT_ONCE = 10_000
"""Commands that may wait for their replies."""


def _sources() -> Mapping[str, str]:
    folder = files(__package__) / "lua"
    texts = {each.name.removesuffix(".lua"): each.read_text() for each in folder.iterdir()}
    common = texts.pop("common")
    return {name: common + text for name, text in texts.items()}


SCRIPTS = _sources()
"""The operations, as Lua."""


class NoRoom(BrokerError):
    """Redis has no memory left, and has done nothing (``demand_room`` in ``lua/common.lua``)."""

    def __init__(self) -> None:
        super().__init__("Redis has no memory left (maxmemory); it stores nothing new until there is some")


_WORDS: Mapping[str, str] = {
    "READONLY": "it is a replica",
    "NOPERM": "the user of the ACL lacks a permission",
    "AUTHENTICATION": "it requires a password",
    "LOADING": "it is still loading its data",
    "BUSY": "it is busy with a script of another application",
    "MISCONF": "it cannot write to its disk, and is configured to refuse writes then",
    "SAME SLOT": "it is a cluster, which redis:// does not support",
    "UNKNOWN COMMAND": "it does not have the command; is it a Sentinel?",
}
"""What errors of Redis mean, by a part of their text."""


def in_words(error: ResponseError) -> str:
    """Why Redis refused, without the source of a script."""
    text = f"{type(error).__name__} {error}".upper()
    for part, words in _WORDS.items():
        if part in text:
            return words
    return str(error).partition(" script: ")[0].rpartition("@user_script:")[2]


class Link:
    """One connection for commands. Open it with ``open``.

    A command has no deadline of its own here: the connection ends when commands wait and Redis sends no reply at
    all. So a command that waits behind thousands of others does not end the connection for all of them.

    :param patience: seconds without any reply after which the connection ends.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._silences = 0
        """Consecutive looks between which a command waited and no reply arrived."""
        self._hashes: dict[str, bytes] = {}

    @classmethod
    async def open(cls, address: Address, patience: float) -> Self:
        """Connect, and load the scripts.

        :raises BrokerError: it did not work.
        """
        link = cls(patience)
        link._conversation = Conversation(await address.connect(), link._hear)
        link._ending = asyncio.get_running_loop().create_task(link._end())
        link._watching = asyncio.get_running_loop().create_task(link._watch())
        try:
            for name, source in SCRIPTS.items():
                link._hashes[name] = await link.call("SCRIPT", "LOAD", source)
        except BaseException:
            link.close()
            raise
        return link

    _conversation: Conversation
    _ending: "asyncio.Task[None]"
    _watching: "asyncio.Task[None]"

    async def call(self, *words: Word) -> Reply:
        """Send one command; its reply.

        :raises BrokerError: Redis refused, did not answer in time, or was lost before it answered.
        """
        try:
            return await self._ask(*words)
        except ResponseError as error:
            raise BrokerError(f"Redis refused: {in_words(error)}") from error

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Word]) -> list[Any]:
        """Run one of the scripts; its answer.

        :raises NoRoom: Redis has no memory left; nothing happened.
        :raises BrokerError: as ``call`` does.
        """
        call = (len(keys), *keys, *arguments)
        try:
            answer = await self._ask("EVALSHA", self._hashes[script], *call)
        except NoScriptError:
            # Redis was told to forget its scripts. It did nothing, so this is the first try.
            answer = await self.call("EVAL", SCRIPTS[script], *call)
        except ResponseError as error:
            if isinstance(error, OutOfMemoryError):
                raise NoRoom from None
            raise BrokerError(f"Redis refused {script}: {in_words(error)}") from error
        found: list[Any] = answer
        return found

    def post(self, script: str, keys: Sequence[str], arguments: Sequence[Word]) -> "asyncio.Future[Reply]":
        """Send one of the scripts now, before anything that is sent later; its answer, or a ``ResponseError``.

        :raises BrokerError: the connection has ended, or too many commands wait.
        """
        return self._send("EVALSHA", self._hashes[script], len(keys), *keys, *arguments)

    async def ended(self) -> BrokerError:
        """Return when the connection has ended; why."""
        return await self._conversation.ended()

    def close(self, reason: str = "closed") -> None:
        """End the connection. Whoever waits for a reply gets a ``BrokerError``."""
        self._conversation.end(reason)

    async def _ask(self, *words: Word) -> Reply:
        return await self._send(*words)

    def _send(self, *words: Word) -> "asyncio.Future[Reply]":
        if len(self._waiting) >= _AT_ONCE:
            raise BrokerError("too many commands wait for Redis")
        self._conversation.say(*words)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._silences = -1  # the time until the next look is not a whole one
        self._waiting.append(future)
        return future

    async def _watch(self) -> None:
        # Two looks, so that a process that did nothing itself for a while reads before it judges.
        while self._silences < 2:
            await asyncio.sleep(self._patience / 2)
            self._silences += bool(self._waiting)
        self.close(f"Redis did not answer within {self._patience:g} s")

    def _hear(self, reply: Reply) -> None:
        future = self._waiting.popleft()
        self._silences = 0
        if isinstance(reply, ReadOnlyError):
            self.close("it is a replica now")
        if future.done():
            return  # whoever asked has given up
        if isinstance(reply, ResponseError):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    async def _end(self) -> None:
        error = await self._conversation.ended()
        self._watching.cancel()
        for future in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()
