"""Channel declarations: a class is an address and the rules of that address."""

import inspect
import math
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import (
    Any,
    ClassVar,
    ForwardRef,
    Generic,
    Literal,
    Self,
    TypeAlias,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
)

import msgspec

from offhook.base import schema
from offhook.base.errors import UsageError
from offhook.base.inject import hints
from offhook.base.schema import Mismatch
from offhook.base.types import Json
from offhook.brokers.base import History
from offhook.realtime.pattern import Pattern

P = TypeVar("P")
"""What is published. Invariant, so that a channel of messages takes no other payload."""

Recovery: TypeAlias = Literal["stream", "cache"]
JoinLeave: TypeAlias = bool | Literal["always"]
Slow: TypeAlias = Literal["disconnect", "resync", "latest", "drop_oldest"]
Access: TypeAlias = Literal["publish", "call", "history", "presence"]
"""What a client may do with a channel that it is subscribed to."""

_VARIABLE_TYPES = (
    msgspec.inspect.StrType,
    msgspec.inspect.IntType,
    msgspec.inspect.BoolType,
    msgspec.inspect.UUIDType,
    msgspec.inspect.DateType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.EnumType,
    msgspec.inspect.LiteralType,
)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What ``on_subscribe`` may return instead of nothing.

    :param data: told to the client with the answer.
    :param expires: until when that holds, in seconds since 1970; then the rule is asked again.
    """

    data: Json = None
    expires: float = math.inf


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Channel(Generic[P]):
    """Base of an application's channels. An instance is an address: frozen, hashable, with no engine inside::

        class Room(Channel[Message], pattern="room:{room_id}", history=History(300, "10m"), presence=True):
            room_id: int

            async def on_subscribe(self, client: Client[User]) -> None:
                if not await store.is_member(self.room_id, client.user):
                    raise Denied

            async def on_publish(self, client: Client[User], data: NewMessage) -> Message: ...

    Without ``on_subscribe`` no client may subscribe, without ``on_publish`` none may publish; both refuse by
    raising ``Denied``, ``NotFound`` or another ``CommandError``. What ``on_publish`` returns is published.

    ``on_call(self, client, data)`` answers a call from a client, ``on_unsubscribe(self, client)`` hears that one
    has gone. ``on_history(self, client)`` and ``on_presence(self, client)`` refuse who may not read the past or
    know who is there; without them everybody who is subscribed may.

    Publishing, calling, reading history and presence require a subscription, before any of these rules is asked:
    a client that ``on_subscribe`` refused cannot do them. ``without_subscription`` names what does not require
    one. A channel without ``on_subscribe`` takes calls from every client that ``on_call`` accepts.

    :param pattern: the name; its variables are the fields of the class.
    :param history: what is kept, so that nobody misses anything; None keeps nothing.
    :param presence: clients may ask who is subscribed.
    :param join_leave: True sends joins and leaves to the clients that ask for them and to those that the server
        subscribed, ``"always"`` to all subscribers, False to none. By default True if the channel has presence.
    :param key: the field of the payload that says which row it is about.
    :param version: the field that grows with every edit of a row, so that an older one never overwrites a newer.
    :param delta: clients that can do it get the difference from the publication before.
    :param recovery: who comes back gets all that was missed (``"stream"``), or only the newest (``"cache"``).
    :param slow: what happens to a client that reads too slowly. ``"disconnect"``: it comes back and recovers.
        ``"resync"``: it takes a new snapshot of this channel. ``"latest"``: while its network is busy only the
        newest publication waits. ``"drop_oldest"``: the oldest publications that wait are given up.
    :param without_subscription: what a client may do although it is not subscribed, if the rule for it agrees:
        ``"publish"``, ``"call"``, ``"history"``, ``"presence"``.
    :raises UsageError: two of these do not go together.
    """

    pattern: ClassVar[str]
    history: ClassVar[History | None]
    presence: ClassVar[bool]
    join_leave: ClassVar[JoinLeave]
    key_field: ClassVar[str | None]
    version_field: ClassVar[str | None]
    delta: ClassVar[bool]
    recovery: ClassVar[Recovery]
    slow: ClassVar[Slow]
    without_subscription: ClassVar[frozenset[str]]
    variables: ClassVar[Mapping[str, Any]]
    """The types of the pattern's variables, by name."""
    _pattern: ClassVar[Pattern]

    def __init_subclass__(
        cls,
        *,
        pattern: str,
        history: History | None = None,
        presence: bool = False,
        join_leave: JoinLeave | None = None,
        key: str | None = None,
        version: str | None = None,
        delta: bool = False,
        recovery: Recovery = "stream",
        slow: Slow = "disconnect",
        without_subscription: Collection[str] = (),
    ) -> None:
        super().__init_subclass__()
        cls._pattern = Pattern(pattern)
        cls.pattern, cls.history, cls.presence = pattern, history, presence
        cls.join_leave = presence if join_leave is None else join_leave
        cls.key_field, cls.version_field = key, version
        cls.delta, cls.recovery, cls.slow = delta, recovery, slow
        cls.without_subscription = frozenset(without_subscription)
        _check_delivery(cls)
        cls.variables = _variables(cls)
        _payload(cls)
        dataclass(frozen=True, kw_only=True)(cls)

    def format(self) -> str:
        """The channel's name; ``parse`` is the way back.

        :raises UsageError: a variable has a value of another type.
        """
        return self._pattern.format({name: self._text(name) for name in self.variables})

    def _text(self, name: str) -> str:
        value = msgspec.to_builtins(getattr(self, name))
        try:
            schema.convert(value, self.variables[name])
        except Mismatch as error:
            raise UsageError(f"{self!r}: {name}: {error}") from None
        return ("false", "true")[value] if isinstance(value, bool) else str(value)

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The channel with this name; None when it is the name of another one.

        One channel has one name: what ``format`` would write differently is nobody's name.
        """
        values = cls._pattern.parse(name)
        if values is None:
            return None
        try:
            channel = cls.of(values)
        except Mismatch:
            return None
        return channel if channel.format() == name else None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """The channel with variables from text, such as a route's parameters; *values* may hold others too.

        :raises Mismatch: a variable's text is not of its type.
        """
        converted = {
            name: schema.convert(values[name], declared, strict=False) for name, declared in cls.variables.items()
        }
        return cls(**converted)

    @classmethod
    def publication_type(cls) -> Any:
        """``P``: the type of what is published.

        :raises UsageError: it names something that does not exist, cannot be sent as JSON, or lacks the fields
            that ``key`` and ``version`` name.
        """
        payload = _payload(cls)
        if isinstance(payload, ForwardRef):
            payload = _resolve(cls, payload)
        if not schema.supported(payload):
            raise UsageError(
                f"{cls.__name__}: {payload!r} cannot be sent; publish a Struct, a dataclass, a TypedDict …, or "
                "Raw as a whole"
            )
        for keyword, name in (("key", cls.key_field), ("version", cls.version_field)):
            if name is not None and (lacking := schema.without_field(payload, name)):
                raise UsageError(
                    f"{cls.__name__}: {keyword}={name!r} has to be a field of everything that is published; "
                    f"{', '.join(lacking)} lacks it"
                )
        return payload


def _check_delivery(cls: type[Channel[Any]]) -> None:
    """What is delivered has to fit what is promised."""
    if unknown := cls.without_subscription.difference(get_args(Access)):
        raise UsageError(
            f"{cls.__name__}: without_subscription={tuple(unknown)!r}: write a tuple of some of "
            f"{', '.join(map(repr, get_args(Access)))}"
        )
    for keyword, value, known in (
        ("recovery", cls.recovery, get_args(Recovery)),
        ("slow", cls.slow, get_args(Slow)),
        ("join_leave", cls.join_leave, (True, False, "always")),
    ):
        if value not in known:
            raise UsageError(f"{cls.__name__}: {keyword} is one of {', '.join(map(repr, known))}")
    if cls.history is None and (cls.delta or cls.recovery == "cache"):
        raise UsageError(
            f"{cls.__name__}: delta and recovery need the past; declare the channel with history=History(300, "
            '"10m")'
        )
    if cls.slow in ("latest", "drop_oldest") and cls.history is not None and cls.recovery == "stream":
        raise UsageError(
            f"{cls.__name__}: slow={cls.slow!r} leaves out publications, but the channel promises all of them; "
            'declare it with recovery="cache", or without history'
        )


def _variables(cls: type[Channel[Any]]) -> dict[str, Any]:
    declared = {
        name: annotation
        for name, annotation in hints(cls).items()
        if name in inspect.get_annotations(cls) and get_origin(annotation) is not ClassVar
    }
    for name in cls._pattern.variables:
        if hasattr(Channel, name) or name.startswith("_"):
            raise UsageError(f"{cls.__name__}: {name!r} cannot be a variable; every channel has that attribute")
        if name not in declared:
            raise UsageError(f"{cls.__name__}: declare the type of {{{name}}}, as in {name}: int")
        if not isinstance(_inspect(declared[name]), _VARIABLE_TYPES):
            raise UsageError(
                f"{cls.__name__}.{name}: a variable is text, a number, a bool, a UUID, a date or an enum"
            )
    for name in declared:
        if name not in cls._pattern.variables:
            raise UsageError(f"{cls.__name__}: the pattern {cls.pattern!r} lacks the variable {{{name}}}")
        if name in cls.__dict__:
            raise UsageError(f"{cls.__name__}.{name}: a variable has no default; it is part of the channel's name")
    return {name: declared[name] for name in cls._pattern.variables}


def _inspect(annotation: Any) -> object:
    try:
        return msgspec.inspect.type_info(annotation)
    except (TypeError, NotImplementedError):
        return None


def _payload(cls: type[Channel[Any]]) -> Any:
    """What stands in ``Channel[...]``, unresolved."""
    for base in getattr(cls, "__orig_bases__", ()):
        if get_origin(base) is Channel:
            return get_args(base)[0]
    raise UsageError(f"class {cls.__name__}: write Channel[...] with the type of what is published")


def _resolve(cls: type[Channel[Any]], payload: ForwardRef) -> Any:
    try:
        return eval(payload.__forward_arg__, vars(sys.modules[cls.__module__]))
    except NameError as error:
        raise UsageError(f"{cls.__name__}: the payload type cannot be resolved: {error}") from None
