"""``offhook new``: a small application of one's own, which runs and passes its tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from offhook.base.errors import UsageError
from offhook.dev.vendor import npm_package, python_package

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[2]
_KEPT = frozenset({".py", ".ts", ".tsx", ".css", ".json"})
_BUILT = frozenset({".offhook", "build", "node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Template:
    """What a new application is made of: folders of files, and what it has to install."""

    about: str
    sources: tuple[Path, ...]
    requirements: tuple[str, ...] = ()


def _example(name: str) -> Path:
    """An example of this repository, which the wheel brings along."""
    packaged = _HERE / "examples" / name
    return packaged if packaged.is_dir() else _REPOSITORY / "examples" / name


TEMPLATES = {
    "minimal": Template("A guest book: one page, one form, one channel.", (_HERE / "templates/minimal",)),
    "chat": Template(
        "A chat with rooms, sign-in, presence and a database.",
        (_example("chat"), _HERE / "templates/chat"),
        ("aiosqlite", "sqlalchemy[asyncio]"),
    ),
}


def create(folder: Path, template: str) -> None:
    """Write a new application into *folder*, which must not exist or be empty.

    :raises UsageError: there is something in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; choose another folder")
    chosen = TEMPLATES[template]
    for source in (*chosen.sources, _HERE / "templates/common"):
        for path in _files(source):
            _copy(path, folder / _name(path.relative_to(source)))
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "application"
    _write(folder / "package.json", _package(name, npm_package(folder)))
    _write(folder / "pyproject.toml", _PROJECT.format(name=name))
    _write(folder / "requirements.txt", "\n".join([python_package(folder), *chosen.requirements, "pytest", ""]))
    _write(folder / "README.md", _README.format(title=folder.resolve().name, about=chosen.about))


def _files(source: Path) -> Iterator[Path]:
    for path in sorted(source.iterdir()):
        if path.is_dir() and path.name not in _BUILT:
            yield from _files(path)
        elif path.suffix in _KEPT or path.name == "gitignore":
            yield path


def _name(path: Path) -> Path:
    return path.with_name(".gitignore") if path.name == "gitignore" else path


def _copy(source: Path, target: Path) -> None:
    text = source.read_text("utf-8")
    if source.suffix == ".py":
        # In an application of its own the modules stand at the top.
        text = re.sub(r"^from examples\.\w+ import ", "import ", text, flags=re.MULTILINE)
        text = re.sub(r"\bexamples\.\w+\.", "", text)
    _write(target, text)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


def _package(name: str, offhook: str) -> str:
    content = {
        "name": name,
        "private": True,
        "type": "module",
        "dependencies": {"offhook": offhook, "react": "^19.3.1", "react-dom": "^19.3.1"},
        "devDependencies": {
            "@types/react": "^19.3.0",
            "@types/react-dom": "^19.3.0",
            "typescript": "^7.0.2",
            "vite": "^8.3.8",
        },
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"


_PROJECT = """[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
"""

_README = """# {title}

{about}

```sh
pip install -r requirements.txt
npm install
offhook dev                # what you save is what you see
pytest
offhook build              # from here on without Node:
offhook serve app:app
```

`routes/__init__.py` is the route table; beside each route's `.py` (loader, action) stands its `.tsx` (view).
`channels.py` has what is told to every browser that looks.
"""
