"""How long the broker for Redis waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds."""

    patience: float = 5.0
    """For an answer or a confirmation; a connection on which it takes longer is given up."""
    sweep: float = 1.0
    """About how often marks that are past their deadline are looked for."""
    beat: float = 1.0
    """Between two looks how far Redis has counted."""
    silence: float = 30.0
    """Without any announcement, until it is tried out whether announcements arrive."""
