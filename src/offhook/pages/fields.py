"""From the fields of a form or a query to the type that a handler declares, with every field's error."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints

from msgspec import inspect
from starlette.datastructures import FormData, UploadFile

from offhook.base import models, schema, shapes
from offhook.base.errors import UsageError
from offhook.pages.field_errors import REQUIRED, FieldError, Invalid, explain
from offhook.pages.inputs import Field, Submitted, field, present
from offhook.pages.model_errors import field_errors

_OBJECTS = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType)


def by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """The values of each name, in their order; linear in the number of *pairs*."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def from_form(submitted: Submitted, into: Any) -> Any:
    """*submitted* as a value of type *into*, by the rules of ``pages.inputs``.

    :raises Invalid: with the errors of all fields.
    """
    return _from_texts(submitted, into, is_query=False)


def from_query(submitted: Submitted, into: Any) -> Any:
    """The same for a query string, in which everything may be absent: a field that is absent has its default.

    :raises Invalid: with the errors of all fields.
    """
    return _from_texts(submitted, into, is_query=True)


def _from_texts(submitted: Submitted, into: Any, *, is_query: bool) -> Any:
    if models.reader(into) is not None:
        return _whole(dict(present(submitted, _model_fields(into), is_query=is_query)), into, strict=False)
    last = {name: values[-1] for name, values in submitted.items() if values}
    declared = _object(into, last)
    if declared is None:
        return _whole(last, into, strict=False)
    values = dict(present(submitted, _fields(declared.cls), is_query=is_query))
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
def _fields(cls: type) -> tuple[Field, ...]:
    hints = {name: _bare(hint) for name, hint in get_type_hints(cls, include_extras=True).items()}
    described: Any = _described(cls)
    return tuple(
        field(each.encode_name, hints.get(each.name, Any), each.type, required=each.required)
        for each in described.fields
    )


@lru_cache(maxsize=1024)
def _model_fields(into: Any) -> tuple[Field, ...]:
    """The fields of a model of pydantic's, or of all models of a union."""
    return tuple(
        field(name, hint, shapes.describe(hint), required=required, names=names)
        for names, hint, required in models.fields(into)
        for name in names
    )


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


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


def _error(values: Mapping[str, Any], each: Field, strict: bool) -> FieldError | None:
    if each.name not in values:
        return REQUIRED if each.required else None
    try:
        schema.convert(values[each.name], each.annotation, strict=strict)
    except schema.Mismatch as mismatch:
        return explain(str(mismatch))
    return None


def _whole(value: object, into: Any, *, strict: bool) -> Any:
    try:
        return schema.convert(value, into, strict=strict)
    except schema.Mismatch as mismatch:
        names = {each.name for each in _model_fields(into)} if mismatch.flaws else ()
        raise Invalid(field_errors(mismatch, names)) from mismatch
