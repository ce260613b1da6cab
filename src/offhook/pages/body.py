"""The body of a request as it arrives: so large, and so slow."""

import asyncio
from dataclasses import dataclass

from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage, Receive

_PIECE = 64 * 1024
"""So many bytes earn a body as much time again."""


class BodyRefused(Exception):
    """The body ends the whole request, whoever reads it."""

    status = 400
    text = ""


class BodyTooLarge(BodyRefused):
    """It has more bytes, or a form more parts, than the limit."""

    status = 413
    text = "The body is too large."


class BodyTooSlow(BodyRefused):
    """It does not arrive."""

    status = 408
    text = "The body did not arrive in time."


class NoRoom(BodyRefused):
    """There are as many temporary files as there may be."""

    status = 503
    text = "There are too many uploads at the moment."


@dataclass(slots=True)
class Body:
    """What is left of one request's body. ``limit`` may be raised before anybody has read.

    :raises BodyTooLarge, BodyTooSlow: from ``receive``.
    """

    source: Receive
    limit: int
    seconds: float
    _seen: int = 0
    _began: float | None = None
    _done: bool = False

    async def receive(self) -> AsgiMessage:
        """The next message; once the body is there, as long as that may take."""
        if self._done:
            return await self.source()
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        try:
            async with asyncio.timeout_at(self._began + self.seconds * (1 + self._seen / _PIECE)):
                message = await self.source()
        except TimeoutError:
            raise BodyTooSlow from None
        self._seen += len(message.get("body", b""))
        if self._seen > self.limit:
            raise BodyTooLarge
        self._done = not message.get("more_body", False)
        return message


def body_of(receive: Receive, limits: Limits) -> Body:
    """The body that *receive* brings."""
    return Body(receive, limits.body, limits.body_pace)
