"""Python types as TypeScript: one expression for each annotation, and the named declarations that it needs.

What a type looks like is what ``base.schema`` makes of it in JSON: a Struct's renamed fields and its tag, a date
as a string, a NamedTuple as an array. The two directions differ in one thing. What the server sends (*output*) has
every field, unless the Struct omits defaults; what it receives (*input*) may leave out fields that have a default.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_origin

import msgspec
from msgspec import inspect as shapes

from offhook.base import models
from offhook.base.shapes import Object, describe
from offhook.typegen.words import Inexpressible, Member, Mode, array, comment, literal, type_name, union, unsafe

_PLAIN: Mapping[type[shapes.Type], str] = {
    shapes.AnyType: "unknown",
    shapes.RawType: "unknown",
    shapes.NoneType: "null",
    shapes.BoolType: "boolean",
    shapes.IntType: "number",
    shapes.FloatType: "number",
    **dict.fromkeys(
        (
            shapes.StrType,
            shapes.BytesType,
            shapes.ByteArrayType,
            shapes.MemoryViewType,
            shapes.DateTimeType,
            shapes.DateType,
            shapes.TimeType,
            shapes.TimeDeltaType,
            shapes.UUIDType,
            shapes.DecimalType,
        ),
        "string",
    ),
}

_Lists: TypeAlias = (
    shapes.ListType | shapes.VarTupleType | shapes.SetType | shapes.FrozenSetType | shapes.CollectionType
)
_Dicts: TypeAlias = shapes.DictType | shapes.FrozenDictType

# Names that a declaration may not have, or would hide from the rest of the file.
_LANGUAGE = (
    "any",
    "bigint",
    "boolean",
    "never",
    "null",
    "number",
    "object",
    "string",
    "undefined",
    "unknown",
    "void",
)
_LIBRARY = ("Array", "Partial", "Record")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a type stands, for the error message."""

    name: str = ""

    def __truediv__(self, inner: str) -> "Place":
        return Place(f"{self.name}.{inner}" if self.name else inner)

    def error(self, reason: str) -> Inexpressible:
        return Inexpressible(f"{self.name}: {reason}" if self.name else reason)


class Declarations:
    """The named types of one file, in the order in which they were first needed.

    :param taken: names that the file uses for something else; a type of such a name gets a number.
    :param received: classes that only ever come in, not as JSON, and what TypeScript calls them (uploads).
    """

    def __init__(self, taken: Iterable[str] = (), received: Mapping[type, str] | None = None) -> None:
        self._received = received or {}
        self._taken = {*taken, *_LANGUAGE, *_LIBRARY}
        self._names: dict[object, str] = {}
        self._texts: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        """Their texts, each an ``export``."""
        return iter(self._texts.values())

    def expression(self, annotation: Any, mode: Mode = "output") -> str:
        """*annotation* as a TypeScript type.

        :raises Inexpressible: JSON has no form for it, or for a part of it.
        """
        return self._expression(_described(annotation, mode), mode, Place())

    def _expression(self, shape: shapes.Type, mode: Mode, place: Place) -> str:
        def inner(part: shapes.Type) -> str:
            return self._expression(part, mode, place)

        match shape:
            case shapes.Metadata():
                return inner(shape.type)
            case shapes.LiteralType():
                return union(map(literal, shape.values))
            case shapes.UnionType():
                return union(map(inner, shape.types))
            case shapes.TupleType():
                return f"[{', '.join(map(inner, shape.item_types))}]"
            case shapes.DictType() | shapes.FrozenDictType():
                return _record(shape, inner)
            case _ if isinstance(shape, _Lists):
                return array(inner(shape.item_type))
            case shapes.EnumType():
                return self._enum(shape)
            case shapes.CustomType() | shapes.DataclassType() if _is_model(shape, mode):
                return self._model(shape.cls, mode, place)
            case _ if isinstance(shape, Object):
                return self._reference(shape, mode, place)
            case shapes.CustomType() if mode == "input" and shape.cls in self._received:
                return self._received[shape.cls]
        return _plain(shape, place)

    def _enum(self, shape: shapes.EnumType) -> str:
        values, name = union(literal(member.value) for member in shape.cls), type_name(shape.cls)
        # The same key as in typegen.models, so that an enum of both worlds is declared once.
        key = (name, frozenset([f"export type {name} = {values};"]))
        return self._declare(key, name, lambda given: f"export type {given} = {values};")

    def _model(self, model: type, mode: Mode, place: Place) -> str:
        from offhook.typegen.models import expression

        try:
            return expression(model, mode, self._declare, self._received)
        except Inexpressible as error:
            raise place.error(str(error)) from error

    def _reference(self, shape: Object, mode: Mode, place: Place) -> str:
        differs = mode == "input" and _differs(shape)
        wanted = type_name(shape.cls) + ("Input" if differs else "")
        key = (shape.cls, differs)
        return self._declare(key, wanted, lambda name: self._declaration(name, shape, mode, place))

    def _declare(self, key: object, wanted: str, text: Callable[[str], str]) -> str:
        if key not in self._names:
            name = self._names[key] = self._free_name(wanted)
            self._texts[name] = ""  # Keeps its place while its own fields, which may lead back here, are written.
            self._texts[name] = text(name)
        return self._names[key]

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}{number}", number + 1
        self._taken.add(name)
        return name

    def _declaration(self, name: str, shape: Object, mode: Mode, place: Place) -> str:
        members = self._members(shape, mode, place / name)
        above = comment(_documentation(shape.cls))
        if isinstance(shape, shapes.NamedTupleType) or getattr(shape, "array_like", False):
            return f"{above}export type {name} = [{', '.join(_positional(members))}];"
        lines = "".join(f"  {each};\n" for each in members)
        return f"{above}export interface {name} {{\n{lines}}}"

    def _members(self, shape: Object, mode: Mode, place: Place) -> list[Member]:
        members = [
            Member(
                field.encode_name,
                _optional(field, shape, mode),
                self._expression(field.type, mode, place / field.name),
            )
            for field in shape.fields
        ]
        if isinstance(shape, shapes.StructType) and shape.tag_field is not None:
            members.insert(0, Member(shape.tag_field, False, literal(shape.tag)))
        return members


def _positional(members: Sequence[Member]) -> Iterator[str]:
    """Elements of a tuple: one may be left out only if all after it may (TypeScript 1257)."""
    for place, member in enumerate(members):
        optional = all(later.optional for later in members[place:])
        label = re.sub(r"\W|^(?=\d)", "_", member.name, flags=re.ASCII)
        yield str(Member(label, optional, member.type))


def fields(annotation: Any) -> dict[str, bool]:
    """The names under which a form carries the fields of this type, and whether each takes several values.

    :raises Inexpressible: JSON has no form for the type.
    """
    if models.reader(annotation) is not None:
        described = ((names, _several(_described(hint, "input"))) for names, hint, _ in models.fields(annotation))
        return {name: several for names, several in described for name in names}
    found: dict[str, bool] = {}
    for each in _members(_described(annotation, "input")):
        if isinstance(each, shapes.StructType) and each.tag_field is not None:
            found[each.tag_field] = False
        if isinstance(each, Object):
            found |= {field.encode_name: _several(field.type) for field in each.fields}
    return found


def _several(shape: shapes.Type) -> bool:
    return any(isinstance(each, _Lists | shapes.TupleType) for each in _members(shape))


def _members(shape: shapes.Type) -> tuple[shapes.Type, ...]:
    shape = shape.type if isinstance(shape, shapes.Metadata) else shape
    return shape.types if isinstance(shape, shapes.UnionType) else (shape,)


def _described(annotation: Any, mode: Mode) -> shapes.Type:
    try:
        return describe(annotation, received=mode == "input")
    except TypeError as error:
        raise Inexpressible(str(error)) from error


def _is_model(shape: shapes.CustomType | shapes.DataclassType, mode: Mode) -> bool:
    """Whether pydantic says what it looks like; it reads its own dataclasses, but msgspec writes them."""
    return models.is_model(shape.cls) and (mode == "input" or isinstance(shape, shapes.CustomType))


def _documentation(annotation: Any) -> str | None:
    """What a class says about itself; not what Python says about it (dataclasses, named tuples)."""
    cls: Any = get_origin(annotation) or annotation
    text: str | None = vars(cls).get("__doc__")
    made = text is not None and text.startswith(f"{cls.__name__}(") and _is_made(cls)
    return None if made else text


def _is_made(cls: type) -> bool:
    return dataclasses.is_dataclass(cls) or hasattr(cls, "_fields")


def _plain(shape: shapes.Type, place: Place) -> str:
    if isinstance(shape, shapes.IntType):
        for bound in (shape.ge, shape.gt, shape.le, shape.lt):
            unsafe(bound, place.name)
    text = _PLAIN.get(type(shape))
    if text is None:
        named = getattr(shape, "cls", type(shape))
        raise place.error(f"{named.__module__}.{named.__qualname__} has no form in JSON")
    return text


def _record(shape: _Dicts, inner: Callable[[shapes.Type], str]) -> str:
    """A JSON object by key. Every key is a string there; closed sets of keys are kept, each may be missing."""
    value = inner(shape.value_type)
    if isinstance(shape.key_type, shapes.LiteralType | shapes.EnumType):
        return f"Partial<Record<{inner(shape.key_type)}, {value}>>"
    inner(shape.key_type)
    return f"Record<string, {value}>"


def _optional(field: shapes.Field, shape: Object, mode: Mode) -> bool:
    if field.required:
        return False
    has_default = (field.default, field.default_factory) != (msgspec.NODEFAULT, msgspec.NODEFAULT)
    if mode == "input" or not has_default:  # Without a default: NotRequired of a TypedDict, or UNSET.
        return True
    owner: Any = get_origin(shape.cls) or shape.cls
    return isinstance(shape, shapes.StructType) and owner.__struct_config__.omit_defaults and not shape.array_like


def _differs(shape: shapes.Type, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether the two modes of a type differ, in itself or in something it is made of."""
    if isinstance(shape, Object):
        if shape.cls in seen:
            return False
        if any(_optional(field, shape, "input") != _optional(field, shape, "output") for field in shape.fields):
            return True
        seen |= {shape.cls}
    if isinstance(shape, shapes.CustomType) and models.is_model(shape.cls):
        from offhook.typegen.models import differs

        return differs(shape.cls)
    return any(_differs(part, seen) for part in _parts(shape))


def _parts(shape: shapes.Type) -> Iterable[shapes.Type]:
    match shape:
        case shapes.Metadata():
            return (shape.type,)
        case shapes.UnionType():
            return shape.types
        case shapes.TupleType():
            return shape.item_types
        case shapes.DictType() | shapes.FrozenDictType():
            return (shape.key_type, shape.value_type)
        case _ if isinstance(shape, _Lists):
            return (shape.item_type,)
        case _ if isinstance(shape, Object):
            return (field.type for field in shape.fields)
    return ()
