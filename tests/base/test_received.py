"""What was read is whole: it can be sent again, and has every field."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypedDict

import msgspec
import pytest
from pydantic import BaseModel

from offhook.base.received import is_whole
from offhook.base.schema import Mismatch, convert, decode, encode


@dataclasses.dataclass
class Order:
    item: str
    count: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    item: str
    count: int = 1


@dataclasses.dataclass
class Made:
    item: str
    count: int = dataclasses.field(init=False, default=1)


class Basket(msgspec.Struct):
    orders: dict[str, list[Order]]


class Typed(TypedDict):
    order: Order


class Named(NamedTuple):
    order: Order
    times: int = 1


class Priced(BaseModel):
    price: float
    below: list["Priced"] = []


class Kept(msgspec.Struct):
    priced: Priced


ORDER = {"item": "tea", "count": 1, "tags": []}


@pytest.mark.parametrize(
    ("declared", "sent", "expected"),
    [
        (Order, {"item": "tea"}, ORDER),
        (Order | None, {"item": "tea"}, ORDER),
        (list[Order], [{"item": "tea"}], [ORDER]),
        (tuple[Order, ...], [{"item": "tea"}], [ORDER]),
        (Slotted, {"item": "tea"}, {"item": "tea", "count": 1}),
        (Made, {"item": "tea"}, {"item": "tea", "count": 1}),
        (Basket, {"orders": {"a": [{"item": "tea"}]}}, {"orders": {"a": [ORDER]}}),
        (Typed, {"order": {"item": "tea"}}, {"order": ORDER}),
        (Named, [{"item": "tea"}], [ORDER, 1]),
    ],
)
def test_what_was_left_out_is_sent(declared: Any, sent: Any, expected: Any) -> None:
    for read in readers(declared, sent):
        assert msgspec.json.decode(encode(read())) == expected


def test_a_frozen_dataclass_is_whole_too() -> None:
    frozen = dataclasses.make_dataclass("Read", [("a", int), ("b", int, 2)], frozen=True)

    assert encode(decode('{"a":1}', frozen)) == b'{"a":1,"b":2}'


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-Infinity"])
@pytest.mark.parametrize(
    ("declared", "around"),
    [
        (Decimal, lambda word: word),
        (list[Decimal | None], lambda word: [None, word]),
        (dict[str, Decimal], lambda word: {"a": word}),
        (Priced, lambda word: {"price": word}),
        (Kept, lambda word: {"priced": {"price": 1, "below": [{"price": word}]}}),
    ],
)
def test_a_word_is_no_number(declared: Any, around: Callable[[str], Any], word: str) -> None:
    for read in readers(declared, around(word)):
        with pytest.raises(Mismatch, match=r"finite|Expected `float`"):
            read()


def readers(declared: Any, value: Any) -> list[Callable[[], Any]]:
    return [
        lambda: decode(msgspec.json.encode(value), declared),
        lambda: convert(value, declared),
        lambda: convert(value, declared, strict=False),
    ]


def test_numbers_of_json_that_javascript_cannot_write_are_refused() -> None:
    for text in ('{"price":NaN}', '{"price":Infinity}', '{"price":1e999}'):
        with pytest.raises(Mismatch):
            decode(text, Priced)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        *((whole, True) for whole in (int, Any, float, list[str | None], Annotated[int, ["no hash"]])),
        *((left_open, False) for left_open in (Order, Kept, Decimal, Order | Made, Annotated[Order, ["no hash"]])),
    ],
)
def test_only_types_with_an_open_part_are_walked_through(declared: Any, expected: bool) -> None:
    assert is_whole(declared) is expected


def test_a_type_without_a_hash_is_looked_at_each_time() -> None:
    assert is_whole(Annotated[int, ["a note"]])
    assert not is_whole(Annotated[Order, ["a note"]])
