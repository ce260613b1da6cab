"""Wall time, randomness and identifiers: the only place in Offhook that asks the machine for them.

Delays go through the running event loop and not through here, so that a test can run them in virtual time.
"""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Env:
    """What chance and the wall clock say. A test passes its own: ``Env.seeded``."""

    now: Callable[[], float] = time.time
    """Seconds since 1970."""
    chance: random.Random = field(default_factory=random.SystemRandom)

    @classmethod
    def seeded(cls, seed: int, now: Callable[[], float]) -> Self:
        """Chance that is the same in every run, and the time that *now* says: what a test passes."""
        return cls(now, random.Random(seed))

    def uuid(self) -> str:
        """A new random identifier with 122 random bits (RFC 9562, version 4)."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def epoch(self) -> str:
        """A new epoch: eight letters. Two epochs of one channel differ for all practical purposes."""
        return "".join(self.chance.choices(_LETTERS, k=8))

    def jitter(self, low: float, high: float) -> float:
        """A random number between *low* and *high*."""
        return self.chance.uniform(low, high)


SYSTEM = Env()
"""The machine's own clock and randomness."""
