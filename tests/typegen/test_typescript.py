"""Types in, TypeScript out."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Optional, TypedDict, TypeVar
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from offhook.typegen.typescript import Declarations, fields
from offhook.typegen.words import Inexpressible, Mode

T = TypeVar("T")


class Author(Struct):
    name: str


class Said(Struct, tag=True):
    text: str
    author: Author | None = None


class Renamed(Struct, tag="renamed", tag_field="kind", rename="camel"):
    room_id: int
    new_name: str


class Left(Struct, tag=True):
    at: datetime


class Page(Struct, Generic[T]):
    items: list[T]
    following: int | None = None


class Tree(Struct):
    name: str
    children: list["Tree"] = []


class Sparse(Struct, omit_defaults=True):
    id: int
    tags: list[str] = []
    note: str | UnsetType = UNSET


class Row(Struct, array_like=True):
    id: int
    text: str = ""


@dataclass
class Point:
    x: float
    y: float = 0.0
    marks: list[str] = field(default_factory=list)


class Options(TypedDict):
    size: int
    color: NotRequired[str]


class Pair(NamedTuple):
    first: int
    second: str = ""


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Form(Struct):
    text: str
    reply: Said | None = None


class OddRow(Struct, array_like=True, rename={"a": "data-id", "b": "1"}):
    a: int
    b: int


class Odd(Struct, rename={"a": "data-id", "b": "class"}):
    a: int
    b: int


def written(annotation: Any, mode: Mode = "output") -> tuple[str, str]:
    """The expression, and the declarations behind it."""
    declarations = Declarations()
    expression = declarations.expression(annotation, mode)
    return expression, "".join(declarations)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (None, "null"),
        (bool, "boolean"),
        (int, "number"),
        (float, "number"),
        (str, "string"),
        (bytes, "string"),
        (datetime, "string"),
        (date, "string"),
        (time, "string"),
        (timedelta, "string"),
        (UUID, "string"),
        (Decimal, "string"),
        (Any, "unknown"),
        (msgspec.Raw, "unknown"),
        (Annotated[int, Meta(ge=1)], "number"),
        (Annotated[str, Meta(description="words")], "string"),
        (Literal["a", 1, None], '1 | "a" | null'),
        (Literal['say "hi"'], '"say \\"hi\\""'),
        (int | str, "number | string"),
        (Optional[int], "number | null"),  # noqa: UP045
        (None | int, "number | null"),
        (datetime | None, "string | null"),
        (list, "unknown[]"),
        (list[int], "number[]"),
        (list[int | None], "Array<number | null>"),
        (list[list[int]], "number[][]"),
        (Sequence[str], "string[]"),
        (set[int], "number[]"),
        (frozenset[str], "string[]"),
        (tuple[int, ...], "number[]"),
        (tuple[int, str | None], "[number, string | null]"),
        (tuple[()], "[]"),
        (list[tuple[int, str]], "[number, string][]"),
        (dict, "Record<string, unknown>"),
        (dict[str, int], "Record<string, number>"),
        (dict[int, int], "Record<string, number>"),
        (dict[UUID, list[int]], "Record<string, number[]>"),
        (Mapping[str, int | None], "Record<string, number | null>"),
        (dict[Literal["a", "b"], int], 'Partial<Record<"a" | "b", number>>'),
    ],
)
def test_types_without_a_name(annotation: Any, expected: str) -> None:
    assert written(annotation) == (expected, "")


@pytest.mark.parametrize(
    ("annotation", "name", "declaration"),
    [
        (Author, "Author", "interface Author {\n  name: string;\n}"),
        (Color, "Color", 'type Color = "red" | "blue";'),
        (Level, "Level", "type Level = 1 | 2;"),
        (Point, "Point", "interface Point {\n  x: number;\n  y: number;\n  marks: string[];\n}"),
        (Options, "Options", "interface Options {\n  color?: string;\n  size: number;\n}"),
        (Pair, "Pair", "type Pair = [first: number, second: string];"),
        (Row, "Row", "type Row = [id: number, text: string];"),
        (OddRow, "OddRow", "type OddRow = [data_id: number, _1: number];"),
        (
            Renamed,
            "Renamed",
            'interface Renamed {\n  kind: "renamed";\n  roomId: number;\n  newName: string;\n}',
        ),
        (Sparse, "Sparse", "interface Sparse {\n  id: number;\n  tags?: string[];\n  note?: string;\n}"),
        (Tree, "Tree", "interface Tree {\n  name: string;\n  children: Tree[];\n}"),
        (Page[int], "PageInt", "interface PageInt {\n  items: number[];\n  following: number | null;\n}"),
        (Odd, "Odd", 'interface Odd {\n  "data-id": number;\n  class: number;\n}'),
    ],
)
def test_types_with_a_name_as_they_are_sent(annotation: Any, name: str, declaration: str) -> None:
    expression, declared = written(annotation)

    assert (expression, declared) == (name, f"export {declaration}")


@pytest.mark.parametrize(
    ("annotation", "name", "declaration"),
    [
        (Author, "Author", "interface Author {\n  name: string;\n}"),
        (Point, "PointInput", "interface PointInput {\n  x: number;\n  y?: number;\n  marks?: string[];\n}"),
        (Options, "Options", "interface Options {\n  color?: string;\n  size: number;\n}"),
        (Pair, "PairInput", "type PairInput = [first: number, second?: string];"),
        (Row, "RowInput", "type RowInput = [id: number, text?: string];"),
        (Tree, "TreeInput", "interface TreeInput {\n  name: string;\n  children?: TreeInput[];\n}"),
        (Sparse, "Sparse", "interface Sparse {\n  id: number;\n  tags?: string[];\n  note?: string;\n}"),
    ],
)
def test_types_with_a_name_as_they_are_received(annotation: Any, name: str, declaration: str) -> None:
    expression, declared = written(annotation, "input")

    assert (expression, declared) == (name, f"export {declaration}")


def test_tagged_structs_are_a_discriminated_union() -> None:
    expression, declared = written(Said | Left)

    assert expression == "Said | Left"
    assert 'interface Said {\n  type: "Said";\n  text: string;\n  author: Author | null;\n}' in declared
    assert 'interface Left {\n  type: "Left";\n  at: string;\n}' in declared


def test_what_is_deep_inside_is_received_differently_too() -> None:
    expression, declared = written(Form, "input")

    assert expression == "FormInput"
    assert "reply?: SaidInput | null;" in declared
    assert "author?: Author | null;" in declared


def test_both_directions_stand_in_one_file() -> None:
    declarations = Declarations()

    names = [declarations.expression(Page[Said]), declarations.expression(Page[Said], "input")]

    assert names == ["PageSaid", "PageSaidInput"]
    assert [text.split()[2] for text in declarations] == [
        "PageSaid",
        "Said",
        "Author",
        "PageSaidInput",
        "SaidInput",
    ]


def test_types_of_the_same_name_and_reserved_names_get_a_number() -> None:
    other = msgspec.defstruct("Author", [("id", int)])
    record = msgspec.defstruct("Record", [("id", int)])
    declarations = Declarations(["Live"])

    names = [
        declarations.expression(each) for each in (Author, other, Author, record, msgspec.defstruct("Live", []))
    ]

    assert names == ["Author", "Author2", "Author", "Record2", "Live2"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Odd, {"data-id": False, "class": False}),
        (Said | Left, {"type": False, "text": False, "author": False, "at": False}),
        (Point, {"x": False, "y": False, "marks": True}),
        (dict[str, int], {}),
    ],
)
def test_the_fields_of_a_form_are_those_on_the_wire(annotation: Any, expected: dict[str, bool]) -> None:
    assert fields(annotation) == expected


def test_what_only_comes_in_has_a_name_of_its_own() -> None:
    declarations = Declarations(received={Stranger: "File"})

    assert declarations.expression(list[Stranger], "input") == "File[]"
    with pytest.raises(Inexpressible):
        declarations.expression(list[Stranger])


class Stranger:
    """A class that JSON knows nothing of."""


class Mixed(enum.Enum):
    A = "a"
    B = 1


class Outer(Struct):
    inner: "list[Inner]"


class Inner(Struct):
    ok: int
    wrong: Stranger


class Deep(Struct):
    inner: "dict[str, Deeper | None]"


class Deeper(Struct):
    wrong: Mixed


class Lost(Struct):
    what: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        (Stranger, "test_typescript.Stranger has no form in JSON"),
        (object, "builtins.object has no form in JSON"),
        (list[complex], "builtins.complex has no form in JSON"),
        (Outer, "Outer.inner.Inner.wrong: "),
        (Deep, "Deeper.wrong: Enums must contain either all str or all int values"),
        (Lost, "name 'Nowhere' is not defined"),
    ],
)
def test_what_cannot_be_expressed_is_named(annotation: Any, complaint: str) -> None:
    with pytest.raises(Inexpressible) as refused:
        written(annotation)

    assert complaint in str(refused.value)


class Answer(Struct):
    either: "list[Author | Form]"


def test_a_union_that_nobody_can_tell_apart_is_sent_but_not_received() -> None:
    assert written(Author | Form)[0] == "Author | Form"
    assert "either: Array<Author | Form>;" in written(Answer)[1]

    with pytest.raises(Inexpressible, match="all Struct types must be tagged"):
        written(Author | Form, "input")
    with pytest.raises(Inexpressible, match=r"Answer\.either: .* all Struct types must be tagged"):
        written(Answer, "input")


@dataclass
class Described:
    """Ends a comment: */

    And goes on.
    """

    text: str


def test_what_a_class_says_about_itself_is_a_comment() -> None:
    assert written(Described)[1].startswith(
        "/**\n * Ends a comment: * /\n *\n * And goes on.\n */\nexport interface Described {"
    )
    assert written(Point)[1].startswith("export interface Point")  # what dataclass says is no comment


@pytest.mark.parametrize(
    "annotation", [Annotated[int, Meta(le=2**60)], Annotated[int, Meta(gt=-(2**53))], Literal[2**53]]
)
def test_whole_numbers_that_javascript_cannot_tell_apart_are_warned_about(annotation: Any) -> None:
    with pytest.warns(UserWarning, match="send such numbers as text"):
        written(annotation)


class Snowflake(Struct):
    id: Annotated[int, Meta(le=2**62)]


def test_the_warning_names_the_field() -> None:
    with pytest.warns(UserWarning, match=r"^Snowflake\.id: 4611686018427387904 is more than"):
        written(Snowflake)
