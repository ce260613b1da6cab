"""From what a form sends to the type that an action declares."""

import datetime
import enum
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import Meta

from offhook.base.errors import UsageError
from offhook.pages.field_errors import Invalid
from offhook.pages.fields import from_form, from_json, typed_text


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Order(msgspec.Struct):
    name: Annotated[str, Meta(min_length=2, max_length=9, pattern="^[a-z]+$")]
    count: Annotated[int, Meta(gt=0, le=10)]
    price: Annotated[float, Meta(ge=0.5, lt=100, multiple_of=0.5)] = 1.0
    weight: float = 1.0
    ratio: Annotated[float, Meta(gt=0)] = 1.0
    size: Size = Size.SMALL
    kind: Literal["a", "b"] = "a"
    gift: bool = False
    note: str | None = None
    day: datetime.date | None = None
    tags: Annotated[list[int], Meta(max_length=2)] = []


def errors(sent: dict[str, list[Any]], into: Any = Order) -> dict[str, tuple[str, Any]]:
    with pytest.raises(Invalid) as raised:
        from_form(sent, into)
    return {name: (error.code, dict(error.params)) for name, error in raised.value.errors.items()}


def test_the_ways_of_html_forms() -> None:
    sent = {
        "name": ["first", "abc"],
        "count": ["3"],
        "price": [""],
        "size": ["l"],
        "gift": ["on"],
        "note": [""],
        "day": ["2026-11-20"],
        "tags": ["1", "2"],
        "unknown": ["x"],
    }

    assert from_form(sent, Order) == Order(
        "abc", 3, size=Size.LARGE, gift=True, day=datetime.date(2026, 11, 20), tags=[1, 2]
    )
    assert from_form({"name": ["abc"], "count": ["3"], "gift": ["false"]}, Order) == Order("abc", 3)


@pytest.mark.parametrize(
    ("field", "sent", "code", "params"),
    [
        ("name", "a", "min_length", {"min": 2}),
        ("name", "abcdefghij", "max_length", {"max": 9}),
        ("name", "ABC", "pattern", {"pattern": "^[a-z]+$"}),
        ("count", "", "required", {}),
        ("count", "x", "type", {"expected": "int"}),
        ("count", "0", "ge", {"min": 1}),
        ("count", "11", "le", {"max": 10}),
        ("price", "0", "ge", {"min": 0.5}),
        ("price", "100", "lt", {"max": 100.0}),
        ("price", "0.7", "multiple_of", {"step": 0.5}),
        ("weight", "nan", "type", {"expected": "float"}),
        ("weight", "inf", "type", {"expected": "float"}),
        ("ratio", "0", "gt", {"min": 0.0}),
        ("size", "xl", "choice", {}),
        ("kind", "c", "choice", {}),
        ("gift", "maybe", "type", {"expected": "bool"}),
        ("day", "yesterday", "type", {"expected": "date"}),
    ],
)
def test_every_rule_has_a_code(field: str, sent: str, code: str, params: dict[str, Any]) -> None:
    form = {"name": ["abc"], "count": ["3"], field: [sent]}

    assert errors(form) == {field: (code, params)}


def test_all_errors_at_once() -> None:
    found = errors({"count": ["x"], "size": ["?"], "tags": ["1", "2", "3"]})

    assert {name: code for name, (code, _) in found.items()} == {
        "name": "required",
        "count": "type",
        "size": "choice",
        "tags": "max_length",
    }


@dataclass
class Period:
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("The end comes before the start.")


class Options(TypedDict):
    a: int
    b: NotRequired[str]


class Add(msgspec.Struct, tag="add", tag_field="intent"):
    text: str


class Remove(msgspec.Struct, tag="remove", tag_field="intent"):
    id: int


class Renamed(msgspec.Struct, rename="camel"):
    first_name: str


def test_a_rule_about_several_fields_belongs_to_the_whole_form() -> None:
    with pytest.raises(Invalid) as raised:
        from_form({"start": ["5"], "end": ["3"]}, Period)

    error = raised.value.errors[""]
    assert (error.code, error.text) == ("invalid", "The end comes before the start.")


def test_every_kind_of_declared_type() -> None:
    assert from_form({"start": ["1"], "end": ["3"]}, Period) == Period(1, 3)
    assert from_form({"a": ["1"]}, Options) == {"a": 1}
    assert from_form({"firstName": ["Ada"]}, Renamed) == Renamed("Ada")
    assert from_form({"a": ["1", "2"]}, dict[str, int]) == {"a": 2}
    assert errors({}, Renamed) == {"firstName": ("required", {})}
    assert errors({"a": ["x"]}, dict[str, int])[""][0] == "type"


def test_a_button_chooses_among_types() -> None:
    assert from_form({"intent": ["remove"], "id": ["3"]}, Add | Remove) == Remove(3)
    assert errors({"intent": ["remove"], "id": ["x"]}, Add | Remove) == {"id": ("type", {"expected": "int"})}
    assert errors({"intent": ["other"]}, Add | Remove) == {"intent": ("choice", {})}
    assert errors({}, Add | Remove) == {"intent": ("choice", {})}


def test_json_is_taken_by_its_word() -> None:
    assert from_json({"name": "abc", "count": 3, "tags": [1]}, Order) == Order("abc", 3, tags=[1])
    assert from_json({"intent": "add", "text": "x"}, Add | Remove) == Add("x")
    assert from_json([1, 2], list[int]) == [1, 2]
    wrongs: list[Any] = [{"name": "abc", "count": "3"}, {"name": "abc"}, [], "x", None]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            from_json(wrong, Order)


def test_a_type_that_no_form_can_fill() -> None:
    with pytest.raises(UsageError, match="cannot be read into"):
        from_form({}, dict[str, int] | list[int] | set[int])


def test_passwords_are_not_sent_back() -> None:
    typed = {"name": "Ada", "password": "x", "new_Password2": "y", "many": ["a", "b"], "file": object()}

    assert typed_text(typed) == {"name": "Ada", "many": ["a", "b"]}


ANY_JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(["name", "count", "price", "tags", "", "day"]), st.lists(st.text())))
def test_any_form_is_taken_or_refused(sent: dict[str, list[str]]) -> None:
    with suppress(Invalid):
        assert isinstance(from_form(sent, Order), Order)


@given(ANY_JSON)
def test_any_json_is_refused_or_taken(value: Any) -> None:
    for into in (Order, Add | Remove, Period, Options):
        with pytest.raises(Invalid):
            from_json(value, into)
