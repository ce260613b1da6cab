"""Which requests ``offhook dev`` answers: by ``Host``, and which files Vite may serve.

The folder of an application holds more than its views: databases, ``.env`` files, keys, Python. Vite serves all of
it, so this module passes on only what a page can need: scripts, styles, images, fonts and media inside the folder,
the folder ``public``, installed packages, and other files that a view imports (``?import``;
``client/src/vite/development.ts`` checks that one does).

A page of another site can make its own name resolve to this machine (DNS rebinding) and read every answer. The
browser then sends that name as ``Host``. Addresses cannot be rebound, so ``localhost`` and addresses are answered.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs

_SCRIPTS = {".js", ".jsx", ".ts", ".tsx", ".mjs", ".mts", ".cjs", ".cts", ".map", ".wasm"}
_STYLES = {".css", ".scss", ".sass", ".less", ".styl", ".pcss", ".woff", ".woff2", ".ttf", ".otf", ".eot"}
_IMAGES = {".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".bmp", ".pdf"}
_SOUNDS = {".mp3", ".mp4", ".webm", ".ogg", ".wav", ".flac", ".aac", ".m4a", ".mov", ".vtt"}
_SUFFIXES = _SCRIPTS | _STYLES | _IMAGES | _SOUNDS
_PYTHON = frozenset({".py", ".pyc", ".pyi"})
_INTERNAL = ("/@vite/", "/@react-refresh", "/@id/virtual:", "/@id/__x00__")
"""Vite's own modules, which are no files."""
_FILE_SYSTEM = "/@fs/"


def is_local(host: str, names: Sequence[str]) -> bool:
    """Whether the value *host* of ``Host`` names this machine.

    :param names: further names that it has, without ports.
    """
    name = _without_port(host).lower()
    if name == "localhost" or name.endswith(".localhost") or name in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


class ServedFiles:
    """The files that Vite may serve for the application in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        installed = [each / "node_modules" for each in (self._folder, *self._folder.parents)]
        self._packages = [path for each in installed if each.is_dir() for path in (each.resolve(), *_linked(each))]

    def has(self, path: str, query: str) -> bool:
        """Whether the decoded *path* with its *query* is for Vite, and not an address of the application."""
        if path.startswith(_INTERNAL):
            return True
        parts = path.removeprefix(_FILE_SYSTEM).split("/")
        if "\0" in path or ".." in parts or path.endswith("/"):
            return False
        if path.startswith(_FILE_SYSTEM):
            file = Path("/", *parts)
        else:
            file = self._folder.joinpath(*(part for part in parts if part))
            if self._is_public(file):
                return True
        return file.is_file() and self._is_servable(file.resolve(), is_imported="import" in parse_qs(query, True))

    def _is_public(self, file: Path) -> bool:
        return (self._folder / "public" / file.relative_to(self._folder)).is_file()

    def _is_servable(self, file: Path, *, is_imported: bool) -> bool:
        if any(file.is_relative_to(package) for package in self._packages):
            return True
        if not file.is_relative_to(self._folder) or file.suffix.lower() in _PYTHON:
            return False
        is_hidden = any(part.startswith(".") for part in file.relative_to(self._folder).parts)
        return not is_hidden and (file.suffix.lower() in _SUFFIXES or is_imported)


def _linked(modules: Path) -> Iterator[Path]:
    """The folders of the packages that are links in *modules*, as those of a workspace are."""
    for entry in (*modules.iterdir(), *modules.glob("@*/*")):
        if entry.is_symlink() and entry.is_dir():
            yield entry.resolve()
