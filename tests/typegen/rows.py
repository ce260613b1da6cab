"""Every kind of type that crosses the border, each with a value: the rows of the table in ``docs/types.md``."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypeAlias,
    TypedDict,
    TypeVar,
)
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from pydantic import BaseModel, Field, computed_field

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


RoomId = NewType("RoomId", int)


class Said(Struct):
    id: int
    by: str = ""


class Camel(Struct, rename="camel"):
    room_id: int


class Sparse(Struct, omit_defaults=True):
    id: int
    text: str = ""


class Patch(Struct):
    text: str | UnsetType = UNSET


class Row(Struct, array_like=True):
    id: int
    text: str = ""


class Joined(Struct, tag="joined"):
    id: int


class Left(Struct, tag="left", tag_field="type"):
    pass


class Page(Struct, Generic[T]):
    items: list[T]


class Tree(Struct):
    below: list["Tree"] = []


class Order(Struct):
    id: int


class SoldOut(Struct):
    until: date


@dataclass
class Point:
    tags: list[str] = field(default_factory=list)


class Options(TypedDict):
    size: int
    color: NotRequired[str]


class Pair(NamedTuple):
    first: int
    second: str = ""


class Customer(BaseModel):
    age: int = Field(default=1, alias="years")


class Square(BaseModel):
    side: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


Pet: TypeAlias = Annotated[Cat | Dog, Field(discriminator="kind")]

AT = datetime(2026, 11, 20, 9, 30, tzinfo=timezone.utc)  # noqa: UP017
ROWS: Mapping[str, tuple[Any, Any]] = {
    "None": (None, None),
    "bool": (bool, True),
    "int": (int, 1),
    "float": (float, 1.5),
    "str": (str, "é"),
    "bytes": (bytes, b"hi"),
    "datetime": (datetime, AT),
    "date": (date, AT.date()),
    "time": (time, time(9, 30)),
    "timedelta": (timedelta, timedelta(minutes=90)),
    "UUID": (UUID, UUID(int=1)),
    "Decimal": (Decimal, Decimal("1.50")),
    "Any": (Any, {"a": 1}),
    'Literal["a", 1]': (Literal["a", 1], "a"),
    "class Color(Enum)": (Color, Color.RED),
    'NewType("RoomId", int)': (RoomId, RoomId(1)),
    "Annotated[int, Meta(ge=1)]": (Annotated[int, Meta(ge=1)], 1),
    "int | None": (int | None, None),
    "list[int | None]": (list[int | None], [1, None]),
    "set[int], tuple[int, ...]": (set[int], {1}),
    "tuple[int, str]": (tuple[int, str], (1, "a")),
    "dict[str, int]": (dict[str, int], {"a": 1}),
    "dict[int, str]": (dict[int, str], {1: "a"}),
    "dict[Color, int]": (dict[Color, int], {Color.RED: 1}),
    "Struct with a default": (Said, Said(1)),
    'Struct, rename="camel"': (Camel, Camel(1)),
    "Struct, omit_defaults=True": (Sparse, Sparse(1)),
    "Struct with UNSET": (Patch, Patch()),
    "Struct, array_like=True": (Row, Row(1)),
    'Struct, tag="joined"': (Joined, Joined(1)),
    "union of tagged Structs": (Joined | Left, Left()),
    "union of other objects": (Order | SoldOut, SoldOut(AT.date())),
    "generic: Page[int]": (Page[int], Page([1])),
    "recursive": (Tree, Tree([Tree()])),
    "dataclass, default_factory": (Point, Point()),
    "TypedDict with NotRequired": (Options, Options(size=1)),
    "NamedTuple with a default": (Pair, Pair(1)),
    "model with alias, default": (Customer, Customer(years=1)),
    "model with computed_field": (Square, Square(side=2)),
    "union of models": (Pet, Dog(kind="dog")),
}
