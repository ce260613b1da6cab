"""The channels of an application: from a name to its class and handlers."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, TypeAlias, get_args, get_origin

from offhook.base import codes, schema
from offhook.base.errors import CommandError, Denied, NotFound, Unauthorized, UsageError
from offhook.base.inject import Parameter, hints, location, parameters
from offhook.base.schema import Mismatch
from offhook.realtime.channel import Access, Channel, Subscribed
from offhook.realtime.client import Client

_REMEMBERED = 4096
"""Names of channels that are parsed once; a name belongs to the same channel for ever (``bench engine``)."""

ChannelClass: TypeAlias = type[Channel[Any]]
AnyClient: TypeAlias = Client[Any]


@dataclass(frozen=True, slots=True)
class _Handler:
    """One handler of a channel class, looked at once."""

    function: Callable[..., Awaitable[Any]]
    anonymous: bool
    """Whether it wants to be asked about clients that nobody is signed in on."""
    takes: Any
    """The type of its ``data``."""
    gives: Any
    """The type of what it returns."""

    async def ask(self, channel: Channel[Any], client: AnyClient, *data: Any) -> Any:
        if not client.user_id and not self.anonymous:
            raise Unauthorized
        return await self.function(channel, client, *data)

    async def give(self, channel: Channel[Any], client: AnyClient, data: bytes) -> Any:
        """Its answer to *data*, which a stranger sent."""
        try:
            taken = schema.decode(data or b"null", self.takes)
        except Mismatch:
            raise CommandError(code=codes.BAD_REQUEST) from None
        return await self.ask(channel, client, taken)


@dataclass(frozen=True, slots=True)
class Rules:
    """A channel class and what its handlers say.

    Each of these raises ``CommandError`` when it says no, or whatever else the application's handler raises.
    """

    channel: ChannelClass
    publishes: Any
    """The type of what is published."""
    _on_subscribe: _Handler | None
    _on_publish: _Handler | None
    _on_call: _Handler | None
    _on_unsubscribe: _Handler | None
    _on_history: _Handler | None
    _on_presence: _Handler | None

    @property
    def answers(self) -> bool:
        """Whether the channel takes calls."""
        return self._on_call is not None

    async def subscribe(self, channel: Channel[Any], client: AnyClient) -> Subscribed:
        """Return if *client* may subscribe. An absent handler denies."""
        if self._on_subscribe is None:
            raise Denied
        answer = await self._on_subscribe.ask(channel, client)
        return Subscribed() if answer is None else answer

    async def unsubscribe(self, channel: Channel[Any], client: AnyClient) -> None:
        """*client* is no longer subscribed."""
        if self._on_unsubscribe is not None:
            await self._on_unsubscribe.function(channel, client)

    async def publish(self, channel: Channel[Any], client: AnyClient, data: bytes) -> Any:
        """What to publish for *client*, which sent *data*. An absent handler denies."""
        if self._on_publish is None:
            raise Denied
        published = await self._on_publish.give(channel, client, data)
        schema.check(published, self.publishes)
        return published

    async def call(self, channel: Channel[Any], client: AnyClient, data: bytes) -> Any:
        """What to answer *client*, which calls with *data*."""
        if self._on_call is None:
            raise CommandError(code=codes.NOT_AVAILABLE)
        result = await self._on_call.give(channel, client, data)
        schema.check(result, self._on_call.gives)
        return result

    async def history(self, channel: Channel[Any], client: AnyClient) -> None:
        """Return if *client* may read the past."""
        if self._on_history is not None:
            await self._on_history.ask(channel, client)

    async def presence(self, channel: Channel[Any], client: AnyClient) -> None:
        """Return if *client* may know who is there."""
        if self._on_presence is not None:
            await self._on_presence.ask(channel, client)

    def requires_subscription(self, access: Access) -> bool:
        """Whether a client has to be subscribed for *access*. Where no client can subscribe, calls are open."""
        is_open = access == "call" and self._on_subscribe is None
        return not is_open and access not in self.channel.without_subscription


@dataclass(frozen=True, slots=True)
class Address:
    """A channel that a client named, with its rules."""

    name: str
    channel: Channel[Any]
    rules: Rules


class Registry:
    """All channel classes of an application.

    :raises UsageError: two patterns overlap, or a handler does not have the form that it needs.
    """

    def __init__(self, channels: Sequence[ChannelClass]) -> None:
        for one, other in combinations(channels, 2):
            if one._pattern.overlaps(other._pattern):
                raise UsageError(
                    f"{one.__name__} and {other.__name__}: {one.pattern!r} and {other.pattern!r} fit the same "
                    "names; begin them differently"
                )
        self._rules = {channel: _rules(channel) for channel in channels}
        self._takes_calls = any(rules.answers for rules in self._rules.values())
        self._remembered = lru_cache(_REMEMBERED)(self._parse)

    def rules(self, channel: ChannelClass) -> Rules:
        """The rules of a channel class.

        :raises UsageError: the application does not have it.
        """
        if channel not in self._rules:
            raise UsageError(
                f"add {channel.__name__} to channels=[...] of the App or Realtime that publishes to it"
            )
        return self._rules[channel]

    def find(self, name: str) -> Address:
        """The channel called *name*.

        :raises NotFound: no channel of the application is called so.
        """
        return self._remembered(name)

    def _parse(self, name: str) -> Address:
        for channel_class, rules in self._rules.items():
            channel = channel_class.parse(name)
            if channel is not None:
                return Address(name, channel, rules)
        raise NotFound

    def callee(self, method: str) -> Address:
        """The channel that answers calls of *method*, which is its name.

        :raises CommandError: 104, there is none; or 108, the application takes no calls at all (protocol §7).
        """
        if not self._takes_calls:
            raise CommandError(code=codes.NOT_AVAILABLE)
        try:
            return self.find(method)
        except NotFound:
            raise CommandError(code=codes.METHOD_NOT_FOUND) from None


def _rules(channel: ChannelClass) -> Rules:
    return Rules(
        channel,
        channel.publication_type(),
        _handler(channel, "on_subscribe"),
        _handler(channel, "on_publish", "data"),
        _handler(channel, "on_call", "data"),
        _handler(channel, "on_unsubscribe"),
        _handler(channel, "on_history"),
        _handler(channel, "on_presence"),
    )


def _handler(channel: ChannelClass, name: str, *more: str) -> _Handler | None:
    function = getattr(channel, name, None)
    if function is None:
        return None
    wanted = parameters(function)
    expected = ["self", "client", *more]
    if [each.name for each in wanted] != expected or not inspect.iscoroutinefunction(function):
        raise UsageError(f"{location(function)}: write it as async def {name}({', '.join(expected)})")
    annotations = hints(function)
    takes, gives = annotations.get("data", Any), annotations.get("return", Any)
    if not schema.supported(takes):
        raise UsageError(f"{location(function)}: {takes!r} cannot be read from JSON")
    if name == "on_call" and not schema.sendable(gives):
        raise UsageError(f"{location(function)}: {gives!r} cannot be sent; return a Struct, a dataclass …")
    return _Handler(function, _allows_anonymous(wanted[1]), takes, gives)


def _allows_anonymous(client: Parameter) -> bool:
    """Whether ``Client[...]`` says that the user may be None. A bare ``Client`` does not say it."""
    if get_origin(client.annotation) is not Client:
        return False
    user = Parameter("user", get_args(client.annotation)[0], required=True)
    return user.optional
