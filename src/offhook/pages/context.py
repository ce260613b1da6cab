"""What middleware shares with the handlers that it wraps."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.datastructures import MutableHeaders

from offhook.base.errors import UsageError

Next: TypeAlias = Callable[[], Awaitable[None]]
"""Runs everything inside a middleware. It never raises: whatever happens inside becomes part of the answer."""


class Context:
    """One pass through the middleware. An action and the loaders after it have one each.

    ``headers`` are added to the answer.
    """

    def __init__(self) -> None:
        self.headers = MutableHeaders()
        self._provided: dict[Any, Any] = {}

    def provide(self, value: object, *, of: Any = None) -> None:
        """Give *value* to every handler inside that asks for its type, or for the annotation *of*."""
        self._provided[of or type(value)] = value

    def provided(self, annotation: Any) -> Any:
        """The value for this annotation.

        :raises UsageError: no middleware around the handler provided one.
        """
        if annotation not in self._provided:
            raise UsageError(f"no middleware of this route provided a value of type {annotation!r}")
        return self._provided[annotation]
