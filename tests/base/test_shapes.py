"""What types look like, also those that can only be sent."""

import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

import pytest
from msgspec import NODEFAULT, UNSET, Meta, Struct, UnsetType, inspect
from pydantic import BaseModel, Field

from offhook.base.shapes import describe, members_of

T = TypeVar("T")
U = TypeVar("U")


class Order(Struct):
    id: int


class SoldOut(Struct):
    until: str


class Cat(BaseModel):
    kind: str


class Dog(BaseModel):
    kind: str


EITHER = inspect.UnionType((inspect.type_info(Order), inspect.type_info(SoldOut)))


def fields(shape: Any) -> dict[str, tuple[Any, ...]]:
    """The fields by the name that they have in JSON."""
    return {
        each.encode_name: (each.type, each.required, each.default, each.default_factory) for each in shape.fields
    }


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (int, inspect.IntType()),
        (Order | SoldOut, EITHER),
        (Order | SoldOut | UnsetType, EITHER),
        (Annotated[Order | SoldOut, Meta(description="either")], EITHER),
        (list[Order | SoldOut], inspect.ListType(EITHER)),
        (set[Order | SoldOut], inspect.ListType(EITHER)),
        (tuple[Order | SoldOut, ...], inspect.ListType(EITHER)),
        (tuple[int, Order | SoldOut], inspect.TupleType((inspect.IntType(), EITHER))),
        (dict[str, Order | SoldOut], inspect.DictType(inspect.StrType(), EITHER)),
        (Cat | Dog, inspect.UnionType((inspect.CustomType(Cat), inspect.CustomType(Dog)))),
    ],
)
def test_what_can_be_sent(declared: Any, expected: inspect.Type) -> None:
    assert describe(declared) == expected


class Answer(Struct, Generic[T], rename="camel", tag="answer"):
    the_answer: Order | SoldOut
    others: list[T] = []
    note: str | UnsetType = UNSET


class Numbers(Answer[int], tag="numbers"):
    pass


@dataclass
class Plain(Generic[T, U]):
    answer: Order | SoldOut
    both: dict[T, U]
    more: list[T] = field(default_factory=list)


class Halfway(Plain[str, T]):
    pass


class Row(TypedDict, Generic[T]):
    answer: Order | SoldOut
    item: NotRequired[T]


class Pair(NamedTuple):
    answer: Order | SoldOut
    number: int = 1


def test_structs_field_by_field() -> None:
    shape = describe(Answer[int])

    assert isinstance(shape, inspect.StructType)
    assert (shape.cls, shape.tag_field, shape.tag, shape.array_like) == (Answer[int], "type", "answer", False)
    assert fields(shape) == {
        "theAnswer": (EITHER, True, NODEFAULT, NODEFAULT),
        "others": (inspect.ListType(inspect.IntType()), False, NODEFAULT, list),
        "note": (inspect.StrType(), False, NODEFAULT, NODEFAULT),
    }


def test_what_a_base_says_of_its_type_variables_holds() -> None:
    assert fields(describe(Numbers))["others"][0] == inspect.ListType(inspect.IntType())
    assert fields(describe(Halfway[int]))["both"][0] == inspect.DictType(inspect.StrType(), inspect.IntType())
    assert fields(describe(Halfway))["both"][0] == inspect.DictType(inspect.StrType(), inspect.AnyType())


def test_other_objects_field_by_field() -> None:
    assert fields(describe(Plain[str, int])) == {
        "answer": (EITHER, True, NODEFAULT, NODEFAULT),
        "both": (inspect.DictType(inspect.StrType(), inspect.IntType()), True, NODEFAULT, NODEFAULT),
        "more": (inspect.ListType(inspect.StrType()), False, NODEFAULT, list),
    }
    assert fields(describe(Row[int])) == {
        "answer": (EITHER, True, NODEFAULT, NODEFAULT),
        "item": (inspect.IntType(), False, NODEFAULT, NODEFAULT),
    }
    assert fields(describe(Pair)) == {
        "answer": (EITHER, True, NODEFAULT, NODEFAULT),
        "number": (inspect.IntType(), False, 1, NODEFAULT),
    }


class Tree(Struct):
    answer: Order | SoldOut
    below: "list[Tree]"


def test_a_class_that_leads_back_to_itself() -> None:
    shape: Any = describe(Tree)

    assert shape.fields[1].type.item_type is shape


class Mixed(enum.Enum):
    A = "a"
    B = 1


class Wrong(Struct):
    inner: "dict[str, list[Inner]]"


class Inner(Struct):
    mixed: Mixed


class Lost(Struct):
    what: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Holder(Struct):
    pet: Cat | Dog


@pytest.mark.parametrize(
    ("declared", "received", "complaint"),
    [
        (Order | SoldOut, True, "all Struct types must be tagged"),
        (Answer[int], True, r"Answer\.the_answer: .* all Struct types must be tagged"),
        (Holder, True, r"Holder\.pet: .* more than one custom type"),
        (Wrong, False, r"Wrong\.inner: Inner\.mixed: Enums must contain"),
        (Lost, False, "Lost: name 'Nowhere' is not defined"),
        (5, False, "not supported"),
        (Annotated[int, Meta(le=2**64)], True, "don't fit in an int64"),
    ],
)
def test_what_json_has_no_form_for_is_named(declared: Any, received: bool, complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        describe(declared, received=received)


def test_models_tell_themselves_apart() -> None:
    declared: Any = Annotated[Cat | Dog, Field(description="a pet")]

    assert isinstance(describe(declared, received=True), inspect.UnionType)


@pytest.mark.parametrize(
    ("declared", "members"),
    [
        (int, (int,)),
        (int | str, (int, str)),
        (Annotated[int | None, "x"], (int, type(None))),
        (list[int], (list[int],)),
    ],
)
def test_the_members_of_a_union(declared: Any, members: tuple[Any, ...]) -> None:
    assert members_of(declared) == members
