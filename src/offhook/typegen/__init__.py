"""``offhook typegen``: what the Python annotations say, as files that TypeScript and Vite read.

``<application>/.offhook/types/routes/+types/room.d.ts`` holds the types of ``routes/room``; with
``"rootDirs": [".", "./.offhook/types"]`` a view imports them from ``./+types/room``. ``.offhook/routes.json``
holds the route table for the Vite plugin. ``.offhook/types/offhook-paths.d.ts`` types ``href``, and so does
``paths.pyi`` for Python. ``.offhook/types/+types/channels.d.ts`` is for ``useChannel``.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from offhook.app import App
from offhook.pages.href import addresses
from offhook.pages.modules import RouteModule, route_manifest
from offhook.typegen import paths
from offhook.typegen.channels import channels_declaration
from offhook.typegen.route import declaration


def generate(app: App) -> dict[Path, str]:
    """Every generated file of the application and its text; the same application gives the same text.

    :raises UsageError: an annotation that TypeScript cannot express.
    """
    manifest = msgspec.json.format(msgspec.json.encode(route_manifest(app.table)), indent=2).decode()
    files = {_home(app) / "routes.json": f"{manifest}\n", **_paths(app)}
    if app.channels:
        files[_types(app) / "+types/channels.d.ts"] = channels_declaration(app.channels)
    for module, routes in _by_module(app).items():
        name = PurePosixPath(module)
        chains = [app.table.chain(route.id) for route in routes]
        path = _types(app) / name.parent / "+types" / f"{name.name}.d.ts"
        files[path] = declaration(chains, _source(app, module))
    return files


def outdated(app: App) -> list[Path]:
    """The generated files that are missing, differ from what they should be, or should not be there any more."""
    files = generate(app)
    differing = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    return [*differing, *(path for path in _present(app) if path not in files)]


def write(app: App) -> list[Path]:
    """Bring the generated files up to date and leave the others alone; returns those that changed.

    :raises UsageError: an annotation that TypeScript cannot express.
    """
    files, changed = generate(app), outdated(app)
    for path in changed:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return changed


def _home(app: App) -> Path:
    return app.folder / ".offhook"


def _types(app: App) -> Path:
    return _home(app) / "types"


def _paths(app: App) -> dict[Path, str]:
    known = list(addresses(app.table.nodes))
    files = {_types(app) / "offhook-paths.d.ts": paths.augmentation(known)}
    if known and paths.is_wanted(app.folder / "paths.py"):
        files[_stub(app)] = paths.stub(known)
    return files


def _stub(app: App) -> Path:
    return app.folder / "paths.pyi"


def _by_module(app: App) -> dict[str, list[RouteModule]]:
    """The routes by the module that they share; mostly one each."""
    found: dict[str, list[RouteModule]] = {}
    for route in app.table.modules.values():
        found.setdefault(route.node.module, []).append(route)
    return found


def _source(app: App, module: str) -> str:
    candidates = (f"{module}.py", f"{module}/__init__.py")
    return next((each for each in candidates if (app.folder / each).is_file()), "the route table")


def _present(app: App) -> Iterator[Path]:
    yield from sorted(_types(app).rglob("*.d.ts"))
    if _stub(app).is_file() and paths.HEADER in _stub(app).read_text("utf-8"):
        yield _stub(app)
