"""Handler parameters by name and annotation.

A handler (loader, action, middleware, socket) says what it wants; *sources* say who provides it. The plan is made
once, when the application is built, so that a parameter that nobody provides is an error before the first request.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_type_hints

from offhook.base.errors import UsageError

Context = TypeVar("Context")
Getter: TypeAlias = Callable[[Context], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a handler. ``required`` is False when it has a ``default``."""

    name: str
    annotation: Any
    required: bool
    default: Any = None

    @property
    def optional(self) -> bool:
        """Whether None is a legal value by its annotation."""
        return self.annotation in (Any, None, NoneType) or NoneType in get_args(self.annotation)


Source: TypeAlias = Callable[[Parameter], Getter[Context] | None]
"""Says how to get the value of a parameter, or None when it does not know this one.

It raises ``UsageError`` for one that no handler of this kind may have.
"""


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The resolved annotations of *function*.

    :raises UsageError: an annotation names something that does not exist where the function stands.
    """
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise UsageError(f"{location(function)}: an annotation cannot be resolved: {error}") from error


def parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of *function* with resolved annotations; one without an annotation has ``Any``."""
    annotations = hints(function)
    return tuple(
        Parameter(
            each.name,
            annotations.get(each.name, Any),
            required=each.default is inspect.Parameter.empty,
            default=None if each.default is inspect.Parameter.empty else each.default,
        )
        for each in inspect.signature(function).parameters.values()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    )


def location(function: Callable[..., Any]) -> str:
    """Where *function* stands, as ``file.py:12 name``, for error messages."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return f"{code.co_filename}:{code.co_firstlineno} {name}" if code else name


class Plan(Generic[Context]):
    """How to fill the parameters of one handler.

    :param sources: asked in order; the first one that knows a parameter provides it.
    :param known: what can be asked for, in words, for the error message.
    :raises UsageError: a required parameter that no source knows.
    """

    def __init__(self, function: Callable[..., Any], sources: Sequence[Source[Context]], known: str) -> None:
        self.function = function
        self._getters: dict[str, Getter[Context]] = {}
        for parameter in parameters(function):
            try:
                getter = next((found for source in sources if (found := source(parameter)) is not None), None)
            except UsageError as error:
                raise UsageError(f"{location(function)}: {error}") from None
            if getter is not None:
                self._getters[parameter.name] = getter
            elif parameter.required:
                raise UsageError(
                    f"{location(function)}: nothing provides the parameter {parameter.name!r}; it can have {known}"
                )

    def arguments(self, context: Context) -> dict[str, Any]:
        """The keyword arguments for one call."""
        return {name: getter(context) for name, getter in self._getters.items()}
