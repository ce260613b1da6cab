"""pydantic's models as TypeScript. What they look like in JSON, pydantic says itself, as JSON Schema.

This module imports pydantic; it is loaded when a model is met, and then the application has imported it already.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import core_schema

from offhook.typegen.words import Inexpressible, Member, Mode, array, comment, literal, type_name, union, unsafe

_Schema: TypeAlias = Mapping[str, Any]
_Refer: TypeAlias = Callable[[str], str]
Declare: TypeAlias = Callable[[object, str, Callable[[str], str]], str]
"""Makes the declaration of a key that has none, of the wanted name, with a text for the name it gets; the name."""

_DEFINED = "#/$defs/"
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_MODES: tuple[Mode, Mode] = ("input", "output")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def expression(model: type, mode: Mode, declare: Declare, received: Mapping[type, str]) -> str:
    """The name of *model* in TypeScript.

    :param received: classes that only ever come in, not as JSON, and what TypeScript calls them (uploads).
    :raises Inexpressible: JSON has no form for a part of it.
    """
    definitions, sent = _definitions(model, mode), _definitions(model, "output")
    written = _Writer(definitions, received if mode == "input" else {})

    def refer(key: str) -> str:
        shape = _Writer(definitions).all_of(key)
        same = mode == "output" or key not in sent or _Writer(sent).all_of(key) == shape
        name = type_name(definitions[key].get("title", key)) + ("" if same else "Input")
        return declare((name, shape), name, lambda given: written.declaration(key, given, refer))

    return refer(_root(model, mode))


def differs(model: type) -> bool:
    """Whether *model* looks different coming in and going out."""
    coming, going = (_Writer(_definitions(model, mode)).all_of(_root(model, mode)) for mode in _MODES)
    return coming != going


class _Generator(GenerateJsonSchema):
    """pydantic's, except that what is sent has every field, also those with a default."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def field_is_required(
        self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool
    ) -> bool:
        if self.mode == "serialization" and field["type"] != "typed-dict-field":
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> dict[str, Any]:
        return {"instance": schema["cls"]}


@lru_cache(maxsize=1024)
def _schema(model: type, mode: Mode) -> dict[str, Any]:
    wanted: Literal["validation", "serialization"] = "validation" if mode == "input" else "serialization"
    try:
        return TypeAdapter(model).json_schema(mode=wanted, schema_generator=_Generator)
    except PydanticUserError as error:
        raise Inexpressible(f"{model.__name__}: {error.message}") from error


def _definitions(model: type, mode: Mode) -> dict[str, _Schema]:
    schema = _schema(model, mode)
    return {**schema.get("$defs", {}), **({} if "$ref" in schema else {model.__name__: schema})}


def _root(model: type, mode: Mode) -> str:
    reference: str = _schema(model, mode).get("$ref", model.__name__)
    return reference.removeprefix(_DEFINED)


class _Writer:
    """JSON Schema in, TypeScript out.

    :param received: what may stand for classes that are not JSON; None: just their names, to compare two texts.
    """

    def __init__(self, definitions: Mapping[str, _Schema], received: Mapping[type, str] | None = None) -> None:
        self._definitions = definitions
        self._received = received

    def all_of(self, key: str) -> frozenset[str]:
        """A definition with everything that it leads to; equal for two that are the same types."""
        found: dict[str, str] = {}
        waiting = [key]

        def refer(other: str) -> str:
            waiting.append(other)
            return other

        while waiting:
            if (each := waiting.pop()) not in found:
                found[each] = self.declaration(each, each, refer)
        return frozenset(found.values())

    def declaration(self, key: str, name: str, refer: _Refer) -> str:
        """The definition of *key*, called *name*."""
        schema = self._definitions[key]
        above = comment(schema.get("description"))
        if "properties" not in schema:
            return f"{above}export type {name} = {self._text(schema, refer)};"
        lines = "".join(f"  {member};\n" for member in self._members(schema, refer))
        return f"{above}export interface {name} {{\n{lines}}}"

    def _text(self, schema: Any, refer: _Refer) -> str:
        for bound in _BOUNDS if isinstance(schema, Mapping) else ():
            unsafe(schema.get(bound), schema.get("title", ""))
        match schema:
            case {"$ref": reference}:
                return refer(reference.removeprefix(_DEFINED))
            case {"anyOf": members} | {"oneOf": members}:
                return union(self._text(each, refer) for each in members)
            case {"allOf": [only]}:
                return self._text(only, refer)
            case {"const": value}:
                return literal(value)
            case {"enum": values}:
                return union(map(literal, values))
            case {"instance": cls}:
                return self._instance(cls)
            case {"type": "array"}:
                return self._list(schema, refer)
            case {"type": "object"}:
                return self._object(schema, refer)
            case {"type": str(plain)}:
                return _PLAIN[plain]
        return "unknown"

    def _instance(self, cls: type) -> str:
        name = f"{cls.__module__}.{cls.__qualname__}"
        if self._received is None:
            return name
        if cls not in self._received:
            raise Inexpressible(f"{name} has no form in JSON")
        return self._received[cls]

    def _list(self, schema: _Schema, refer: _Refer) -> str:
        if "prefixItems" in schema:
            return f"[{', '.join(self._text(each, refer) for each in schema['prefixItems'])}]"
        if schema.get("maxItems") == 0:
            return "[]"
        return array(self._text(schema.get("items", True), refer))

    def _object(self, schema: _Schema, refer: _Refer) -> str:
        if "properties" in schema:
            return f"{{ {'; '.join(map(str, self._members(schema, refer)))} }}"
        rest = schema.get("additionalProperties", True)
        value = "never" if rest is False else self._text(rest, refer)
        if "propertyNames" in schema and (key := self._text(schema["propertyNames"], refer)) != "string":
            return f"Partial<Record<{key}, {value}>>"
        return f"Record<string, {value}>"

    def _members(self, schema: _Schema, refer: _Refer) -> Iterator[Member | str]:
        for name, each in schema["properties"].items():
            yield Member(name, name not in schema.get("required", ()), self._text(each, refer))
        if schema.get("additionalProperties"):
            yield "[name: string]: unknown"
