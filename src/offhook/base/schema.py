"""Payload conversion: between JSON and the types that an application declares.

msgspec does the work for ``msgspec.Struct``, dataclasses, TypedDicts and the built-in types; pydantic's models do
it for themselves (``base.models``). ``msgspec.Raw`` stands for bytes that stay as they are: one JSON text, or
others (``is_binary``).

Each value of a type that ``supported`` accepts has a JSON form: a declaration that cannot work fails when the
application is built, never when it publishes.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast, get_origin

import msgspec
from msgspec import Raw as Raw

from offhook.base import models
from offhook.base.errors import UsageError
from offhook.base.models import Flaw
from offhook.base.received import complete, is_whole
from offhook.base.shapes import describe, members_of

T = TypeVar("T")
_LONG = b"0" * 16
"""The digits of 2**53."""
_DIGITS = bytes(ord("0") if chr(code).isdigit() and code < 128 else code for code in range(256))
"""Every digit is a 0: with this table a long integer is found at the speed of a search for bytes."""
_LONG_INTEGER = re.compile(rb"(?:^|[\[:,-])\d{16,}(?=[,\]}]|$)")
_encoder = msgspec.json.Encoder(enc_hook=models.write)


class Mismatch(ValueError):
    """A value does not have the declared type. The text says where and what was expected.

    ``flaws`` are the single errors, where a model of pydantic's found them.
    """

    def __init__(self, text: str, flaws: Sequence[Flaw] = ()) -> None:
        super().__init__(text)
        self.flaws = flaws


def _mismatch(error: Exception) -> Mismatch:
    if isinstance(error, Mismatch):
        return error
    flaws = models.flaws(error) if isinstance(error, ValueError) else ()
    return Mismatch("; ".join(map(str, flaws)) or str(error), flaws)


def encode(value: object) -> bytes:
    """*value* as one JSON text in UTF-8; a ``Raw`` as it is.

    :raises UsageError: JSON cannot carry it; NaN, infinities, and integers beyond 2**53 - 1 included (RFC 8259,
        section 6).
    """
    if isinstance(value, Raw):
        return bytes(value)
    try:
        encoded = _encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"this value cannot be sent as JSON: {error}") from error
    # msgspec writes null for NaN, and integers of any length: only such texts make a walk necessary.
    if b"null" in encoded and not _every(_plain(value), _is_finite):
        raise UsageError("this value cannot be sent as JSON: it holds NaN or an infinity")
    if _may_hold_long_integer(encoded) and not _every(_plain(value), _is_safe):
        raise UsageError(
            "this value cannot be sent as JSON: it holds an integer beyond 2**53 - 1, of which JavaScript reads "
            "another number; send it as a str"
        )
    return encoded


def _may_hold_long_integer(encoded: bytes) -> bool:
    return _LONG in encoded.translate(_DIGITS) and _LONG_INTEGER.search(encoded) is not None


def is_binary(value: object) -> bool:
    """Whether *value* is a ``Raw`` that is not one JSON text in UTF-8, but other bytes."""
    if not isinstance(value, Raw):
        return False
    data = bytes(value)
    try:
        data.decode()
        msgspec.json.decode(data, type=Raw)
    except (ValueError, RecursionError):
        return True
    return False


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value, enc_hook=models.write)


def _every(value: object, test: Callable[[object], bool]) -> bool:
    """Whether *test* holds for everything in *value*."""
    if isinstance(value, Mapping):
        return all(_every(part, test) for part in value.values())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return all(_every(part, test) for part in value)
    return test(value)


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _is_safe(value: object) -> bool:
    return not isinstance(value, int) or abs(value) < 2**53


def decode(data: bytes | str, into: type[T]) -> T:
    """One JSON text as a value of type *into*; whatever bytes there are if that is ``Raw``.

    :raises Mismatch: it is not JSON, or not of that type.
    """
    declared: Any = into
    if declared is Raw:
        raw: Any = Raw(data)
        return cast("T", raw)
    try:
        if (reader := models.reader(declared)) is not None:
            value: T = reader.validate_json(data)
        else:
            value = msgspec.json.decode(data, type=into, dec_hook=models.read)
        return value if is_whole(declared) else _completed(value)
    except (ValueError, RecursionError) as error:
        raise _mismatch(error) from error


def convert(value: object, into: Any, *, strict: bool = True) -> Any:
    """*value*, made of built-in types, as a value of type *into*.

    :param strict: False also reads numbers, booleans and null out of strings, as forms and addresses need it.
    :raises Mismatch: it is not of that type.
    """
    try:
        if (reader := models.reader(into)) is not None:
            made = reader.validate_python(value)
        else:
            made = msgspec.convert(value, into, strict=strict, dec_hook=models.read, str_keys=True)
        return made if strict and is_whole(into) else _completed(made)
    except (ValueError, RecursionError) as error:
        raise _mismatch(error) from error


def _completed(value: T) -> T:
    """*value* with all attributes of its dataclasses.

    :raises Mismatch: a number in it is not finite, which only words such as "nan" can say.
    """
    if (where := complete(value)) is not None:
        raise Mismatch("Expected `float`", [Flaw(where, "finite_number", "Input should be a finite number", {})])
    return value


def check(value: object, declared: Any) -> None:
    """Refuse *value* unless it is of the *declared* type.

    :raises UsageError: it is of another one; the application published the wrong thing.
    """
    if declared is Any or _checked_already(value, declared):
        return
    refused = [_refusal(value, member) for member in members_of(declared)]
    if all(refused):
        expected = getattr(declared, "__name__", str(declared))
        raise UsageError(f"expected a payload of type {expected}, got {type(value).__name__}: {refused[0]}")


def _refusal(value: object, member: Any) -> str:
    """Why *value* is none of *member*; empty if it is one."""
    try:
        if (reader := models.reader(member)) is not None:
            reader.validate_python(value, strict=True)
        else:
            convert(_plain(value), member)
    except (ValueError, TypeError) as error:
        return str(error) or type(error).__name__
    return ""


def _checked_already(value: object, declared: Any) -> bool:
    """Whether *value* is of a class among the members whose instances are checked when they are made."""
    classes = (each for each in members_of(declared) if isinstance(each, type))
    return any(_checks_itself(each) and isinstance(value, each) for each in classes)


def _checks_itself(cls: type) -> bool:
    return (
        cls is Raw
        or hasattr(cls, "__struct_fields__")
        or hasattr(cls, "__dataclass_fields__")
        or models.is_model(cls)
    )


def without_field(declared: Any, name: str) -> list[str]:
    """The members of a type whose JSON is not an object that always has the field *name*."""
    shape = describe(declared)
    members = shape.types if isinstance(shape, msgspec.inspect.UnionType) else (shape,)
    return [_named(member) for member in members if name not in _always(member)]


def _always(shape: msgspec.inspect.Type) -> set[str]:
    """The names of the fields that the JSON of an object always has."""
    match shape:
        case msgspec.inspect.Metadata():
            return _always(shape.type)
        case msgspec.inspect.StructType(array_like=False, fields=fields):
            omits = _origin(shape.cls).__struct_config__.omit_defaults
            return {each.encode_name for each in fields if each.required or not omits}
        case msgspec.inspect.DataclassType(fields=fields):
            return {each.encode_name for each in fields}
        case msgspec.inspect.TypedDictType(fields=fields):
            return {each.encode_name for each in fields if each.required}
        case msgspec.inspect.CustomType() if models.is_model(shape.cls):
            return set(models.written(shape.cls))
    return set()


def _named(shape: msgspec.inspect.Type) -> str:
    cls = getattr(shape, "cls", None)
    name: str = _origin(cls).__name__ if cls else type(shape).__name__.removesuffix("Type").lower()
    return name


def _origin(cls: Any) -> Any:
    """A class without its type arguments."""
    return get_origin(cls) or cls


def supported(declared: Any) -> bool:
    """Whether values of this type can be sent and received; ``Raw`` as a whole, not as a part of another type."""
    if declared is Raw:
        return True
    try:
        read_by_model = models.reader(declared) is not None
        return read_by_model or not _has_custom(describe(declared, received=True), set(), received=True)
    except TypeError:
        return False


def sendable(declared: Any) -> bool:
    """Whether values of this type can be sent; the members of a union need not be told apart."""
    if declared is Raw:
        return True
    try:
        return not _has_custom(describe(declared), set(), received=False)
    except TypeError:
        return False


def _has_custom(node: object, seen: set[int], *, received: bool) -> bool:
    """Whether a part of the type that *node* describes has no form in JSON, or one that only its author knows."""
    if isinstance(node, tuple):
        return any(_has_custom(each, seen, received=received) for each in node)
    if not isinstance(node, msgspec.inspect.Type | msgspec.inspect.Field) or id(node) in seen:
        return False
    seen.add(id(node))
    if isinstance(node, msgspec.inspect.RawType | msgspec.inspect.ExtType):
        return True
    if isinstance(node, msgspec.inspect.DictType) and not _is_key(node.key_type):
        return True
    if isinstance(node, msgspec.inspect.CustomType):
        return not models.is_model(node.cls)
    if isinstance(node, msgspec.inspect.DataclassType) and received and models.is_model(node.cls):
        return True  # Inside of a Struct msgspec would read it, and none of its validators would run.
    return any(_has_custom(getattr(node, name), seen, received=received) for name in node.__struct_fields__)


_KEYS = (
    msgspec.inspect.AnyType,
    msgspec.inspect.BytesType,
    msgspec.inspect.DateTimeType,
    msgspec.inspect.DateType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.EnumType,
    msgspec.inspect.FloatType,
    msgspec.inspect.IntType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.StrType,
    msgspec.inspect.TimeDeltaType,
    msgspec.inspect.TimeType,
    msgspec.inspect.UUIDType,
)


def _is_key(shape: msgspec.inspect.Type) -> bool:
    """Whether a value of this type can be the name of a member of a JSON object."""
    if isinstance(shape, msgspec.inspect.UnionType):
        return all(map(_is_key, shape.types))
    return isinstance(shape.type if isinstance(shape, msgspec.inspect.Metadata) else shape, _KEYS)


_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')


def exceeds_depth(text: bytes, most: int) -> bool:
    """Whether the arrays and objects of a JSON *text* are nested deeper than *most*.

    Readers differ in how deep they go, one version of Python from the other too; this does not.
    """
    if text.count(b"[") + text.count(b"{") <= most:
        return False
    depth = 0
    for byte in _TEXT.sub(b"", text):
        if byte in b"[{":
            depth += 1
            if depth > most:
                return True
        elif byte in b"]}":
            depth -= 1
    return False
