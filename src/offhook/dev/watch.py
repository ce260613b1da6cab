"""What changes on disk while somebody develops."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, awatch

_SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist"})
_VIEWS = frozenset({".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".json", ".wasm"})
_STYLES = frozenset({".css", ".pcss", ".scss", ".sass", ".less", ".styl"})
_ASSETS = frozenset({".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".woff", ".woff2"})
_TEXTS = frozenset({".html", ".md", ".mdx", ".yaml", ".yml", ".graphql"})
_OF_VITE = _VIEWS | _STYLES | _ASSETS | _TEXTS


@dataclass(frozen=True, slots=True)
class Changed:
    """The files of some saves, by who has to know of them."""

    python: tuple[Path, ...] = ()
    views: tuple[Path, ...] = ()

    def __add__(self, later: "Changed") -> "Changed":
        return Changed(_once(self.python + later.python), _once(self.views + later.views))


def _once(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(paths))


async def changes(root: Path) -> AsyncIterator[Changed]:
    """Every change below *root* that an application is made of; what was built or installed is no part of it."""
    while True:
        watched = list(folders(root))
        async for batch in awatch(*watched, recursive=False, watch_filter=_matters, raise_interrupt=False):
            paths = sorted(Path(path) for _, path in batch)
            yield Changed(
                tuple(path for path in paths if path.suffix == ".py"),
                tuple(path for path in paths if is_of_vite(path)),
            )
            if list(folders(root)) != watched:
                break  # a folder came or went: watch the new ones as well
        else:
            return


def folders(root: Path) -> Iterator[Path]:
    """*root* and the folders below it in which somebody may edit."""
    yield root
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink() and not _skipped(path):
            yield from folders(path)


def _skipped(path: Path) -> bool:
    return path.name in _SKIPPED or path.name.startswith(".") or (path / "pyvenv.cfg").exists()


def is_of_vite(path: Path) -> bool:
    """Whether Vite may make something of *path*; a database, or what an editor puts aside, is not for it."""
    is_hidden = path.name.startswith(".")
    return path.name.startswith(".env") or (path.suffix in _OF_VITE and not is_hidden)


def _matters(_: Change, path: str) -> bool:
    found = Path(path)
    return found.suffix == ".py" or is_of_vite(found) or (found.is_dir() and not _skipped(found))
