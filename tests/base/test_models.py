"""Payloads that are models of pydantic's."""

import math
import subprocess
import sys
from dataclasses import dataclass as plain_dataclass
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, computed_field, field_validator
from pydantic.dataclasses import dataclass

from offhook.base import models, schema
from offhook.base.errors import UsageError
from offhook.base.schema import Mismatch


class Item(BaseModel):
    id: int = Field(alias="itemId")
    text: str = "none"
    due: date | None = None
    secret: str = Field(default="x", exclude=True)

    @field_validator("text")
    @classmethod
    def _polite(cls, text: str) -> str:
        if text == "rude":
            raise ValueError("be polite")
        return text

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.id


class Shouted(BaseModel):
    model_config = ConfigDict(alias_generator=str.upper)
    name: str


class Measured(BaseModel):
    value: float


class Cat(BaseModel):
    kind: Literal["cat"]
    meow: int = Field(validation_alias=AliasChoices("meow", "miaow"), serialization_alias="m")


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: int


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Order(msgspec.Struct):
    items: list[Item]


@plain_dataclass
class Basket:
    item: Item | None


@dataclass
class Point:
    x: int = Field(ge=1)


class Unresolved(msgspec.Struct):
    what: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Stranger:
    """A class that nobody can read."""


class Pointed(msgspec.Struct):
    point: Point


ITEM = Item(itemId=1, due=date(2026, 11, 20))
JSON = '{"itemId":1,"text":"none","due":"2026-11-20","twice":2}'


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        (Item, ITEM, JSON),
        (list[Item], [ITEM], f"[{JSON}]"),
        (Item | None, None, "null"),
        (dict[Literal["a"], Item], {"a": ITEM}, f'{{"a":{JSON}}}'),
        (dict[str, Item], {"a": ITEM}, f'{{"a":{JSON}}}'),
        (Order, Order([ITEM]), f'{{"items":[{JSON}]}}'),
        (Basket, Basket(ITEM), f'{{"item":{JSON}}}'),
        (Pet, Dog(kind="dog", bark=1), '{"kind":"dog","bark":1}'),
        (Cat | Dog, Dog(kind="dog", bark=1), '{"kind":"dog","bark":1}'),
        (Point, Point(1), '{"x":1}'),
    ],
)
def test_a_model_goes_out_and_comes_in_by_its_own_rules(declared: Any, value: Any, text: str) -> None:
    schema.check(value, declared)
    assert schema.supported(declared)
    assert schema.encode(value).decode() == text
    assert schema.decode(text, declared) == value
    assert schema.convert(msgspec.json.decode(text), declared) == value


def test_what_a_form_types_is_read_as_a_model_reads_it() -> None:
    assert schema.convert({"itemId": "1", "text": "a"}, Item, strict=False) == Item(itemId=1, text="a")


@pytest.mark.parametrize(
    ("value", "declared", "complaint"),
    [
        ({"text": 1}, Item, r"itemId: Field required; text: Input should be a valid string"),
        ({"itemId": 1, "text": "rude"}, Item, "text: Value error, be polite"),
        ([], Item, "Input should be"),
        (
            {"items": [{"itemId": "x"}]},
            Order,
            r"itemId: Input should be a valid integer.* - at `\$\.items\[0\]`",
        ),
        ({"item": 1}, Basket, r"Input should be a valid dictionary or instance of Item"),
    ],
)
def test_what_does_not_fit_says_why(value: Any, declared: Any, complaint: str) -> None:
    with pytest.raises(Mismatch, match=complaint):
        schema.convert(value, declared)
    with pytest.raises(Mismatch, match=complaint):
        schema.decode(msgspec.json.encode(value), declared)


@pytest.mark.parametrize("value", [Stranger(), 1])
def test_what_is_no_model_is_taken_as_it_is_or_not_at_all(value: object) -> None:
    if isinstance(value, Stranger):
        assert schema.convert({"it": value}, dict[str, Stranger])["it"] is value
    else:
        with pytest.raises(Mismatch, match=r"Expected `Stranger`, got `int` - at `\$\[\.\.\.\]`"):
            schema.convert({"it": value}, dict[str, Stranger])


def test_each_flaw_has_its_place_and_its_rule() -> None:
    with pytest.raises(Mismatch) as refused:
        schema.convert({"kind": "cat", "meow": "x"}, Pet)

    [flaw] = refused.value.flaws
    assert (flaw.where, flaw.kind) == (("cat", "meow"), "int_parsing")


@pytest.mark.parametrize("value", [Measured(value=math.nan), [Measured(value=-math.inf)]])
def test_a_model_that_json_cannot_carry(value: object) -> None:
    with pytest.raises(UsageError, match="NaN"):
        schema.encode(value)


@pytest.mark.parametrize(
    ("value", "declared"), [("text", Item), ({"text": 1}, Item), ([1], list[Item]), (Measured(value=1), Item)]
)
def test_what_may_not_be_published(value: object, declared: Any) -> None:
    with pytest.raises(UsageError, match="expected a payload of type"):
        schema.check(value, declared)


def test_a_model_and_a_struct_can_be_sent_side_by_side_but_not_received() -> None:
    assert schema.sendable(Item | Order)
    assert not schema.supported(Item | Order)
    assert not schema.sendable(Unresolved)
    with pytest.raises(TypeError, match="Order"):
        models.reader(Item | Order)


def test_a_type_without_a_hash_is_a_type_all_the_same() -> None:
    declared: Any = Annotated[list[Item], ["no hash"]]

    assert schema.decode(f"[{JSON}]", declared) == [ITEM]
    assert schema.decode("[1]", Annotated[list[int], ["no hash"]]) == [1]  # type: ignore[arg-type]


def test_inside_of_a_struct_the_validators_of_a_dataclass_would_not_run() -> None:
    assert schema.sendable(Pointed)
    assert not schema.supported(Pointed)


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        (Item, "itemId", []),
        (Item, "id", ["Item"]),
        (Item, "twice", []),
        (Shouted, "NAME", []),
        (Shouted, "name", ["Shouted"]),
        (Item, "secret", ["Item"]),
        (Annotated[Item, msgspec.Meta(description="one")], "itemId", []),
        (Cat | Dog, "m", ["Dog"]),
        (Annotated[Cat | Dog, Field(discriminator="kind")], "kind", []),
    ],
)
def test_which_fields_a_model_always_has(declared: Any, name: str, expected: list[str]) -> None:
    assert schema.without_field(declared, name) == expected


def test_the_fields_that_a_form_may_have() -> None:
    assert list(models.fields(Item)) == [
        (["itemId"], int, True),
        (["text"], str, False),
        (["due"], date | None, False),
        (["secret"], str, False),
    ]
    assert [name for names, _, _ in models.fields(Pet) for name in names] == [
        "kind",
        "meow",
        "miaow",
        "kind",
        "bark",
    ]
    assert list(models.fields(int)) == []


PROGRAM = """
import sys
from offhook import App, Channel, Realtime, route
from offhook import typegen
from offhook.base import models, schema
assert schema.encode([1]) == b"[1]" and schema.decode("1", int) == 1 and schema.supported(int)
assert not models.is_model(int)
assert not [name for name in sys.modules if name.startswith("pydantic")]
"""


def test_pydantic_is_imported_by_applications_alone() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
