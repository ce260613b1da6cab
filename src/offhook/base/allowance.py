"""How much a stranger may ask for, as a bucket that fills by itself."""

from offhook.base import codes
from offhook.base.errors import CommandError, Disconnect


class Allowance:
    """*burst* commands at once, *rate* a second in the long run.

    Somebody who goes on asking while being refused runs into debt, and at *burst* of it is no longer listened to.
    """

    __slots__ = ("_burst", "_left", "_rate", "_time")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._time = now

    def refill(self, now: float) -> None:
        """It is *now*, by a clock that never goes back."""
        self._left = min(self._burst, self._left + (now - self._time) * self._rate)
        self._time = now

    def take(self) -> None:
        """Another command.

        :raises CommandError: 111: too soon.
        :raises Disconnect: 3013: far too soon.
        """
        self._left -= 1
        if self._left < 0:
            if self._left < -self._burst:
                raise Disconnect(codes.FLOOD)
            raise CommandError(code=codes.TOO_MANY_REQUESTS)
