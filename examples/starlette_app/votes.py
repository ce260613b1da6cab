"""The votes, in memory."""

import threading
from collections.abc import Sequence

Tally = dict[str, int]


class Votes:
    """How often each choice was taken. Views in threads may use it."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._counts = dict.fromkeys(choices, 0)
        self._lock = threading.Lock()

    def tally(self) -> Tally:
        """How the vote stands."""
        with self._lock:
            return dict(self._counts)

    def count(self, choice: str) -> bool:
        """One more for *choice*; False when there is no such choice."""
        with self._lock:
            if choice not in self._counts:
                return False
            self._counts[choice] += 1
            return True

    def clear(self) -> None:
        """Back to nothing."""
        with self._lock:
            self._counts = dict.fromkeys(self._counts, 0)
