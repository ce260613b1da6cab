"""pydantic's models, in applications that have them: only an application imports pydantic, this module never does.

A model is read and written by its own rules: its validators, its aliases, its serializers.
"""

import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a value.

    :param where: the way to it, from the outside in; a union adds a step that names its member.
    :param kind: pydantic's name of the rule, such as ``string_too_short``.
    :param text: what is wrong, in English.
    :param facts: the numbers and texts of the rule, such as ``min_length``.
    """

    where: tuple[str | int, ...]
    kind: str
    text: str
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.where))}: {self.text}" if self.where else self.text


def is_model(cls: object) -> bool:
    """Whether *cls* is a model, or a dataclass of pydantic's."""
    return "pydantic" in sys.modules and isinstance(cls, type) and hasattr(cls, "__pydantic_validator__")


def reader(declared: Any) -> Any:
    """pydantic's ``TypeAdapter`` for a type of which models are a part; None for any other.

    What stands inside of a Struct, a TypedDict or a plain dataclass is no part of it in this sense: msgspec reads
    that, and asks ``read`` for the models.

    :raises TypeError: pydantic cannot read another part of it.
    """
    try:
        return _kept_reader(declared)
    except TypeError:  # ``declared`` has no hash; or pydantic refuses it, and says so again
        return _reader(declared)


def _reader(declared: Any) -> Any:
    if not any(map(is_model, _parts(declared))):
        return None
    pydantic = sys.modules["pydantic"]
    try:
        return pydantic.TypeAdapter(declared)
    except pydantic.errors.PydanticUserError as error:
        raise TypeError(str(error)) from error


_kept_reader = lru_cache(maxsize=1024)(_reader)


def _parts(declared: Any) -> Iterator[Any]:
    yield declared
    if get_origin(declared) is not Literal:
        for argument in get_args(declared):
            yield from _parts(argument)


def read(cls: type, value: object) -> Any:
    """*value*, made of built-in types, as a *cls*: msgspec's hook for types that it does not know.

    :raises ValueError: the model refuses it, or *cls* is no model and *value* is none.
    """
    if not is_model(cls):
        if isinstance(value, cls):
            return value
        raise ValueError(f"Expected `{cls.__name__}`, got `{type(value).__name__}`")
    try:
        return reader(cls).validate_python(value)
    except ValueError as error:
        raise ValueError("; ".join(map(str, flaws(error))) or str(error)) from error


def write(value: Any) -> Any:
    """A model as what JSON can carry: msgspec's hook for values that it does not know.

    :raises TypeError: *value* is of no type that can be sent.
    """
    if is_model(type(value)):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"objects of type {type(value).__qualname__} have no form in JSON")


def flaws(error: ValueError) -> Sequence[Flaw]:
    """What pydantic found wrong; nothing for an error of somebody else."""
    if not hasattr(error, "errors"):
        return ()
    found = error.errors(include_url=False, include_input=False)
    return [Flaw(each["loc"], each["type"], each["msg"], each.get("ctx", {})) for each in found]


def fields(declared: Any) -> Iterator[tuple[Sequence[str], Any, bool]]:
    """The names under which *declared*, a model or a union of models, takes each field, its type, and whether it
    is required."""
    if is_model(declared):
        for name, field in declared.__pydantic_fields__.items():
            yield _names(name, field), field.annotation, field.is_required()
    elif get_origin(declared) in (Union, types.UnionType) or hasattr(declared, "__metadata__"):
        for member in get_args(declared):
            yield from fields(member)


def parts(model: Any) -> Iterator[tuple[str, Any]]:
    """What *model* consists of, by the names under which it takes its fields."""
    for name, field in type(model).__pydantic_fields__.items():
        yield _names(name, field)[0], getattr(model, name, None)


def _names(name: str, field: Any) -> list[str]:
    alias = field.validation_alias or field.alias
    choices = getattr(alias, "choices", [alias])
    return [each for each in choices if isinstance(each, str)] or [name]


def written(cls: Any) -> Iterator[str]:
    """The names of the fields that a model always has when it is sent."""
    for name, field in cls.model_fields.items():
        if not field.exclude and getattr(field, "exclude_if", None) is None:
            yield field.serialization_alias or name
    for name, field in cls.model_computed_fields.items():
        yield field.alias or name
