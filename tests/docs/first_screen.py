"""The README's first screen: exactly these parts, in this order."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.docs.documents import Document, blocks

QUOTED = ("examples/chat/routes/room.py", "examples/chat/routes/room.tsx")
MOST_LINES = 25
COMMANDS = ["scripts/demo", "scripts/test"]
ROWS = ("port", "hook", "reconnection", "authentication", "broadcast", "redis", "gap")
"""A word of each row's first cell."""
PARTS = (
    (r"^# Offhook\n\n[A-Z][^.]+\.\n\n", "one sentence"),
    (r"^!\[[^\]]{40,}\]\(docs/images/chat\.png\)$", "the picture of two browsers, put into words"),
    (rf"^<!-- {re.escape(QUOTED[0])} -->$", "room.py"),
    (rf"^<!-- {re.escape(QUOTED[1])} -->$", "room.tsx"),
    (r"^```sh$", "two commands"),
    (r"^\|.*by hand in Remix.*\| here \|$", "the table"),
    (r"\bReact Router\b", "what Remix means today"),
    (r"\boff the hook\b", "the name"),
)


def first_screen(text: str) -> str:
    """Everything above the first heading of the second level."""
    return text.partition("\n## ")[0] + "\n"


def complaints(root: Path, text: str) -> list[str]:
    """What the first screen of a README lacks."""
    screen = Document(root, root / "README.md", first_screen(text))
    return [*_parts(screen.text), *_code(screen), *_commands(screen), *_rows(screen.text)]


def _parts(text: str) -> Iterator[str]:
    start = 0
    for pattern, name in PARTS:
        found = re.compile(pattern, re.MULTILINE | re.IGNORECASE).search(text, start)
        if found is None:
            yield f"{name} is missing, or not in its place"
        else:
            start = found.end()
    if len(re.findall(r"\boff the hook\b", text, re.IGNORECASE)) > 1:
        yield "the name is explained more than once"


def _code(screen: Document) -> Iterator[str]:
    found = {block.marker: block.text for block in blocks(screen)}
    for name in QUOTED:
        text = found.get(name, "")
        if text != (screen.root / name).read_text("utf-8"):
            yield f"{name} is not there as a whole"
        if len(text.splitlines()) > MOST_LINES:
            yield f"{name} has more than {MOST_LINES} lines"


def _commands(screen: Document) -> Iterator[str]:
    lines = [line for block in blocks(screen) if block.language == "sh" for line in block.text.splitlines()]
    if [line.partition("#")[0].strip() for line in lines] != COMMANDS:
        yield f"the commands are not {' and '.join(COMMANDS)}"


def _rows(text: str) -> Iterator[str]:
    rows = _cells(text)[2:]
    if len(rows) != len(ROWS):
        yield f"the table has {len(rows)} rows"
    for word, row in zip(ROWS, rows, strict=False):
        if word not in row[0].lower() or not all(row):
            yield f"where is the row about {word}?"


def _cells(text: str) -> Sequence[list[str]]:
    table = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
