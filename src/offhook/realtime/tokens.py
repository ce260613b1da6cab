"""Tokens: what a client may show beside, or instead of, the cookie session (protocol §19)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from offhook.base.incoming import Identity
from offhook.base.types import Json


@dataclass(frozen=True, slots=True)
class Claims:
    """What a connection token says.

    :param identity: whose connection it is, and when it expires; an empty id is somebody anonymous.
    :param channels: names of channels to which the server subscribes the connection.
    """

    identity: Identity[Any]
    channels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionClaims:
    """What a subscription token says.

    :param info: what others may see of the client in this channel.
    :param expires: second since 1970 at which the subscription ends with 2501.
    """

    info: Json = None
    expires: float = math.inf


class Tokens(Protocol):
    """Reads tokens. ``offhook.jwt.JwtTokens`` is the one that comes along."""

    async def connection(self, token: str) -> Claims:
        """What a connection *token* says.

        :raises CommandError: 109: it has expired; the client fetches another one.
        :raises Disconnect: 3500: it is not one of this application's.
        """
        ...

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        """What a subscription *token* says, that the user called *user_id* shows for *channel*.

        :raises CommandError: 109: it has expired; 103: it is not one of this application's.
        :raises Disconnect: 3500: it is for somebody else, or for another channel.
        """
        ...
