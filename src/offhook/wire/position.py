"""A place in a channel's stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """The publication number *offset* of the stream that is called *epoch*.

    Offsets count from 1 and have no holes; 0 is the place before the first publication. A stream that lost what it
    promised gets another epoch, and a position of the old one means nothing in it. A channel without history has
    the position ``Position(0, "")`` for ever.
    """

    offset: int = 0
    epoch: str = ""
