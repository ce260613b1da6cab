"""The README and the pages of ``docs/``: what they show is real. And the checks themselves can fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from offhook.cli import main
from offhook.dev.node import find_node
from tests.docs import first_screen
from tests.docs.documents import (
    CHECKS,
    HAND_MADE_LANGUAGES,
    Block,
    Check,
    Document,
    blocks,
    dead_links,
    misquoted,
    missing_files,
    programs,
    stands_in,
    unmarked,
    wrong_commands,
    wrong_words,
)
from tests.servers import ROOT

PAGES = sorted(str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
DOCUMENTS = [Document.read(ROOT, name) for name in PAGES]
OTHERS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("[!R]*.md"), *ROOT.glob("decisions/*.md")])
PROGRAMS = [
    pytest.param(block, shown, id=f"{each.name}:{block.line}")
    for each in DOCUMENTS
    for block, shown in programs(each)
]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("document", DOCUMENTS, ids=PAGES)
def test_what_a_document_shows_is_there(document: Document, check: Check) -> None:
    assert check(document) == []


@pytest.mark.parametrize("check", [dead_links, missing_files])
@pytest.mark.parametrize("name", OTHERS)
def test_other_documents_point_to_what_exists(name: str, check: Check) -> None:
    assert check(Document.read(ROOT, name)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=PAGES)
def test_its_commands_exist(document: Document) -> None:
    assert wrong_commands(document, list(main.commands)) == []


@pytest.mark.parametrize(("program", "shown"), PROGRAMS)
def test_a_program_runs_and_prints_what_is_shown(program: Block, shown: str | None) -> None:
    printed = _run(program.text)

    if shown is not None:
        assert printed == shown


def _run(program: str) -> str:
    command = [sys.executable, "-W", "error", "-"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        command, cwd=ROOT, env=env, input=program, text=True, capture_output=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_hand_made_javascript_is_javascript() -> None:
    found = [
        {"at": f"{document.name}:{block.line}", "name": f"block.{block.language}", "text": block.text}
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language in HAND_MADE_LANGUAGES
    ]
    assert _syntax_errors(found) == []
    broken = {"at": "planted", "name": "block.jsx", "text": "const a = <b></c>;"}
    assert _syntax_errors([broken]) == ["planted"]


_PARSE = """
import { parseSync } from "vite";
const blocks = JSON.parse(process.argv[1]);
const wrong = blocks.filter(({ name, text }) => parseSync(name, text).errors.length > 0);
console.log(JSON.stringify(wrong.map(({ at }) => at)));
"""


def _syntax_errors(found: list[dict[str, str]]) -> list[str]:
    command = [str(find_node()), "--input-type=module", "-e", _PARSE, json.dumps(found)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    places: list[str] = json.loads(printed)
    return places


def test_the_first_screen_of_the_readme() -> None:
    assert first_screen.complaints(ROOT, (ROOT / "README.md").read_text("utf-8")) == []


# Planted mistakes


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of three files."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/app.py").write_text("class App:\n    def run(self) -> None:\n        self.go()\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("app = 1\n")
    return tmp_path


def _document(tree: Path, text: str) -> Document:
    return Document(tree, tree / "README.md", text)


def _code(language: str, text: str, marker: str = "") -> str:
    before = f"<!-- {marker} -->\n" if marker else ""
    return f"Words.\n\n{before}```{language}\n{text}\n```\n"


@pytest.mark.parametrize(
    ("check", "text", "complaint"),
    [
        (unmarked, _code("python", "app = 1"), "README.md:3 python without a marker"),
        (unmarked, _code("tsx", "<App />"), "tsx without a marker"),
        (unmarked, _code("jsx", 'import { useLive } from "offhook";'), "jsx without a marker"),
        (unmarked, _code("", "app = 1"), "the language '' is not"),
        (unmarked, "<!-- run -->\n\n" + _code("python", "app = 1"), "python without a marker"),
        (misquoted, _code("python", "class App:\n    def go", "tests/app.py"), "README.md:4 tests/app.py does"),
        (misquoted, _code("python", "class App:\n        self.go()", "tests/app.py"), "does not have these lines"),
        (misquoted, _code("python", "class App", "tests/app.py"), "does not have these lines"),
        (misquoted, _code("python", "", "tests/app.py"), "does not have these lines"),
        (misquoted, _code("python", "app = 1", "tests/gone.py"), "there is no tests/gone.py"),
        (misquoted, _code("python", "app = 1", "src/app.py"), "not a file that tests execute"),
        (dead_links, "Words.\nSee [it](gone.md).", "README.md:2 dead link gone.md"),
        (dead_links, "![A picture](docs/gone.png)", "dead link docs/gone.png"),
        (dead_links, "[it]: gone.md", "dead link gone.md"),
        (missing_files, "Look into `src/gone.py`.", "there is no src/gone.py"),
        (wrong_words, "Run `pip install offhook`.", "names an installation"),
        (wrong_words, "Run `npm i offhook`.", "names an installation"),
        (wrong_words, "It stands in /home/ada/offhook.", "absolute path"),
        (wrong_words, "At https://pypi.org/project/offhook", "a registry's host"),
        (wrong_words, "x" * 116, "116 characters wide"),
    ],
)
def test_a_planted_mistake_is_found(tree: Path, check: Check, text: str, complaint: str) -> None:
    [found] = check(_document(tree, text))

    assert complaint in found


def test_a_dead_anchor_is_found(tree: Path) -> None:
    (tree / "README.md").write_text("# The title\n\n## 2. What's `new`?\n\n[a](#2-whats-new) [b](#the-end)\n")

    [found] = dead_links(Document.read(tree, "README.md"))

    assert "dead link #the-end" in found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (_code("sh", "scripts/gone"), "there is no scripts/gone"),
        (_code("sh", "make all"), "'make all' is not a command of this project"),
        (_code("sh", "python -m tests.gone"), "there is no module tests.gone"),
        (_code("sh", "offhook fly"), "there is no command offhook fly"),
        (_code("sh", "offhook serve tests.gone:app"), "there is no module tests.gone"),
        ("Say `offhook fly` and see.", "there is no command offhook fly"),
    ],
)
def test_a_wrong_command_is_found(tree: Path, text: str, complaint: str) -> None:
    [found] = wrong_commands(_document(tree, text), ["serve"])

    assert complaint in found


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_right_passes(tree: Path, check: Check) -> None:
    quote = _code("python", "def run(self) -> None:\n    self.go()", "tests/app.py")
    text = f"{quote}[here](tests/app.py), `src/app.py`, [there](https://example.com)\n{_code('jsx', '<App />')}"

    assert check(_document(tree, text)) == []
    assert wrong_commands(_document(tree, _code("sh", "offhook serve tests.app:app  # words")), ["serve"]) == []


def test_a_quote_may_lose_only_the_indentation_of_all_its_lines() -> None:
    text = "a\n    b\n        c\n\n    d\n"

    assert stands_in("b\n    c\n\nd\n", text)
    assert stands_in("    b\n        c\n", text)
    assert not stands_in("b\nc\n", text)
    assert not stands_in("a\nb\n", text)


def test_a_program_and_its_output() -> None:
    text = _code("python", "print(1)", "run") + _code("text", "1", "prints") + _code("python", "pass", "run")

    found = list(programs(_document(ROOT, text)))

    assert [(block.text, shown) for block, shown in found] == [("print(1)\n", "1\n"), ("pass\n", None)]
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        _run("1 / 0")


def _without(text: str, start: str, end: str) -> str:
    head, found, rest = text.partition(start)
    assert found, f"the README has no {start!r}"
    return head + rest.partition(end)[2]


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ("Remix-style", "\n", "one sentence is missing"),
        ("![", "\n", "the picture"),
        ("async def action", "\n", "room.py is not there as a whole"),
        ("export default", "\n", "room.tsx is not there as a whole"),
        ("scripts/test", "\n", "the commands are not scripts/demo and scripts/test"),
        ("| broadcast", "\n", "the table has 6 rows"),
        ("Off the hook", "\n", "the name is missing"),
    ],
)
def test_a_first_screen_that_lacks_a_part(start: str, end: str, complaint: str) -> None:
    text = _without((ROOT / "README.md").read_text("utf-8"), start, end)

    assert any(complaint in each for each in first_screen.complaints(ROOT, text))


def test_parts_in_another_order_and_a_name_explained_twice() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    picture = next(line for line in text.splitlines() if line.startswith("!["))

    moved = first_screen.first_screen(text.replace(picture, "")) + f"\n{picture}\n\nIt was off the hook.\n"

    found = first_screen.complaints(ROOT, moved)
    assert "room.py is missing, or not in its place" in found
    assert "the name is explained more than once" in found


def test_code_that_is_too_long(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in first_screen.QUOTED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"))
    room = tmp_path / first_screen.QUOTED[0]
    long = room.read_text() + "# Words.\n" * 25

    text = text.replace(room.read_text(), long)
    room.write_text(long)

    assert first_screen.complaints(tmp_path, text) == ["examples/chat/routes/room.py has more than 25 lines"]
