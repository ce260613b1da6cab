"""The budgets of the code: short functions, short files, every argument annotated, no ``any`` in TypeScript."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("src", "client", "examples", "tests", "scripts", "bench", "fuzz")
"""Where our own code stands."""
_NOT_OURS = {"node_modules", "dist", "build", ".offhook", ".react-router", "__pycache__", ".venv", "site-packages"}

LONGEST_FUNCTION = 60
LONG_FUNCTION = 25
LONGEST_FILE = 600

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(root: Path, *suffixes: str) -> Iterator[Path]:
    """Our files with one of *suffixes*; a script without a suffix counts as Python when its first line says so."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            inner = path.relative_to(root)
            if path.is_file() and not _NOT_OURS & set(inner.parts) and _kind(path) in suffixes:
                yield path


def _kind(path: Path) -> str:
    if path.suffix or path.parent.name != "scripts":
        return path.suffix
    with path.open("rb") as file:
        return ".py" if b"python" in file.readline() else ""


def functions(root: Path) -> Iterator[tuple[Path, Function]]:
    """All functions of our Python, nested ones too."""
    for path in sources(root, ".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield path, node


def body_lines(function: Function) -> int:
    """Lines of the body, from its first statement on; a docstring is documentation and costs nothing."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or 0) + 1 if documented else first.lineno
    return (function.end_lineno or 0) - start + 1


def too_long_functions(root: Path) -> list[str]:
    """Functions whose body is longer than any may be."""
    return [
        f"{path.relative_to(root)}:{function.lineno} {function.name} has {body_lines(function)} lines"
        for path, function in functions(root)
        if body_lines(function) > LONGEST_FUNCTION
    ]


def too_many_long_functions(root: Path) -> list[str]:
    """The long functions of the package, if they are more than one in ten."""
    ours = [(path, function) for path, function in functions(root) if path.is_relative_to(root / "src")]
    long = [pair for pair in ours if body_lines(pair[1]) >= LONG_FUNCTION]
    if len(long) * 10 <= len(ours):
        return []
    return [f"{path.relative_to(root)}:{function.lineno} {function.name}" for path, function in long]


def too_long_files(root: Path) -> list[str]:
    """Files with too many lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in sources(root, ".py", ".ts", ".tsx", ".css")}
    return [
        f"{path.relative_to(root)} has {length} lines" for path, length in lengths.items() if length > LONGEST_FILE
    ]


def missing_annotations(root: Path) -> list[str]:
    """Arguments without an annotation (``self`` and ``cls`` need none), and functions without a result's."""
    missing = []
    for path, function in functions(root):
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        named += filter(None, [arguments.vararg, arguments.kwarg])
        names = [each.arg for each in named if each.annotation is None and each.arg not in {"self", "cls"}]
        names += [] if function.returns else ["its result"]
        missing += [f"{path.relative_to(root)}:{function.lineno} {function.name}: {name}" for name in names]
    return missing


_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
# The word where a type stands: after a colon, a type operator, an opening bracket, or "as"; not Promise.any().
_ANY = re.compile(r"(?:[:<|&,(\[=]\s*|\b(?:as|extends|is|keyof|readonly)\s+|=>\s*)any\b(?!\s*[:(.'\w])")


def uses_of_any(root: Path) -> list[str]:
    """The type ``any`` in our TypeScript."""
    found = []
    for path in sources(root, ".ts", ".tsx", ".mts"):
        text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), path.read_text())
        lines = (text.count("\n", 0, match.end()) + 1 for match in _ANY.finditer(text))
        found += [f"{path.relative_to(root)}:{line} any" for line in lines]
    return found


Check = Callable[[Path], list[str]]
CHECKS: Sequence[Check] = (
    too_long_functions,
    too_many_long_functions,
    too_long_files,
    missing_annotations,
    uses_of_any,
)


@pytest.mark.parametrize("check", CHECKS)
def test_the_code_keeps_its_budgets(check: Check) -> None:
    assert check(ROOT) == []


def _function(lines: int) -> str:
    return "def planted() -> None:\n    '''Words.'''\n" + "    pass\n" * lines


@pytest.mark.parametrize(
    ("check", "name", "text", "complaint"),
    [
        (too_long_functions, "src/a.py", _function(61), "src/a.py:1 planted has 61 lines"),
        (
            too_long_functions,
            "scripts/codes",
            "#!/usr/bin/env python3\n" + _function(61),
            "scripts/codes:2 planted",
        ),
        (too_many_long_functions, "src/a.py", _function(25) + _function(1) * 8, "src/a.py:1 planted"),
        (too_long_files, "client/src/a.tsx", "\n" * 601, "client/src/a.tsx has 601 lines"),
        (missing_annotations, "tests/a.py", "def f(x) -> None: ...", "tests/a.py:1 f: x"),
        (missing_annotations, "src/a.py", "class A:\n    async def f(self, *a) -> None: ...", "src/a.py:2 f: a"),
        (missing_annotations, "src/a.py", "def f(x: int): ...", "src/a.py:1 f: its result"),
        (uses_of_any, "client/src/a.ts", "/* two\nlines */ let x: any = 1;", "client/src/a.ts:2 any"),
        (uses_of_any, "client/src/a.ts", "f(x as any)", "client/src/a.ts:1 any"),
        (uses_of_any, "client/src/a.ts", "type A = Array<any>", "client/src/a.ts:1 any"),
        (uses_of_any, "client/src/a.ts", "type A = string | any[]", "client/src/a.ts:1 any"),
        (uses_of_any, "examples/a/b.tsx", "const f = (): any => 1", "examples/a/b.tsx:1 any"),
        (uses_of_any, "client/src/a.ts", "type F = (x: string) => any", "client/src/a.ts:1 any"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, check: Check, name: str, text: str, complaint: str) -> None:
    [found] = check(_planted(tmp_path, name, text))

    assert complaint in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/a.py", _function(60) + _function(1) * 9),
        ("src/a.py", _function(24)),
        ("src/a.py", "\n" * 600),
        ("src/a.py", "class A:\n    def f(self, x: int, *, y: int = 1) -> int: return (lambda z: z)(x)"),
        (
            "client/src/a.ts",
            "// as any\nconst x = await Promise.any([]); /* : any */ const anyone: string = 'any';",
        ),
        ("client/src/a.tsx", "const x = <p>is there any, or any?</p>; const o = { any: 1 };"),
        ("client/node_modules/a.ts", "let x: any"),
    ],
)
def test_what_keeps_the_budgets_is_not_found(tmp_path: Path, name: str, text: str) -> None:
    planted = _planted(tmp_path, name, text)

    assert [found for check in CHECKS for found in check(planted)] == []


def _planted(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root
