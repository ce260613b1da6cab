"""A connection to Redis with loops of our own, instead of redis-py's, which reconnect without a word.

What is said goes out in order, and every reply is given to whoever listens. A conversation ends once, for whatever
reason; another one is another object.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from offhook.base import observe
from offhook.base.errors import BrokerError

Word: TypeAlias = str | bytes | int
Reply: TypeAlias = Any
"""What redis-py makes of a reply: bytes, int, None, a list of replies, or a ``ResponseError``."""

_TURN = 64
"""Replies in a row, until others in this process have a turn."""


class Conversation:
    """One connection, from its opening to its end.

    :param hear: is given every reply, in order.
    """

    def __init__(self, connection: AbstractConnection, hear: Callable[[Reply], None]) -> None:
        self._connection = connection
        self._hear = hear
        self._outgoing: asyncio.Queue[list[bytes]] = asyncio.Queue()
        self._reason = ""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def say(self, *words: Word) -> None:
        """Send one command, as soon as the connection takes it.

        :raises BrokerError: the conversation has ended.
        """
        if self._task.done() or self._reason:
            raise BrokerError(f"the connection to Redis ended: {self._reason}")
        self._outgoing.put_nowait(self._connection.pack_command(*words))

    async def ended(self) -> BrokerError:
        """Return when it has ended; why."""
        await asyncio.wait([self._task])
        return BrokerError(f"the connection to Redis ended: {self._reason}")

    def end(self, reason: str) -> None:
        """End it; the first reason counts."""
        self._reason = self._reason or reason
        self._task.cancel()

    async def _run(self) -> None:
        speaking = asyncio.get_running_loop().create_task(self._speak())
        speaking.add_done_callback(self._spoken)
        try:
            await self._listen()
        except (RedisError, OSError) as error:
            self._reason = self._reason or str(error)
        except Exception as error:
            self._reason = self._reason or "an announcement could not be delivered"
            observe.failure(observe.LINE, "hearing Redis", error)
        finally:
            speaking.cancel()
            await self._connection.disconnect(nowait=True)

    async def _listen(self) -> None:
        for number in count(1):
            try:
                reply = await self._connection.read_response()
            except ResponseError as error:
                reply = error
            self._hear(reply)
            if number % _TURN == 0:
                await asyncio.sleep(0)

    async def _speak(self) -> None:
        while True:
            packed = await self._outgoing.get()
            while not self._outgoing.empty():
                packed += self._outgoing.get_nowait()
            await self._connection.send_packed_command(packed, check_health=False)

    def _spoken(self, speaking: "asyncio.Task[None]") -> None:
        if not speaking.cancelled():
            self.end(str(speaking.exception()))
