"""What a channel's handler knows about who asks."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from offhook.base.types import Json

User = TypeVar("User", covariant=True)


@dataclass(frozen=True, slots=True)
class Client(Generic[User]):
    """One connection, as the handlers of a channel see it.

    Annotate the parameter ``Client[User]`` where somebody has to be signed in, and ``Client[User | None]`` where
    nobody needs to be: then ``user`` may be None.

    :param id: the connection; each has its own.
    :param user_id: the user's id, empty for somebody anonymous.
    :param user: the application's own object, from ``authenticate``.
    :param info: what others may see.
    """

    id: str
    user_id: str
    user: User
    info: Json = None
