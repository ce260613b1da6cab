"""pydantic's models in, TypeScript out."""

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from msgspec import Struct
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, field_serializer
from pydantic.dataclasses import dataclass
from starlette.datastructures import UploadFile

from offhook.typegen.typescript import Declarations, fields
from offhook.typegen.words import Inexpressible, Mode

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    """On the list."""

    id: int = Field(alias="itemId")
    price: Decimal = Decimal("1.5")
    secret: str = Field(default="x", exclude=True)


class Tree(BaseModel):
    below: list["Tree"] = []
    item: Item | None = None


class Page(BaseModel, Generic[T]):
    items: list[T]


class Items(RootModel[list[Item]]): ...


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)
    file: UploadFile
    both: tuple[int, str]
    nothing: tuple[()]
    by_color: dict[Color, int]
    by_name: dict[str, list[int | None]]
    exactly: Literal["a", 1]
    anything: Any
    nested: Annotated[Item, Field(description="said twice")]
    price: Decimal


class Shown(BaseModel):
    at: int

    @field_serializer("at")
    def _at(self, at: int) -> str:
        return str(at)


class Odd(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


class Unknown(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    what: "Stranger"


class Stranger:
    """A class that nobody knows."""


class Called(BaseModel):
    what: Callable[[], int]


class Large(BaseModel):
    id: int = Field(le=2**60)


class Row(Struct):
    color: Color
    item: Item


@dataclass
class Point:
    x: int = Field(default=1, alias="ex")


def written(annotation: Any, mode: Mode = "output") -> list[str]:
    """The expression, and the declarations behind it."""
    declarations = Declarations(received={UploadFile: "File"})
    expression = declarations.expression(annotation, mode)
    return [expression, *declarations]


ITEM = "/** On the list. */\nexport interface Item {\n  itemId: number;\n  price: string;\n}"
ITEM_INPUT = (
    "/** On the list. */\nexport interface ItemInput {\n"
    "  itemId: number;\n  price?: number | string;\n  secret?: string;\n}"
)


@pytest.mark.parametrize(
    ("annotation", "mode", "expected"),
    [
        (Item, "output", ["Item", ITEM]),
        (Item, "input", ["ItemInput", ITEM_INPUT]),
        (list[Item | None], "output", ["Array<Item | null>", ITEM]),
        (
            Tree,
            "output",
            ["Tree", "export interface Tree {\n  below: Tree[];\n  item: Item | null;\n}", ITEM],
        ),
        (
            Tree,
            "input",
            [
                "TreeInput",
                "export interface TreeInput {\n  below?: TreeInput[];\n  item?: ItemInput | null;\n}",
                ITEM_INPUT,
            ],
        ),
        (Page[Item], "output", ["PageItem", "export interface PageItem {\n  items: Item[];\n}", ITEM]),
        (Items, "output", ["Items", "export type Items = Item[];", ITEM]),
        (Shown, "output", ["Shown", "export interface Shown {\n  at: string;\n}"]),
        (Shown, "input", ["ShownInput", "export interface ShownInput {\n  at: number;\n}"]),
        (
            Row,
            "input",
            [
                "RowInput",
                "export interface RowInput {\n  color: Color;\n  item: ItemInput;\n}",
                'export type Color = "red" | "blue";',
                ITEM_INPUT,
            ],
        ),
        (Point, "output", ["Point", "export interface Point {\n  x: number;\n}"]),
        (Point, "input", ["PointInput", "export interface PointInput {\n  ex?: number;\n}"]),
    ],
)
def test_a_model(annotation: Any, mode: Mode, expected: list[str]) -> None:
    assert written(annotation, mode) == expected


def test_all_that_json_schema_knows() -> None:
    name, text, *_ = written(Loose, "input")

    assert (name, text) == (
        "LooseInput",
        "export interface LooseInput {\n"
        "  file: File;\n"
        "  both: [number, string];\n"
        "  nothing: [];\n"
        "  by_color: Partial<Record<Color, number>>;\n"
        "  by_name: Record<string, Array<number | null>>;\n"
        '  exactly: "a" | 1;\n'
        "  anything: unknown;\n"
        "  nested: ItemInput;\n"
        "  price: number | string;\n"
        "  [name: string]: unknown;\n"
        "}",
    )


def test_an_enum_of_both_worlds_is_declared_once() -> None:
    declarations = Declarations()

    declarations.expression(Row)
    declarations.expression(dict[Color, int])
    declarations.expression(Painted)

    assert [text.split()[2] for text in declarations if "Color" in text.split()[2]] == ["Color"]


class Painted(BaseModel):
    color: Color


def test_models_of_one_name_get_a_number() -> None:
    other = type("Item", (BaseModel,), {"__annotations__": {"name": str}})
    declarations = Declarations(["Tree"])

    names = [declarations.expression(each) for each in (Item, other, Item, Tree)]

    assert names == ["Item", "Item2", "Item", "Tree2"]


@pytest.mark.parametrize(
    ("annotation", "mode", "complaint"),
    [
        (Odd, "output", "UploadFile has no form in JSON"),
        (Unknown, "input", "Stranger has no form in JSON"),
        (list[Unknown], "output", "Stranger has no form in JSON"),
        (Called, "input", "Called: Cannot generate a JsonSchema"),
    ],
)
def test_what_cannot_be_expressed_is_named(annotation: Any, mode: Mode, complaint: str) -> None:
    with pytest.raises(Inexpressible, match=complaint):
        written(annotation, mode)


def test_whole_numbers_that_javascript_cannot_tell_apart_are_warned_about() -> None:
    with pytest.warns(UserWarning, match="send such numbers as text"):
        written(Large)


class Chosen(BaseModel):
    one: str = Field(validation_alias=AliasChoices("one", "first"))
    many: list[str]


def test_the_fields_of_a_form_are_those_that_the_model_takes() -> None:
    assert fields(Chosen) == {"one": False, "first": False, "many": True}
    assert fields(Item | Chosen | None) == {**fields(Item), **fields(Chosen)}
