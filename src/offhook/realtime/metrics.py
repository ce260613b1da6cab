"""What has happened in this process, as plain numbers: counting costs an addition."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Metrics:
    """Counters of one engine, from its start on. No channel and no user is named."""

    connections: int = 0
    """Connections that were opened."""
    publications: int = 0
    """Publications that the broker announced to this process."""
    deliveries: int = 0
    """Publications put on their way to a subscriber; one for each subscriber."""
    delivered_bytes: int = 0
    """Bytes of those, before they are joined into frames."""
    doubts: int = 0
    """Channels whose positions had to be looked at because the broker may have lost an announcement."""
    disconnects: Counter[int] = field(default_factory=Counter)
    """Connections that ended, by code."""
    errors: Counter[int] = field(default_factory=Counter)
    """Commands that failed, by code."""
    recovered: int = 0
    """Clients that came back to a channel and missed nothing."""
    lost: int = 0
    """Clients that came back to a channel and have to take a new snapshot."""

    def came_back(self, *, recovered: bool) -> None:
        """A client came back to a channel."""
        if recovered:
            self.recovered += 1
        else:
            self.lost += 1

    def delivered(self, subscribers: int, size: int) -> None:
        """*size* bytes were put on their way to each of so many subscribers."""
        self.deliveries += subscribers
        self.delivered_bytes += subscribers * size
