"""What an application may say when somebody connects, and hear when they have gone."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from offhook.base.errors import Disconnect
from offhook.base.types import Json
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client


@dataclass(frozen=True, slots=True)
class Connecting:
    """What a client says of itself when it connects; nothing of it is to be trusted.

    :param data: whatever the page gave it to say.
    :param name: the SDK, such as ``js``.
    :param version: the SDK's version, or the page's.
    :param headers: what the page would have sent as headers if browsers let it.
    """

    data: Json = None
    name: str = ""
    version: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a client gets that may connect.

    :param data: what its page is told.
    :param channels: to which the server subscribes it, without being asked and without ``on_subscribe``.
    """

    data: Mapping[str, Json] = field(default_factory=dict)
    channels: Sequence[Channel[Any]] = ()


OnConnect: TypeAlias = Callable[[Client[Any], Connecting], Awaitable[Welcome | None]]
"""Lets a client in, or refuses by raising ``Denied``, another ``CommandError`` or ``Disconnect``."""

OnDisconnect: TypeAlias = Callable[[Client[Any], Disconnect], Awaitable[None]]
"""Hears once of every client that was let in, when it has gone, and why."""
