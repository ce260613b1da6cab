"""Announcements: Pub/Sub on a connection and read loop of our own.

Each connection is a generation. A confirmation counts within its generation only, and one that is lost fails
those who wait for it. The next generation subscribes to everything again before it is the current one; what was
announced in between is not heard, so that whoever relies on it is told to look.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from offhook.base.errors import BrokerError
from offhook.brokers.redis.address import Address
from offhook.brokers.redis.conversation import Conversation, Reply

_BATCH = 512
"""Channels in one SUBSCRIBE."""

Hear = Callable[[bytes, bytes], None]


@dataclass(eq=False, slots=True)
class _Confirmation:
    """Somebody waits until the server has confirmed so many names."""

    missing: int
    done: "asyncio.Future[None]"

    def count(self) -> None:
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BrokerError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Generation:
    """One connection of Pub/Sub, from its birth to its end. Open it with ``open``.

    :param service: a name that nobody else hears.
    :param hear: is given channel and payload of each announcement, in order.
    :param patience: seconds without anything from the server while a confirmation is missing; then the connection
        ends.
    """

    _conversation: Conversation
    _ending: "asyncio.Task[None]"

    def __init__(self, service: str, hear: Hear, patience: float) -> None:
        self.service = service
        self._hear = hear
        self._patience = patience
        self._waiting: defaultdict[bytes, deque[_Confirmation]] = defaultdict(deque)
        self.subscribed: set[str] = set()
        """What was asked for on this connection, and not given up."""
        self.heard_at = asyncio.get_running_loop().time()
        """When the server last said something."""

    @classmethod
    async def open(cls, address: Address, service: str, hear: Hear, patience: float) -> Self:
        """Connect.

        :raises BrokerError: it did not work.
        """
        generation = cls(service, hear, patience)
        generation._conversation = Conversation(await address.connect(), generation._take)
        generation._ending = asyncio.get_running_loop().create_task(generation._end())
        return generation

    async def subscribe(self, names: Iterable[str]) -> None:
        """Hear *names*; returns when the server has confirmed all of them, on this connection.

        :raises BrokerError: the connection was lost before, or the server took too long.
        """
        rest = iter(names)
        while batch := list(islice(rest, _BATCH)):
            await self._confirm(batch)

    def unsubscribe(self, names: Sequence[str]) -> None:
        """No longer hear *names*.

        :raises BrokerError: the connection is lost.
        """
        if names:
            self.subscribed.difference_update(names)
            self._conversation.say("UNSUBSCRIBE", *names)

    async def ended(self) -> BrokerError:
        """Return when the connection has ended; why."""
        return await self._conversation.ended()

    def close(self, reason: str = "closed") -> None:
        """End the connection. Whoever waits for a confirmation gets a ``BrokerError``."""
        self._conversation.end(reason)

    async def _confirm(self, names: Sequence[str]) -> None:
        confirmation = _Confirmation(len(names), asyncio.get_running_loop().create_future())
        self._conversation.say("SUBSCRIBE", *names)
        self.subscribed.update(names)
        for name in names:
            self._waiting[name.encode()].append(confirmation)
        before = -1.0
        while not confirmation.done.done() and before != self.heard_at:
            before = self.heard_at
            await asyncio.wait([confirmation.done], timeout=self._patience)
        if not confirmation.done.done():
            reason = f"Redis did not confirm within {self._patience:g} s"
            self.close(reason)
            raise BrokerError(reason)
        confirmation.done.result()

    def _take(self, reply: Reply) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        if not isinstance(reply, list):
            self.close(f"Redis refused: {reply}")
            return
        kind, name, payload = reply
        if kind == b"message":
            self._hear(name, payload)
        elif kind == b"subscribe":
            waiting = self._waiting[name]
            waiting.popleft().count()
            if not waiting:
                del self._waiting[name]

    async def _end(self) -> None:
        error = await self._conversation.ended()
        for waiting in self._waiting.values():
            for confirmation in waiting:
                confirmation.fail(error)
        self._waiting.clear()
