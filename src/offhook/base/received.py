"""What was read from outside, made whole, so that it can be sent again.

Two things that the readers leave open are closed here. msgspec makes a dataclass without its own attributes for
fields that were left out (the class has the defaults), and writes only what the instance has. ``Decimal`` and the
floats of models accept the words "NaN" and "Infinity", which JSON has no number for (RFC 8259, section 6).
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from offhook.base import models
from offhook.base.shapes import describe


def is_whole(declared: Any) -> bool:
    """Whether every value that is read as *declared* is whole as it is."""
    try:
        return _kept_is_whole(declared)
    except TypeError:  # ``declared`` has no hash
        return _is_whole(declared)


def _is_whole(declared: Any) -> bool:
    try:
        return not _open(describe(declared, received=True), set())
    except TypeError:
        return False


_kept_is_whole = lru_cache(maxsize=1024)(_is_whole)


def _open(node: object, seen: set[int]) -> bool:
    """Whether the type that *node* describes has a part that a reader leaves open."""
    if isinstance(node, tuple):
        return any(_open(part, seen) for part in node)
    if isinstance(node, msgspec.inspect.DataclassType | msgspec.inspect.DecimalType | msgspec.inspect.CustomType):
        return True
    if not isinstance(node, msgspec.inspect.Type | msgspec.inspect.Field) or id(node) in seen:
        return False
    seen.add(id(node))
    return any(_open(getattr(node, name), seen) for name in node.__struct_fields__)


def complete(value: Any) -> tuple[str | int, ...] | None:
    """Give every dataclass in *value* all its attributes.

    Return the way to the first number that is not finite, from the outside in; None: there is none.
    """
    if isinstance(value, float):
        return None if math.isfinite(value) else ()
    if isinstance(value, Decimal):
        return None if value.is_finite() else ()
    for step, part in _parts(value):
        if (where := complete(part)) is not None:
            return (step, *where)
    return None


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if value is None or isinstance(value, str | bytes | int):
        return
    if isinstance(value, Mapping):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from enumerate(value)
    elif models.is_model(type(value)):
        yield from models.parts(value)
    elif dataclasses.is_dataclass(value):
        yield from _fields(value)
    elif isinstance(value, msgspec.Struct):
        yield from ((name, getattr(value, name)) for name in value.__struct_fields__)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    own = getattr(value, "__dict__", None)
    for field in dataclasses.fields(value):
        if own is not None and field.default is not dataclasses.MISSING:
            own.setdefault(field.name, field.default)
        yield field.name, getattr(value, field.name, None)
