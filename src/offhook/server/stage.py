"""How far a WebSocket connection is."""

from enum import IntEnum


class Stage(IntEnum):
    """What happened last."""

    HEAD = 0
    """The request is not complete."""
    ASKED = 1
    """The application has to say whether it accepts."""
    DENIED = 2
    """It has begun to answer with something else."""
    OPEN = 3
    CLOSING = 4
    """Our Close is on its way, the peer's has not come."""
    CLOSED = 5
    """All has been said; what was written is on its way."""
