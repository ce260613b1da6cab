"""Subscriptions that have lost their place, and that subscribe again: no more at a time than the process serves.

After an outage of the broker this can be every subscription of the process. If all of them were ended at once, the
commands of their clients, and those of all others, would wait for longer than their deadlines. So some are ended,
and the next ones when those have been answered. Overload makes it slower.
"""

import asyncio
from collections.abc import Callable, Iterable

from offhook.base import codes
from offhook.realtime.subscription import Subscription
from offhook.realtime.tasks import Background

AT_ONCE = 100
"""Subscriptions that are ended in one step, and the most that may be catching up when it begins."""
PAUSE = 0.05
"""Seconds between two steps: at most 2,000 subscriptions a second."""
_LAG = 0.1
"""Seconds by which the event loop may be late; while it is later, nothing is ended."""


class Resubscriptions:
    """Ends subscriptions with 2500, after which the client subscribes from its position.

    :param catching_up: how many subscriptions of the process are being subscribed now.
    """

    def __init__(self, background: Background, catching_up: Callable[[], int]) -> None:
        self._background = background
        self._catching_up = catching_up
        self._waiting: dict[Subscription, None] = {}
        self._is_running = False

    def add(self, lost: Iterable[Subscription]) -> None:
        """Have *lost* subscribe again: at once if they are few."""
        self._waiting.update(dict.fromkeys(lost))
        if self._waiting and not self._is_running:
            self._is_running = True
            self._background.start(self._run())

    def close(self) -> None:
        """End nothing more."""
        self._waiting.clear()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._waiting:
            if loop.time() - due <= _LAG:
                self._end(AT_ONCE - self._catching_up())
            due = loop.time() + PAUSE
            await asyncio.sleep(PAUSE)
        self._is_running = False

    def _end(self, most: int) -> None:
        for subscription in list(self._waiting)[: max(0, most)]:
            del self._waiting[subscription]
            if subscription.ended is None:
                subscription.fail(codes.UNSUBSCRIBED_INSUFFICIENT)
