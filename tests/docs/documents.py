"""What a document may say: its code stands in a tested file or runs, and what it points to exists.

A fenced block is marked by an HTML comment on the line before it:

* ``<!-- examples/chat/routes/room.py -->``: these lines stand in that file, one after the other (indentation that
  all of them share may be missing);
* ``<!-- run -->``: a Python program that ends without an error;
* ``<!-- prints -->``: the output of the program above it.

Each check takes a document and answers with complaints, one line each.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

WIDTH = 115
TESTED = re.compile(r"(examples|tests|scripts)/.|client/src/(testing/.+|.+\.test\.tsx?$)")
"""Files that tests execute, and so may be quoted."""
OFFHOOK_LANGUAGES = {"python", "tsx", "ts"}
HAND_MADE_LANGUAGES = {"js", "jsx"}
LANGUAGES = {*OFFHOOK_LANGUAGES, *HAND_MADE_LANGUAGES, "json", "sh", "text"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; *line* is that of its fence."""

    line: int
    language: str
    marker: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file of the tree at *root*."""

    root: Path
    path: Path
    text: str

    @classmethod
    def read(cls, root: Path, name: str) -> "Document":
        """The file *name* under *root*."""
        return cls(root, root / name, (root / name).read_text("utf-8"))

    @property
    def name(self) -> str:
        """As others call it."""
        return str(self.path.relative_to(self.root))

    def at(self, line: int, complaint: str) -> str:
        """A complaint with its place."""
        return f"{self.name}:{line} {complaint}"


Check = Callable[[Document], list[str]]

_FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"<!-- (\S+) -->\n\Z")


def blocks(document: Document) -> list[Block]:
    """All fenced blocks, in order."""
    found = []
    for fence in _FENCE.finditer(document.text):
        before = document.text[: fence.start()]
        marker = _MARKER.search(before)
        found.append(Block(before.count("\n") + 1, fence[1], marker[1] if marker else "", fence[2]))
    return found


def prose(document: Document) -> str:
    """The text without its blocks; lines keep their numbers."""
    return _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), document.text)


# Code


def unmarked(document: Document) -> list[str]:
    """Code that claims to be ours and is not tied to a tested file or a run."""
    found = []
    for block in blocks(document):
        ours = block.language in OFFHOOK_LANGUAGES or 'from "offhook' in block.text
        if block.language not in LANGUAGES:
            found.append(document.at(block.line, f"the language {block.language!r} is not one of those checked"))
        elif ours and not block.marker:
            found.append(document.at(block.line, f"{block.language} without a marker"))
    return found


def misquoted(document: Document) -> list[str]:
    """Marked blocks whose lines do not stand in their file."""
    return [
        document.at(block.line, complaint)
        for block in blocks(document)
        if block.marker not in {"", "run", "prints"} and (complaint := _misquote(document.root, block))
    ]


def _misquote(root: Path, block: Block) -> str:
    if not TESTED.match(block.marker):
        return f"{block.marker} is not a file that tests execute"
    if not (root / block.marker).is_file():
        return f"there is no {block.marker}"
    if not stands_in(block.text, (root / block.marker).read_text("utf-8")):
        return f"{block.marker} does not have these lines"
    return ""


def stands_in(quote: str, text: str) -> bool:
    """Whether the lines of *quote* stand together in *text*, further to the right perhaps."""
    wanted, lines = quote.splitlines(), text.splitlines()
    windows = (lines[start : start + len(wanted)] for start in range(len(lines) - len(wanted) + 1))
    return bool(quote.strip()) and any(
        window == wanted or dedent("\n".join(window)).splitlines() == wanted for window in windows
    )


def programs(document: Document) -> Iterator[tuple[Block, str | None]]:
    """The blocks to run, with the output that the document shows."""
    found = blocks(document)
    for index, block in enumerate(found):
        if block.marker == "run":
            [following] = found[index + 1 : index + 2] or [block]
            yield block, following.text if following.marker == "prints" else None


# Pointers

_LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_TREE = re.compile(r"(?:src|client|examples|docs|tests|scripts|decisions|bench)/[\w./-]*\w")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def dead_links(document: Document) -> list[str]:
    """Links to files, or headings of files, that do not exist."""
    text = prose(document)
    return [
        document.at(text.count("\n", 0, link.start()) + 1, f"dead link {target}")
        for link in _LINK.finditer(text)
        if not _leads_somewhere(document, target := link[1] or link[2])
    ]


def _leads_somewhere(document: Document, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    name, _, anchor = target.partition("#")
    file = document.path.parent / name if name else document.path
    if not file.exists():
        return False
    return not anchor or anchor in {_slug(heading) for heading in _HEADING.findall(file.read_text("utf-8"))}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def missing_files(document: Document) -> list[str]:
    """Paths of the tree, between backticks, of files that do not exist."""
    text = prose(document)
    return [
        document.at(text.count("\n", 0, span.start()) + 1, f"there is no {span[1]}")
        for span in _SPAN.finditer(text)
        if _TREE.fullmatch(span[1]) and not (document.root / span[1]).exists()
    ]


# Commands

_OFFHOOK = re.compile(r"\boffhook ([a-z]+)\b(?: ([\w.]+):\w+)?")
_COMMAND = re.compile(r"^(?:offhook|python -m [\w.]+|scripts/\w+)(?: |$)")
_INSTALL = re.compile(r"\b(?:pip|pipx|uv|npm|pnpm|yarn|bun)(?: pip)? (?:install|add|i)\b|\bnpx ")


def wrong_commands(document: Document, known: Sequence[str]) -> list[str]:
    """Shell commands that do not exist here, and subcommands of ``offhook`` that are not *known*."""
    found = []
    for block in blocks(document):
        if block.language == "sh":
            found += [document.at(block.line, each) for each in _wrong_lines(document.root, block.text)]
    code = "\n".join([*(span for span in _SPAN.findall(prose(document))), *_shell(document)])
    for command, module in _OFFHOOK.findall(code):
        if command not in known:
            found.append(f"{document.name}: there is no command offhook {command}")
        if module not in {"", "MODULE"} and not _module(document.root, module):
            found.append(f"{document.name}: there is no module {module}")
    return found


def _shell(document: Document) -> list[str]:
    return [block.text for block in blocks(document) if block.language == "sh"]


def _wrong_lines(root: Path, text: str) -> Iterator[str]:
    for line in text.splitlines():
        command = line.partition("#")[0].strip()
        script = command.partition(" ")[0]
        if command and not _COMMAND.match(command):
            yield f"{command!r} is not a command of this project"
        elif script.startswith("scripts/") and not (root / script).is_file():
            yield f"there is no {script}"
        elif command.startswith("python -m") and not _module(root, command.split()[2]):
            yield f"there is no module {command.split()[2]}"


def _module(root: Path, name: str) -> bool:
    path = root / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


# Words

_FORBIDDEN = {
    r"(?<![\w.])/(?:home|root|tmp|work|Users)/": "an absolute path of somebody's machine",
    r"\b(?:pypi\.org|npmjs\.(?:com|org)|registry\.)": "a registry's host",
}


def wrong_words(document: Document) -> list[str]:
    """Installations from a registry (there is no release), absolute paths, lines that are too long."""
    found = []
    for number, line in enumerate(document.text.splitlines(), 1):
        if len(line) > WIDTH and "<!-- generated by " not in document.text:
            found.append(document.at(number, f"{len(line)} characters wide"))
        if _INSTALL.search(line):
            found.append(document.at(number, "names an installation from a registry"))
        found += [document.at(number, what) for pattern, what in _FORBIDDEN.items() if re.search(pattern, line)]
    return found


CHECKS: Sequence[Check] = (unmarked, misquoted, dead_links, missing_files, wrong_words)
