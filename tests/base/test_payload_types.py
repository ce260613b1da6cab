"""What ``supported`` accepts can be sent and received: a type fails when it is declared, never at a publish."""

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import typing
import uuid
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest
from msgspec import Raw, Struct

from offhook.base import schema
from offhook.base.errors import UsageError


class Color(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 1


class Flags(enum.IntFlag):
    A = 1
    B = 2


class Plain(Struct):
    x: int = 1
    late: int | msgspec.UnsetType = msgspec.UNSET


class Row(Struct, array_like=True):
    x: int = 1


class Tagged(Struct, tag=True):
    x: int = 1


class Holder(Struct):
    raw: Raw


class Keyed(Struct):
    by_pair: dict[tuple[int, int], int]


@dataclasses.dataclass
class Data:
    x: int = 1


class Typed(TypedDict):
    x: int


class Pair(NamedTuple):
    x: int


class Model(pydantic.BaseModel):
    x: int = 1


class Foreign: ...


NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
ID = uuid.UUID(int=5)

ACCEPTED: list[tuple[Any, Any]] = [
    (int, 5),
    (int, 2**53 - 1),
    (str, "é\u2028"),
    (bytes, b"\x00\xff"),
    (float, 1.5),
    (bool, True),
    (None, None),
    (Any, {"a": [1, None]}),
    (decimal.Decimal, decimal.Decimal("1.10")),
    (datetime.datetime, NOW),
    (datetime.date, NOW.date()),
    (datetime.time, NOW.time()),
    (datetime.timedelta, datetime.timedelta(1)),
    (uuid.UUID, ID),
    (Color, Color.RED),
    (Size, Size.BIG),
    (Flags, Flags.A),
    (typing.Literal["a", 1], "a"),
    (list[int], [1]),
    (tuple[int, str], (1, "a")),
    (set[int], {1}),
    (frozenset[int], frozenset({1})),
    (dict[str, int], {"a": 1}),
    (dict[int, int], {1: 1}),
    (dict[float, int], {1.5: 1}),
    (dict[uuid.UUID, int], {ID: 1}),
    (dict[datetime.date, int], {NOW.date(): 1}),
    (dict[Color, int], {Color.RED: 1}),
    (dict[int | str, int], {"a": 1}),
    (dict[typing.Annotated[str, msgspec.Meta(max_length=3)], int], {"a": 1}),
    (Plain, Plain()),
    (Row, Row()),
    (Tagged | None, Tagged()),
    (Data, Data()),
    (Typed, {"x": 1}),
    (Pair, Pair(1)),
    (Model, Model()),
    (list[Model], [Model()]),
    (Model | None, None),
    (typing.Annotated[int, msgspec.Meta(gt=1)], 5),
    (collections.abc.Sequence[int], [1]),
    (collections.abc.Mapping[str, int], {"a": 1}),
    (Raw, Raw(b'{"a" :\r\n 1.0}')),
]

REFUSED: list[Any] = [
    complex,
    Path,
    Foreign,
    list[Foreign],
    Holder,
    list[Raw],
    dict[str, Raw],
    Raw | None,
    msgspec.msgpack.Ext,
    list[msgspec.msgpack.Ext],
    Keyed,
    dict[tuple[int, int], int],
    dict[bool, int],
    dict[str | None, int],
    dict[frozenset[int], int],
    list[dict[Row, int]],
    Plain | Data,
    type,
    collections.abc.Callable,
    object,
]


@pytest.mark.parametrize(("declared", "value"), ACCEPTED)
def test_what_is_accepted_is_sent_and_received(declared: Any, value: Any) -> None:
    assert schema.supported(declared)
    schema.check(value, declared)
    assert _bytes(schema.decode(schema.encode(value), declared)) == _bytes(value)


def _bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, Raw) else value


@pytest.mark.parametrize("declared", REFUSED)
def test_what_has_no_form_in_json_is_refused_where_it_is_declared(declared: Any) -> None:
    assert not schema.supported(declared)


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        (b"", True),
        (b"nonsense", True),
        (b"{}{}", True),
        (b"\x00\xff", True),
        (b'"\xff"', True),
        (b"NaN", True),
        (b"[1,]", True),
        (b'"\\ud800"', True),
        (b'"\n"', True),
        (b"[" * 9999, True),
        (b" 1e999\r\n", False),
        (b'{"a":[1,"\xc3\xa9"]}', False),
    ],
)
def test_raw_is_any_bytes_and_json_if_it_is_one_json_text(data: bytes, binary: bool) -> None:
    raw = schema.decode(data, Raw)
    assert (schema.encode(raw), schema.is_binary(raw)) == (data, binary)


def test_raw_is_not_what_another_type_says() -> None:
    with pytest.raises(UsageError, match="expected a payload of type Raw, got dict"):
        schema.check({"a": 1}, Raw)
