"""What came of one handler: the values that travel from handlers to answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
from starlette.responses import Response

from offhook.base import schema
from offhook.pages.results import Answer, Data, Redirect


@dataclass(frozen=True, slots=True)
class Done:
    """The handler answered. ``value`` is JSON already, made while the handler's resources were open.

    ``shown`` is whether a document that answers a mutation shows it; otherwise it sends the browser back to the
    page, so that a reload does not repeat the mutation.
    """

    value: msgspec.Raw
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The nearest ErrorBoundary has to answer."""

    status: int
    value: msgspec.Raw
    headers: Mapping[str, str] = field(default_factory=dict)


Outcome: TypeAlias = Done | Failed | Redirect | Response
Outcomes: TypeAlias = Mapping[str, Outcome]
"""Outcomes by route id, root first."""

NOTHING = Done(msgspec.Raw(b"null"))


def outcome(returned: object) -> Outcome:
    """What a handler's return value means.

    :raises UsageError: it cannot be sent as JSON.
    """
    match returned:
        case None:
            return NOTHING
        case Redirect() | Response():
            return returned
        case Answer():
            return returned.response
        case Data():
            return done(returned.value, returned.status, returned.headers)
    return Done(_raw(returned))


def done(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Done:
    """What ``data(value, status, headers=headers)`` means."""
    return Done(_raw(value), status, headers or {}, shown=True)


def failed(status: int, value: object, headers: Mapping[str, str] | None = None) -> Failed:
    """A failure with *value* for the ErrorBoundary."""
    return Failed(status, _raw(value), headers or {})


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(schema.encode(value))


def plain(value: object) -> object:
    """*value* as built-in types."""
    return msgspec.to_builtins(value)
