"""What travels between the store, the loaders, the line and the views."""

from typing import Annotated

import msgspec
from msgspec import Meta


class User(msgspec.Struct, frozen=True):
    """Somebody who signed in."""

    name: str


class Column(msgspec.Struct, frozen=True):
    """A column; with a ``limit`` it takes no more cards than that."""

    id: str
    title: str
    limit: int | None = None


class Card(msgspec.Struct, frozen=True):
    """A card; those of a column stand in the order of their ``rank``. ``version`` grows with every change."""

    id: int
    title: str
    column: str
    rank: float
    version: int


class Move(msgspec.Struct, frozen=True, tag_field="intent", tag="move"):
    """Put a card into a column, before another one or at the end."""

    card: int
    column: str
    before: int | None = None


class Add(msgspec.Struct, frozen=True, tag_field="intent", tag="add"):
    """Put a new card at the end of a column."""

    column: str
    title: Annotated[str, Meta(min_length=1, max_length=80)]


class Refused(msgspec.Struct, frozen=True):
    """Why nothing was changed."""

    reason: str


class SignIn(msgspec.Struct, frozen=True):
    """What the form of the sign-in page posts."""

    name: Annotated[str, Meta(min_length=2, max_length=24, pattern=r"^\w[\w .-]*$")]


class ShellPage(msgspec.Struct, frozen=True):
    """Loader data of the frame around all pages."""

    me: User | None


class BoardPage(msgspec.Struct, frozen=True):
    """Loader data of the board."""

    columns: list[Column]
    cards: list[Card]
