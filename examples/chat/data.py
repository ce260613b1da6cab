"""What travels between the store, the loaders, the line and the views."""

from typing import Annotated

import msgspec
from msgspec import Meta


class User(msgspec.Struct, frozen=True):
    """Somebody who signed in."""

    name: str


class RoomInfo(msgspec.Struct, frozen=True):
    """A room in the list."""

    id: int
    name: str
    topic: str


class Message(msgspec.Struct, frozen=True):
    """A message as it is stored, shown and published. ``sent`` is in seconds since 1970."""

    id: int
    author: str
    text: str
    sent: int


class NewMessage(msgspec.Struct, frozen=True):
    """What the form of a room posts."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]


class SignIn(msgspec.Struct, frozen=True):
    """What the form of the sign-in page posts."""

    name: Annotated[str, Meta(min_length=2, max_length=24, pattern=r"^\w[\w .-]*$")]
    next: str = "/"


class ShellPage(msgspec.Struct, frozen=True):
    """Loader data of the frame around all pages."""

    me: User | None
    rooms: list[RoomInfo]


class RoomPage(msgspec.Struct, frozen=True):
    """Loader data of a room."""

    room: RoomInfo
    messages: list[Message]
    me: User
