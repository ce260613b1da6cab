"""What an attack is, what it is made against, and what it may come to."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from offhook.base.limits import Limits
from tests.attacks.peer import Peer, connected

OPTIONS = ("--compress",)
"""Of the server, so that there is more to attack."""
MOST_MEMORY = 64.0
"""MiB by which the server may grow (goal 8 of reference/reliability.md)."""
LONGEST_WAIT = 1.0
"""Seconds that others may wait (goal 7)."""
_LOOK = 0.02
"""Seconds between two looks at what the kernel says."""


@dataclass(slots=True)
class Target:
    """The server under attack.

    :param span: seconds that a flood goes on.
    :param crowd: how many come at once.
    :param cycles: how many come and go.
    :param pour: MiB that are published in a second where somebody does not read.
    """

    port: int
    limits: Limits
    span: float = 5.0
    crowd: int = 1000
    cycles: int = 5000
    pour: float = 1.0
    began: float = field(default_factory=time.monotonic)

    def connect(self, *, small: bool = False) -> AbstractAsyncContextManager[Peer]:
        """A new connection of a stranger."""
        return connected(self.port, small=small)

    def begin(self) -> None:
        """From now on the server has reason to end it."""
        self.began = time.monotonic()

    async def cut(self, peer: Peer, *, at_once: bool = False) -> str:
        """Wait until the server has let go of *peer*.

        :param at_once: whether it has reason to already; otherwise only when the kernel takes nothing more.
        """
        before = peer.held(self.port)
        while (held := peer.held(self.port)) is not None:
            if held != before and not at_once:
                self.begin()
            before = held
            await asyncio.sleep(_LOOK)
        return "cut"


@dataclass(frozen=True, slots=True)
class Attack:
    """One of many.

    :param run: carries it out; how it ended: a status, a close code, or a word.
    :param ends: how it may end.
    :param within: the seconds in which it has to end, from the moment when there is reason to.
    """

    run: Callable[[Target], Awaitable[str]]
    ends: Collection[str]
    within: Callable[[Limits], float] = lambda limits: math.inf
