"""The table Python → JSON → TypeScript of ``docs/types.md``: what it says is what happens."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from offhook.base import schema
from offhook.typegen.typescript import Declarations
from offhook.typegen.words import Inexpressible, Mode
from tests.typegen.rows import ROWS
from tests.typegen.shop import ROOT, compiled

PAGE = ROOT / "docs/types.md"
CONFIG = {"compilerOptions": {"strict": True, "exactOptionalPropertyTypes": True, "noEmit": True, "types": []}}
MORE_THAN_RECEIVED = "model with computed_field"
WRONG = "Symbol()"
"""No JSON, and so of no type that JSON has."""


def in_typescript(annotation: Any, mode: Mode) -> str:
    """A type in one line: of a class, what it is declared as; a dash for what cannot come in."""
    declarations = Declarations()
    try:
        text = declarations.expression(annotation, mode)
    except Inexpressible:
        return "—"
    named = [re.sub(r"^export (?:interface \w+ |type \w+ = )", "", each) for each in declarations]
    if len(named) == 1 and re.fullmatch(r"\w+", text):
        text = named[0]
    return re.sub(r"\s+", " ", text.replace(";\n}", " }")).rstrip(";")


def cell(text: str) -> str:
    """*text* as code within a table."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text != "—" else text


def table() -> str:
    """The table as it has to stand on the page."""
    lines = ["| Python | JSON | TypeScript, sent | TypeScript, received |", "| --- | --- | --- | --- |"]
    for name, (annotation, value) in ROWS.items():
        sent, received = (in_typescript(annotation, mode) for mode in ("output", "input"))
        same = "same" if received == sent else cell(received)
        lines.append(f"| {cell(name)} | {cell(schema.encode(value).decode())} | {cell(sent)} | {same} |")
    return "\n".join(lines)


def test_the_table_on_the_page_is_this_one() -> None:
    assert table() in PAGE.read_text("utf-8"), table()


@pytest.mark.parametrize("name", ROWS)
def test_what_is_sent_can_be_received(name: str) -> None:
    annotation, value = ROWS[name]
    text = schema.encode(value)

    schema.check(value, annotation)
    assert schema.sendable(annotation)
    if schema.supported(annotation) and name != "None":
        assert schema.decode(text, annotation) == value
        assert schema.convert(json.loads(text), annotation) == value


@pytest.mark.parametrize("mode", ["output", "input"])
def test_the_json_of_each_row_has_its_type(tmp_path: Path, mode: Mode) -> None:
    """The compiler takes the JSON for the type in both directions, and nothing else."""
    lines: list[str] = []
    wrong: list[int] = []
    for number, (name, (annotation, value)) in enumerate(ROWS.items()):
        if in_typescript(annotation, mode) == "—" or (mode, name) == ("input", MORE_THAN_RECEIVED):
            continue
        declarations = Declarations()
        text = declarations.expression(annotation, mode)
        (tmp_path / f"row{number}.ts").write_text("\n".join([*declarations, f"export type It = {text};"]))
        lines += [f'import type {{ It as T{number} }} from "./row{number}";']
        lines += [f"export const right{number}: T{number} = {schema.encode(value).decode()};"]
        lines += [f"export const wrong{number}: T{number} = {WRONG};"]
        wrong += [len(lines)] * (text != "unknown")
    (tmp_path / "use.ts").write_text("\n".join(lines))
    (tmp_path / "tsconfig.json").write_text(json.dumps(CONFIG))

    errors = compiled(tmp_path)

    assert [int(line) for line in re.findall(r"use\.ts\((\d+),", errors)] == wrong, errors
