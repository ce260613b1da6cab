"""What a type looks like in JSON, as msgspec describes types.

msgspec refuses a union of objects that nobody could tell apart when they come in. They can be sent all the same:
an action may answer ``Order | SoldOut``. So what msgspec refuses is described here, part by part, and msgspec
describes the parts.
"""

import dataclasses
import types
from collections.abc import Iterable, Iterator, Mapping
from inspect import get_annotations
from typing import (
    Annotated,
    Any,
    Generic,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from offhook.base import models

Object: TypeAlias = inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType


def describe(declared: Any, *, received: bool = False) -> inspect.Type:
    """msgspec's description of a type.

    :param received: it has to be readable too.
    :raises TypeError: JSON has no form for it, or for a part of it. The text names the field.
    """
    return _Description(unions=not received or models.reader(declared) is not None).of(declared)


def members_of(declared: Any) -> tuple[Any, ...]:
    """The members of a union; a type that is none is its own only member."""
    bare = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return get_args(bare) if get_origin(bare) in _UNIONS else (bare,)


_UNIONS = (Union, types.UnionType)


class _Description:
    """One description under way.

    :param unions: any type may stand beside any other.
    """

    def __init__(self, unions: bool) -> None:
        self._unions = unions
        self._known: dict[Any, Object] = {}  # classes whose own fields may lead back to them

    def of(self, declared: Any) -> inspect.Type:
        try:
            return inspect.type_info(declared)
        except (TypeError, ValueError, NameError, RecursionError) as error:
            described = self._by_parts(declared)
            if described is None:
                raise TypeError(str(error)) from error
            return described

    def _by_parts(self, declared: Any) -> inspect.Type | None:
        origin, arguments = get_origin(declared) or declared, get_args(declared)
        if origin is Annotated and self._unions:
            return self.of(arguments[0])
        if origin in _UNIONS and self._unions:
            return inspect.UnionType(tuple(self.of(each) for each in arguments if each is not msgspec.UnsetType))
        if _is_object(origin):
            return self._object(declared)
        return self._collection(origin, arguments) if arguments and isinstance(origin, type) else None

    def _collection(self, origin: type, arguments: tuple[Any, ...]) -> inspect.Type | None:
        if issubclass(origin, Mapping):
            return inspect.DictType(self.of(arguments[0]), self.of(arguments[1]))
        if issubclass(origin, tuple) and arguments[1:] != (...,):
            return inspect.TupleType(tuple(map(self.of, arguments)))
        return inspect.ListType(self.of(arguments[0])) if issubclass(origin, Iterable) else None

    def _object(self, declared: Any) -> Object:
        if declared not in self._known:
            described = self._known[declared] = _empty(declared)
            described.fields = tuple(self._described(declared))
        return self._known[declared]

    def _described(self, declared: Any) -> Iterator[inspect.Field]:
        name = (get_origin(declared) or declared).__name__
        try:
            for field in _fields(declared):
                name = f"{name.partition('.')[0]}.{field.name}"
                yield msgspec.structs.replace(field, type=self.of(field.type))
        except (TypeError, NameError) as error:
            raise TypeError(f"{name}: {error}") from error


def _is_object(cls: Any) -> bool:
    return _is_struct(cls) or dataclasses.is_dataclass(cls) or is_typeddict(cls) or hasattr(cls, "_field_defaults")


def _is_struct(cls: Any) -> bool:
    return hasattr(cls, "__struct_config__")


def _empty(declared: Any) -> Object:
    """The description of a class, still without its fields."""
    cls: Any = get_origin(declared) or declared
    if _is_struct(cls):
        kept = ("tag_field", "tag", "array_like", "forbid_unknown_fields")
        return inspect.StructType(declared, (), **{name: getattr(cls.__struct_config__, name) for name in kept})
    if dataclasses.is_dataclass(cls):
        return inspect.DataclassType(declared, ())
    return inspect.TypedDictType(declared, ()) if is_typeddict(cls) else inspect.NamedTupleType(declared, ())


def _fields(declared: Any) -> Iterator[inspect.Field]:
    """The fields of a class; what stands as their type is the annotation."""
    cls: Any = get_origin(declared) or declared
    hints = _hints(declared)
    if _is_struct(cls):
        for each in msgspec.structs.fields(cls):
            yield _field(each.name, hints, each.default, each.default_factory, encode_name=each.encode_name)
    elif dataclasses.is_dataclass(cls):
        for plain in dataclasses.fields(cls):
            yield _field(plain.name, hints, plain.default, plain.default_factory)
    elif is_typeddict(cls):
        for name in sorted(hints):
            field = _field(name, hints)
            yield msgspec.structs.replace(field, required=name in cls.__required_keys__)
    else:
        for name in cls._fields:
            yield _field(name, hints, cls._field_defaults.get(name, NODEFAULT))


def _field(
    name: str, hints: Mapping[str, Any], default: Any = NODEFAULT, factory: Any = NODEFAULT, encode_name: str = ""
) -> inspect.Field:
    default, factory = (NODEFAULT if each is dataclasses.MISSING else each for each in (default, factory))
    return inspect.Field(
        name,
        encode_name or name,
        hints.get(name, Any),
        required=default is NODEFAULT and factory is NODEFAULT,
        default=NODEFAULT if default is UNSET else default,
        default_factory=factory,
    )


def _hints(declared: Any) -> dict[str, Any]:
    """The annotations of a class, in which type variables are what its arguments say."""
    found: dict[str, Any] = {}
    for cls, known in _scopes(declared):
        if own := get_annotations(cls):
            hints = get_type_hints(cls, include_extras=True)
            found = {name: _filled(hints[name], known) for name in own} | found
    return found


def _scopes(declared: Any) -> Iterator[tuple[Any, Mapping[Any, Any]]]:
    """A class and its bases, each with what its own type variables stand for."""
    cls = get_origin(declared) or declared
    known = dict(zip(getattr(cls, "__parameters__", ()), get_args(declared), strict=False))
    yield cls, known
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = get_origin(base) or base
        if isinstance(origin, type) and origin is not Generic:
            yield from _scopes(_filled(base, known))


def _filled(hint: Any, known: Mapping[Any, Any]) -> Any:
    """*hint* with the type variables that are *known*, and without the words of a TypedDict about keys."""
    if get_origin(hint) in (Required, NotRequired):
        return _filled(get_args(hint)[0], known)
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    variables = getattr(hint, "__parameters__", ())
    return (
        hint[tuple(known.get(each, each) for each in variables)]
        if variables and not isinstance(hint, type)
        else hint
    )
