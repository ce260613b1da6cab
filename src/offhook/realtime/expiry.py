"""Something that runs out at a second of the wall clock."""

import asyncio
import math
from collections.abc import Callable

from offhook.base.env import Env

_LONGEST_TIMER = 3600.0
"""An expiry further away is looked at again: the wall clock may be set meanwhile."""


class Expiry:
    """Calls *ran_out* once when the wall clock has reached the second that was set last."""

    __slots__ = ("_env", "_ran_out", "_timer", "at")

    def __init__(self, env: Env, ran_out: Callable[[], None]) -> None:
        self.at = math.inf
        """Second since 1970; infinity is never."""
        self._env = env
        self._ran_out = ran_out
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """Run out at the second *at* since 1970, and no longer at what was set before."""
        self.cancel()
        self.at = at
        if at != math.inf:
            left = max(0.0, at - self._env.now())
            self._timer = asyncio.get_running_loop().call_later(min(left, _LONGEST_TIMER), self._look)

    def _look(self) -> None:
        if self._env.now() < self.at:
            self.set(self.at)
        else:
            self._timer = None
            self._ran_out()

    def cancel(self) -> None:
        """Never run out."""
        self.at = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
