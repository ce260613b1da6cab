"""Payloads between JSON and declared types."""

import dataclasses
import math
from typing import Annotated, Any, Generic, NotRequired, TypedDict, TypeVar

import msgspec
import pytest
from hypothesis import given, strategies as st

from offhook.base.errors import UsageError
from offhook.base.schema import Mismatch, check, convert, decode, encode, exceeds_depth, supported, without_field


class Message(msgspec.Struct):
    text: str


class Branch(msgspec.Struct):
    children: "list[Branch]"


@dataclasses.dataclass
class Point:
    x: int


class Row(TypedDict):
    id: int


class Stranger:
    pass


@dataclasses.dataclass
class Measured:
    value: float


@dataclasses.dataclass
class Holder:
    held: list[Stranger | None]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Message("é"), '{"text":"é"}'),
        (Point(1), '{"x":1}'),
        ([None, True, 1.5, "a"], '[null,true,1.5,"a"]'),
        ({"a": None}, '{"a":null}'),
        ("null", '"null"'),
        ([2**53 - 1, 1 - 2**53], "[9007199254740991,-9007199254740991]"),
        ({9007199254740993: 0.30000000000000004}, '{"9007199254740993":0.30000000000000004}'),
        (
            [":9007199254740993,", Message(",9007199254740993]")],
            '[":9007199254740993,",{"text":",9007199254740993]"}]',
        ),
    ],
)
def test_encode(value: object, text: str) -> None:
    assert encode(value).decode() == text


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [1, {"a": -math.inf}],
        Measured(math.nan),
        {1.0, math.nan},
        object(),
        1j,
        "\ud800",
        _loop(),
        2**53,
        -(2**53),
        {"a": [Point(2**63)]},
        [Message("9" * 16), 10**40],
    ],
)
def test_what_json_cannot_carry(value: object) -> None:
    with pytest.raises(UsageError, match="cannot be sent as JSON"):
        encode(value)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(1 - 2**53, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
        max_leaves=10,
    )
)
def test_json_comes_back(value: object) -> None:
    assert decode(encode(value), object) == value


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", "\ud800", '{"text":1}', "[" * 100000, "{}"])
def test_what_is_not_a_message(data: bytes | str) -> None:
    with pytest.raises(Mismatch):
        decode(data, Message)


@pytest.mark.parametrize(
    ("value", "into", "strict", "expected"),
    [
        ({"text": "a"}, Message, True, Message("a")),
        ("5", int, False, 5),
        ("true", bool, False, True),
        ("5", str, False, "5"),
        (None, int | None, False, None),
    ],
)
def test_convert(value: object, into: Any, strict: bool, expected: object) -> None:
    assert convert(value, into, strict=strict) == expected


@pytest.mark.parametrize(
    ("value", "into", "strict"),
    [("5", int, True), ("x", int, False), ("9" * 5000, int, False), (None, int, False), ({}, Message, True)],
)
def test_what_does_not_convert(value: object, into: Any, strict: bool) -> None:
    with pytest.raises(Mismatch):
        convert(value, into, strict=strict)


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (Message("a"), Message),
        (Message("a"), Message | Point),
        (Point(1), Message | Point),
        (Row(id=1), Row),
        ({"anything": object}, Any),
        (1, int),
        (None, int | None),
        ([Message("a")], list[Message]),
    ],
)
def test_what_may_be_published(value: object, declared: Any) -> None:
    check(value, declared)


@pytest.mark.parametrize(
    ("value", "declared", "complaint"),
    [
        (Point(1), Message, "expected a payload of type Message, got Point"),
        ("1", int, "expected a payload of type int, got str"),
        (True, int, "got bool"),
        (None, Message, "got NoneType"),
        (object(), int, "got object"),
        ({"id": "x"}, Row, r"got dict: .*\$.id"),
        ([1], list[str], "got list"),
    ],
)
def test_what_may_not_be_published(value: object, declared: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        check(value, declared)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Message, True),
        (Branch, True),
        (Point, True),
        (Row, True),
        (int | None, True),
        (Any, True),
        (dict[str, list[Message]], True),
        (Stranger, False),
        (list[Stranger], False),
        (Holder, False),
        (complex, False),
        (Message | Point, False),  # nobody could tell them apart
        (object(), False),
    ],
)
def test_supported(declared: Any, expected: bool) -> None:
    assert supported(declared) is expected


T = TypeVar("T")


class Short(msgspec.Struct, Generic[T], omit_defaults=True):
    id: T
    note: str = ""


class Array(msgspec.Struct, array_like=True):
    id: int


class Loose(TypedDict):
    id: int
    note: NotRequired[str]


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        (Message, "text", []),
        (Message, "id", ["Message"]),
        (Annotated[Message, "said"], "text", []),
        (Point | None, "x", ["none"]),
        (Short[int], "id", []),
        (Short[int], "note", ["Short"]),
        (Array, "id", ["Array"]),
        (Loose, "id", []),
        (Loose, "note", ["Loose"]),
        (dict[str, int], "id", ["dict"]),
        (Any, "id", ["any"]),
    ],
)
def test_what_does_not_always_have_a_field(declared: Any, name: str, expected: list[str]) -> None:
    assert without_field(declared, name) == expected


@pytest.mark.parametrize(
    ("text", "exceeds"),
    [
        (b"1", False),
        (b"[[1]]", False),
        (b"[[[1]]]", True),
        (b'{"a":{"b":{}}}', True),
        (b"[[],[],[],[],[]]", False),
        (b'["[[[[[", "{{{{", "\\"[[["]', False),
        (b'[["\\\\",[1]]]', True),
    ],
)
def test_how_deep_a_text_is(text: bytes, exceeds: bool) -> None:
    assert exceeds_depth(text, 2) is exceeds
