"""The Protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as far as the protocol needs it.

A message is a table: which field of a struct has which number and kind. A decoder reads what a stranger sent; it
raises ``Malformed`` and nothing else. Its depth is that of the tables, which do not contain themselves, so that no
input can nest deeper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from offhook.wire.codec import Malformed

S = TypeVar("S", bound=Struct)


class Wire(IntEnum):
    """How a part is written. The groups, 3 and 4, are older than the protocol and refused."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


_LARGEST_NUMBER = 2**29 - 1
_LONGEST_VARINT = 10


def encode_varint(value: int) -> bytes:
    """An unsigned number, seven bits a byte, the lowest first."""
    if value < 0x80:
        return value.to_bytes()
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def decode_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at *at*, and where it ends.

    :raises Malformed: it does not end, or has more than 64 bits.
    """
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = shift = 0
    for end, byte in enumerate(data[at : at + _LONGEST_VARINT], at + 1):
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, end
        shift += 7
    raise Malformed("a number without an end, or of more than 64 bits")


def delimited(data: bytes) -> bytes:
    """*data* behind its length."""
    return encode_varint(len(data)) + data


def take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    """The *size* bytes at *at*, and where they end.

    :raises Malformed: there are fewer.
    """
    end = at + size
    if end > len(data):
        raise Malformed("a length past the end")
    return data[at:end], end


def take_delimited(data: bytes, at: int) -> tuple[bytes, int]:
    """What stands behind its length at *at*, and where it ends.

    :raises Malformed: the length is none, or there are fewer bytes.
    """
    size, at = decode_varint(data, at)
    return take(data, at, size)


def _parts(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message as they come: number, wire type, and what was written (an int or bytes)."""
    at = 0
    part: int | bytes
    while at < len(data):
        tag, at = decode_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number <= _LARGEST_NUMBER:
            raise Malformed("a field number that there is not")
        match wire_type:
            case Wire.VARINT:
                part, at = decode_varint(data, at)
            case Wire.LENGTH:
                part, at = take_delimited(data, at)
            case Wire.FIXED64:
                part, at = take(data, at, 8)
            case Wire.FIXED32:
                part, at = take(data, at, 4)
            case _:
                raise Malformed("an unknown wire type")
        yield number, wire_type, part


class Kind(Protocol):
    """How the values of a field are written."""

    @property
    def wire_type(self) -> Wire:
        """The wire type of its parts."""
        ...

    def decode(self, part: Any, earlier: Any) -> Any:
        """The value of *part*, when the field had the value *earlier* before (None: it had none).

        :raises Malformed: it is no such value.
        """
        ...

    def encode(self, tag: bytes, value: Any) -> bytes:
        """The field with its *tag*; nothing for a zero value, which is what a missing field means."""
        ...


@dataclass(frozen=True, slots=True)
class Integer:
    """A number; a negative one is written as its complement to 2^64."""

    lowest: int
    highest: int
    wire_type: Wire = Wire.VARINT

    def decode(self, part: Any, earlier: Any) -> int:
        """The last one counts."""
        value: int = part - (part >> 63 << 64)
        if not self.lowest <= value <= self.highest:
            raise Malformed("a number out of its range")
        return value

    def encode(self, tag: bytes, value: Any) -> bytes:
        """Zero is left out."""
        return tag + encode_varint(value & 2**64 - 1) if value else b""


class Flag:
    """A bool."""

    wire_type = Wire.VARINT

    def decode(self, part: Any, earlier: Any) -> bool:
        """The last one counts."""
        return bool(part)

    def encode(self, tag: bytes, value: Any) -> bytes:
        """False is left out."""
        return tag + b"\x01" if value else b""


class Text:
    """A ``str``."""

    wire_type = Wire.LENGTH

    def decode(self, part: Any, earlier: Any) -> str:
        """The last one counts."""
        try:
            return str(part, "utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(str(error)) from None

    def encode(self, tag: bytes, value: Any) -> bytes:
        """The empty text is left out."""
        return tag + delimited(value.encode()) if value else b""


class Data:
    """Bytes, for us a ``Raw``."""

    wire_type = Wire.LENGTH

    def decode(self, part: Any, earlier: Any) -> Raw:
        """The last one counts."""
        return Raw(part)

    def encode(self, tag: bytes, value: Any) -> bytes:
        """No bytes are left out."""
        data = b"" if value is None else bytes(value)
        return tag + delimited(data) if data else b""


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a message's table."""

    name: str
    kind: Kind
    tag: bytes

    @classmethod
    def of(cls, name: str, number: int, kind: Kind) -> "Field":
        """The field *name*, which has *number* on the wire."""
        return cls(name, kind, encode_varint(number << 3 | kind.wire_type))

    def encode(self, value: Any) -> bytes:
        """The field with this value."""
        return self.kind.encode(self.tag, value)


Fields = Mapping[int, Field]


def _read(fields: Fields, data: bytes, values: dict[str, Any]) -> dict[str, Any]:
    """*values* with those that *data* holds; fields that *fields* lacks are skipped."""
    for number, wire_type, part in _parts(data):
        field = fields.get(number)
        if field is None:
            continue
        if wire_type != field.kind.wire_type:
            raise Malformed(f"{field.name} has another wire type")
        values[field.name] = field.kind.decode(part, values.get(field.name))
    return values


class Message(Generic[S]):
    """The struct *made* on the wire, and at the same time the kind of a field that holds one.

    :param fields: number and kind of each of its fields that is sent, by name.
    """

    wire_type = Wire.LENGTH

    def __init__(self, made: type[S], **fields: tuple[int, Kind]) -> None:
        self.made = made
        self.fields: Fields = {number: Field.of(name, number, kind) for name, (number, kind) in fields.items()}

    def decode(self, part: bytes, earlier: S | None = None) -> S:
        """The message in *part*. One that comes twice is one: what came *earlier* stays where nothing replaces it.

        :raises Malformed: it holds no such message.
        """
        values = {} if earlier is None else msgspec.structs.asdict(earlier)
        return self.made(**_read(self.fields, part, values))

    def content(self, value: S) -> bytes:
        """*value* as a message, without tag and length."""
        return b"".join([field.encode(getattr(value, field.name)) for field in self.fields.values()])

    def encode(self, tag: bytes, value: S | None) -> bytes:
        """None is left out; an empty message is there."""
        return b"" if value is None else tag + delimited(self.content(value))


@dataclass(frozen=True, slots=True)
class Each(Generic[S]):
    """A repeated field of messages."""

    message: Message[S]
    wire_type: Wire = Wire.LENGTH

    def decode(self, part: bytes, earlier: list[S] | None) -> list[S]:
        """One more, in *earlier* itself."""
        found = [] if earlier is None else earlier
        found.append(self.message.decode(part))
        return found

    def encode(self, tag: bytes, value: Sequence[S]) -> bytes:
        """One after the other."""
        return b"".join([self.message.encode(tag, each) for each in value])


class Map:
    """A map from texts, which on the wire is a repeated field of messages with a key and a value."""

    wire_type = Wire.LENGTH

    def __init__(self, kind: Kind, zero: Any) -> None:
        self._zero = zero
        self._key = Field.of("key", 1, Text())
        self._value = Field.of("value", 2, kind)
        self._fields: Fields = {1: self._key, 2: self._value}

    def decode(self, part: bytes, earlier: dict[str, Any] | None) -> dict[str, Any]:
        """One more, in *earlier* itself: to copy it each time would take time without bounds."""
        found = {} if earlier is None else earlier
        entry = _read(self._fields, part, {})
        found[entry.get("key", "")] = entry.get("value", self._zero)
        return found

    def encode(self, tag: bytes, value: Mapping[str, Any] | None) -> bytes:
        """One after the other."""
        entries = (self._key.encode(key) + self._value.encode(each) for key, each in (value or {}).items())
        return b"".join([tag + delimited(entry) for entry in entries])
