"""From the fields of a form or a query to the type that a handler declares, with every field's error."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NotRequired, Required, TypeAlias, get_args, get_origin, get_type_hints

from msgspec import inspect
from starlette.datastructures import FormData, UploadFile

from offhook.base import models, schema, shapes
from offhook.base.errors import UsageError
from offhook.pages.field_errors import REQUIRED, FieldError, Invalid, explain
from offhook.pages.model_errors import field_errors

Submitted: TypeAlias = Mapping[str, Sequence[Any]]
"""What came, by name: texts and uploads in the order of the form."""

_MANY = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType, inspect.TupleType)
_OBJECTS = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    annotation: Any
    type: inspect.Type
    required: bool

    @property
    def many(self) -> bool:
        return any(isinstance(member, _MANY) for member in self._members())

    @property
    def nullable(self) -> bool:
        return any(isinstance(member, inspect.NoneType) for member in self._members())

    @property
    def text(self) -> bool:
        return any(isinstance(member, inspect.StrType | inspect.AnyType) for member in self._members())

    @property
    def checkbox(self) -> bool:
        return any(isinstance(member, inspect.BoolType) for member in self._members())

    def _members(self) -> tuple[inspect.Type, ...]:
        return self.type.types if isinstance(self.type, inspect.UnionType) else (self.type,)


def by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """The values of each name, in their order; linear in the number of *pairs*."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def from_form(submitted: Submitted, into: Any) -> Any:
    """*submitted* as a value of type *into*. HTML's ways are known: an unchecked box sends nothing, an empty
    input sends an empty text, numbers are texts.

    :raises Invalid: with the errors of all fields.
    """
    if models.reader(into) is not None:
        return _whole(dict(_present(submitted, _model_fields(into))), into, strict=False)
    declared = _object(into, {name: values[-1] for name, values in submitted.items() if values})
    if declared is None:
        return _whole({name: values[-1] for name, values in submitted.items() if values}, into, strict=False)
    values = dict(_present(submitted, _fields(declared.cls)))
    return _checked(values, declared, into, strict=False)


def from_json(value: object, into: Any) -> Any:
    """*value*, decoded from a JSON body, as a value of type *into*.

    :raises Invalid: with the errors of all fields.
    """
    if models.reader(into) is not None:
        return _whole(value, into, strict=True)
    declared = _object(into, value) if isinstance(value, Mapping) else None
    if declared is None or not isinstance(value, Mapping):
        return _whole(value, into, strict=True)
    return _checked(dict(value), declared, into, strict=True)


def has_uploads(into: Any) -> bool:
    """Whether a form that is read into *into* can have files."""
    if into is FormData:
        return True
    members = get_args(into) or (into,)
    return any(_is_upload(hint) for member in members for hint in _hints(member))


def _hints(member: Any) -> Iterator[Any]:
    return iter(get_type_hints(member).values() if isinstance(member, type) else ())


def _is_upload(hint: Any) -> bool:
    return hint is UploadFile or any(map(_is_upload, get_args(hint)))


def typed_text(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, to be shown again: no uploads, and no passwords."""
    return {
        name: value
        for name, value in values.items()
        if "password" not in name.lower() and isinstance(value, str | list | int | float | bool | None)
    }


def _object(into: Any, values: Any) -> Any:
    """The described object type of *into*; out of a tagged union the one that *values* names; else None."""
    described = _described(into)
    if isinstance(described, _OBJECTS):
        return described
    if not isinstance(described, inspect.UnionType):
        return None
    members = [each for each in described.types if isinstance(each, inspect.StructType) and each.tag_field]
    for member in members:
        if str(values.get(member.tag_field)) == str(member.tag):
            return member
    if members and members[0].tag_field:
        raise Invalid({members[0].tag_field: explain("Invalid enum value")})
    return None


@lru_cache(maxsize=1024)
def _described(into: Any) -> inspect.Type:
    try:
        return inspect.type_info(into)
    except TypeError as error:
        raise UsageError(f"a form cannot be read into {into!r}: {error}") from error


@lru_cache(maxsize=1024)
def _fields(cls: type) -> tuple[_Field, ...]:
    hints = {name: _bare(hint) for name, hint in get_type_hints(cls, include_extras=True).items()}
    described: Any = _described(cls)
    return tuple(
        _Field(each.encode_name, hints.get(each.name, Any), each.type, each.required) for each in described.fields
    )


@lru_cache(maxsize=1024)
def _model_fields(into: Any) -> tuple[_Field, ...]:
    """The fields of a model of pydantic's, or of all models of a union."""
    return tuple(_Field(name, hint, shapes.describe(hint), False) for name, hint in models.fields(into))


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _present(submitted: Submitted, fields: Sequence[_Field]) -> Iterator[tuple[str, Any]]:
    """The values that count as sent, in the shape that their fields have."""
    for each in fields:
        sent = submitted.get(each.name, ())
        if each.many:
            yield each.name, list(sent)
        elif each.checkbox:
            yield each.name, _checked_box(sent)
        elif sent and sent[-1] == "" and (each.nullable or not each.text):
            if each.nullable:
                yield each.name, None
        elif sent:
            yield each.name, sent[-1]


def _checked_box(sent: Sequence[Any]) -> Any:
    if not sent:
        return False
    return True if sent[-1] == "on" else sent[-1]


def _checked(values: dict[str, Any], declared: Any, into: Any, *, strict: bool) -> Any:
    fields = _fields(declared.cls)
    errors = {each.name: error for each in fields if (error := _error(values, each, strict)) is not None}
    if errors:
        raise Invalid(errors)
    known = {each.name for each in fields}
    if tag_field := getattr(declared, "tag_field", None):
        values[tag_field] = declared.tag
        known.add(tag_field)
    return _whole({name: value for name, value in values.items() if name in known}, into, strict=strict)


def _error(values: Mapping[str, Any], field: _Field, strict: bool) -> FieldError | None:
    if field.name not in values:
        return REQUIRED if field.required else None
    try:
        converted = schema.convert(values[field.name], field.annotation, strict=strict)
    except schema.Mismatch as mismatch:
        return explain(str(mismatch))
    if isinstance(converted, float) and not math.isfinite(converted):
        return explain("Expected `float`")
    return None


def _whole(value: object, into: Any, *, strict: bool) -> Any:
    try:
        return schema.convert(value, into, strict=strict)
    except schema.Mismatch as mismatch:
        names = {each.name for each in _model_fields(into)} if mismatch.flaws else ()
        raise Invalid(field_errors(mismatch, names)) from mismatch
