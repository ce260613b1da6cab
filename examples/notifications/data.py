"""What travels between the store, the loaders, the line and the views."""

from typing import Annotated

import msgspec
from msgspec import Meta


class User(msgspec.Struct, frozen=True):
    """Somebody who signed in, or a program with the token."""

    name: str


class Notification(msgspec.Struct, frozen=True):
    """A notification as it is stored, shown and published. ``sent`` is in seconds since 1970."""

    id: int
    sender: str
    text: str
    sent: int
    read: bool
    version: int


class NewNotification(msgspec.Struct, frozen=True):
    """What a person's form and a program's request post."""

    to: str
    text: Annotated[str, Meta(min_length=1, max_length=200)]


class MarkRead(msgspec.Struct, frozen=True):
    """Which notification was read; all of them when it names none."""

    id: int | None = None


class SignIn(msgspec.Struct, frozen=True):
    """What the form of the sign-in page posts."""

    name: Annotated[str, Meta(min_length=2, max_length=24, pattern=r"^\w[\w .-]*$")]
    next: str = "/"


class ShellPage(msgspec.Struct, frozen=True):
    """Loader data of the frame around all pages."""

    me: User | None
    unread: int


class InboxPage(msgspec.Struct, frozen=True):
    """The newest notifications, oldest first."""

    notifications: list[Notification]


class SendPage(msgspec.Struct, frozen=True):
    """Who can be told something."""

    people: list[str]
