"""Random values of every kind of type across the border: JSON has what the generated TypeScript type says."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec import Struct

from offhook.base import schema
from offhook.typegen.typescript import Declarations
from tests.typegen.shop import compiled
from tests.typegen.test_table import CONFIG

SAFE = 2**53 - 1


class Circle(Struct, tag="circle"):
    radius: float = 1.0


class Square(Struct, tag="square"):
    side: int


@dataclass
class Inner:
    name: str = "inner"
    size: Literal["s", "l"] = "s"


@dataclass
class Everything:
    text: str
    count: int = 5
    ratio: float = 0.5
    sure: bool = True
    price: Decimal = Decimal("1.50")
    day: date | None = None
    at: time = time(9, 30)
    when: datetime = datetime(2026, 11, 30, tzinfo=UTC)
    key: UUID = field(default_factory=lambda: UUID(int=1))
    blob: bytes = b""
    inner: Inner | None = None
    shape: Circle | Square = field(default_factory=Circle)
    shapes: list[Circle | Square] = field(default_factory=list)
    numbers: dict[str, int | None] = field(default_factory=dict)
    pair: tuple[int, str] = (1, "a")
    below: "list[Everything]" = field(default_factory=list)


NUMBERS = st.integers(-SAFE, SAFE)
TEXTS = st.text(st.characters(codec="utf-8"))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SHAPES = st.builds(Circle, radius=FLOATS) | st.builds(Square, side=NUMBERS)
KINDS = {
    "text": TEXTS,
    "count": NUMBERS,
    "ratio": FLOATS,
    "price": st.decimals(allow_nan=False, allow_infinity=False),
    "at": st.times(),
    "when": st.datetimes(timezones=st.just(UTC)),
    "blob": st.binary(),
    "inner": st.none() | st.builds(Inner, name=TEXTS),
    "shape": SHAPES,
    "shapes": st.lists(SHAPES, max_size=3),
    "numbers": st.dictionaries(TEXTS, st.none() | NUMBERS, max_size=3),
    "pair": st.tuples(NUMBERS, TEXTS),
}
VALUES: st.SearchStrategy[Everything] = st.recursive(
    st.builds(Everything, **KINDS, below=st.just([])),
    lambda inner: st.builds(Everything, **KINDS, below=st.lists(inner, max_size=2)),
    max_leaves=3,
)


@given(value=VALUES, left_out=st.sets(st.sampled_from([*KINDS][1:])))
def test_what_comes_back_is_what_was_sent(value: Everything, left_out: set[str]) -> None:
    assert schema.decode(schema.encode(value), Everything) == value

    sent = {name: each for name, each in json.loads(schema.encode(value)).items() if name not in left_out}
    received = schema.decode(json.dumps(sent), Everything)

    assert json.loads(schema.encode(received)).keys() == json.loads(schema.encode(value)).keys()


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(st.tuples(VALUES, st.sets(st.sampled_from([*KINDS][1:]))), min_size=20, max_size=40))
def test_the_compiler_takes_them(tmp_path: Path, values: list[tuple[Everything, set[str]]]) -> None:
    declarations = Declarations()
    sent, received = (declarations.expression(Everything, mode) for mode in ("output", "input"))
    lines: list[Any] = [*declarations, f"export type Sent = {sent};", f"export type Received = {received};"]
    for number, (value, left_out) in enumerate(values):
        whole = json.loads(schema.encode(value))
        part = {name: each for name, each in whole.items() if name not in left_out}
        again = schema.encode(schema.decode(json.dumps(part), Everything)).decode()
        lines.append(f"export const received{number}: Received = {json.dumps(part)};")
        lines.append(f"export const sent{number}: Sent = {again};")
    (tmp_path / "values.ts").write_text("\n".join(lines))
    (tmp_path / "tsconfig.json").write_text(json.dumps(CONFIG | {"include": ["*.ts"]}))

    assert compiled(tmp_path) == ""
