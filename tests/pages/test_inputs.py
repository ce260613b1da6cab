"""Every input of HTML against every kind of declared type: what a form means, and what a query string means."""

import datetime
import enum
from dataclasses import field, make_dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, create_model

from offhook.pages.field_errors import Invalid
from offhook.pages.fields import from_form, from_query
from offhook.pages.routes import route

from .support import get, post, site


class Size(enum.Enum):
    SMALL = "s"
    NONE = ""


class Level(enum.IntEnum):
    LOW = 1


NINE = datetime.time(9, 30)
DAY = datetime.date(2026, 11, 30)

VALUES: list[tuple[Any, list[str], Any]] = [
    # text, search, tel, url, email, color, hidden, textarea
    (str, ["a"], "a"),
    (str, [""], ""),
    (str, ["first", "last"], "last"),
    (str | None, [""], None),
    (str | None, [], None),
    (str, ["#aabbcc"], "#aabbcc"),
    (Annotated[str, Meta(max_length=3)], ["a\nb"], "a\nb"),
    # number, range
    (int, ["5"], 5),
    (int, ["9007199254740993"], 9007199254740993),
    (int | None, [""], None),
    (float, ["1e3"], 1000.0),
    (Decimal, ["1.50"], Decimal("1.50")),
    (Decimal | None, [""], None),
    # date, time, datetime-local, month, week
    (datetime.date, ["2026-11-30"], DAY),
    (datetime.date, ["2026-11"], datetime.date(2026, 11, 1)),
    (datetime.date, ["2026-W49"], DAY),
    (datetime.date | None, [""], None),
    (datetime.time, ["09:30"], NINE),
    (datetime.time, ["09:30:00.5"], datetime.time(9, 30, 0, 500000)),
    (datetime.datetime, ["2026-11-30T09:30"], datetime.datetime.combine(DAY, NINE)),
    (datetime.datetime, ["2026-11-30T09:30:15"], datetime.datetime(2026, 11, 30, 9, 30, 15)),
    (datetime.datetime | None, ["2026-11-30T09:30"], datetime.datetime.combine(DAY, NINE)),
    (list[datetime.time], ["09:30", "", "09:30:00"], [NINE, NINE]),
    (str, ["2026-W49"], "2026-W49"),
    (str, ["09:30"], "09:30"),
    # one checkbox; hidden and checkbox; a group of radio buttons
    (bool, ["on"], True),
    (bool, ["true"], True),
    (bool, ["0"], False),
    (bool, ["false", "on"], True),
    (bool, [], False),
    (bool, [""], False),
    (bool | None, [], None),
    (bool | None, ["", ""], None),
    (bool | None, ["false"], False),
    (Literal["a", "b"], ["b"], "b"),
    (Literal["", "a"], [""], ""),
    (Literal["a"] | None, [""], None),
    (Literal["a"] | None, [], None),
    (Literal[1, 2], ["2"], 2),
    # select, checkboxes of one name
    (Size, ["s"], Size.SMALL),
    (Size, [""], Size.NONE),
    (Level, ["1"], Level.LOW),
    (list[str], ["a", ""], ["a", ""]),
    (list[str], [], []),
    (list[int], ["1", "", "2"], [1, 2]),
    (list[int] | None, [], None),
    (Annotated[list[int], Meta(title="Numbers")], ["1"], [1]),
    (set[int], ["1", "1"], {1}),
    (frozenset[Literal["a"]], ["a"], frozenset({"a"})),
    (tuple[int, str], ["1", "a"], (1, "a")),
    (tuple[int, ...], ["1"], (1,)),
    (UUID, ["00000000-0000-0000-0000-000000000001"], UUID(int=1)),
    (datetime.timedelta, ["PT5S"], datetime.timedelta(seconds=5)),
    (bytes, ["aGk="], b"hi"),
    (Any, ["a"], "a"),
]
ERRORS: list[tuple[Any, list[str], str]] = [
    (int, ["x"], "type"),
    (int, ["5.5"], "type"),
    (int, [""], "required"),
    (int, [], "required"),
    (str, [], "required"),
    (float, ["nan"], "type"),
    (float | None, ["inf"], "type"),
    (list[float], ["1", "nan"], "type"),
    (Decimal, ["NaN"], "type"),
    (Decimal, ["Infinity"], "type"),
    (datetime.date, ["2026-W60"], "type"),
    (datetime.date, ["2026-13"], "type"),
    (datetime.time, ["25:00"], "type"),
    (datetime.datetime, ["2026-11-30"], "type"),
    (bool, ["maybe"], "type"),
    (Literal["a"], ["b"], "choice"),
    (Literal["a"], [], "required"),
    (Size, ["xl"], "choice"),
    (list[int], ["x"], "type"),
    (dict[str, int], ["a"], "type"),
]


def declarations(kind: Any, **default: Any) -> list[Any]:
    struct = msgspec.defstruct("Sent", [("value", kind, *default.values())])
    kept = [field(default=value) for value in default.values()]
    return [struct, make_dataclass("Sent", [("value", kind, *kept)])]


@pytest.mark.parametrize(("kind", "sent", "expected"), VALUES)
def test_a_form_and_a_query_have_the_same_values(kind: Any, sent: list[str], expected: Any) -> None:
    for declared in [*declarations(kind), create_model("Sent", value=(kind, ...))]:
        for read in (from_form, from_query):
            if declared.__mro__[1] is BaseModel and kind in (bytes, Literal[1, 2]):
                continue  # pydantic has rules of its own for these
            value = read({"value": sent} if sent else {}, declared).value
            assert (value, type(value)) == (expected, type(expected)), (declared, read)


@pytest.mark.parametrize(("kind", "sent", "code"), ERRORS)
def test_a_form_and_a_query_have_the_same_errors(kind: Any, sent: list[str], code: str) -> None:
    for declared in declarations(kind):
        for read in (from_form, from_query):
            with pytest.raises(Invalid) as raised:
                read({"value": sent} if sent else {}, declared)
            assert {name: error.code for name, error in raised.value.errors.items()} == {"value": code}


@pytest.mark.parametrize(
    ("kind", "default", "in_a_form", "in_a_query"),
    [
        (bool, True, False, True),
        (bool | None, True, True, True),
        (int, 5, 5, 5),
        (str, "a", "a", "a"),
        (str | None, "a", "a", "a"),
        (tuple[int, ...], (1, 2), (), (1, 2)),
        (frozenset[str], frozenset({"a"}), frozenset(), frozenset({"a"})),
        (list[int] | None, None, None, None),
        (datetime.date, DAY, DAY, DAY),
        (Literal["a", "b"], "b", "b", "b"),
    ],
)
def test_what_is_absent(kind: Any, default: Any, in_a_form: Any, in_a_query: Any) -> None:
    for declared in [*declarations(kind, default=default), create_model("Sent", value=(kind, default))]:
        assert from_form({}, declared).value == in_a_form
        assert from_query({}, declared).value == in_a_query


def test_a_number_of_a_model_is_finite() -> None:
    class Sent(BaseModel):
        price: float = 1.0
        tags: list[float] = []

    for sent in ({"price": ["nan"]}, {"tags": ["1", "inf"]}):
        with pytest.raises(Invalid) as raised:
            from_form(sent, Sent)
        assert {name: error.code for name, error in raised.value.errors.items()} == dict.fromkeys(sent, "type")


@pytest.mark.parametrize(("sent", "expected"), [("agree", True), ("ok", True), ("other", False)])
def test_a_box_of_a_model_may_have_several_names(sent: str, expected: bool) -> None:
    class Sent(BaseModel):
        model_config = ConfigDict(extra="forbid")
        agree: bool = Field(True, validation_alias=AliasChoices("agree", "ok"))

    assert from_form({sent: ["on"]}, Sent).agree is expected


def test_a_query_has_its_defaults_and_a_path_no_word_for_a_number() -> None:
    class Wanted(msgspec.Struct):
        live: bool = True
        text: str = ""
        tags: list[str] = msgspec.field(default_factory=lambda: ["new"])

    async def loader(query: Wanted) -> Wanted:
        return query

    async def scaled(scale: float) -> float:
        return scale

    app = site([route("a", "a"), route("b/:scale", "b")], a={"loader": loader}, b={"loader": scaled})

    assert get(app, "/a").page["loaderData"] == {"a": {"live": True, "text": "", "tags": ["new"]}}
    assert get(app, "/a?live=0&text=a%0D%0Ab").page["loaderData"] == {
        "a": {"live": False, "text": "a\nb", "tags": ["new"]}
    }
    assert [get(app, f"/b/{word}").status for word in ("1.5", "nan", "inf", "1e999")] == [200, 404, 404, 404]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_a_line_break_is_one_character(break_: str) -> None:
    class Note(msgspec.Struct):
        text: Annotated[str, Meta(max_length=3)]

    async def action(form: Note) -> str:
        return form.text

    app = site([route("a", "a")], a={"action": action, "view": None})

    assert post(app, "/a", urlencode({"text": f"a{break_}b"})).json == "a\nb"
