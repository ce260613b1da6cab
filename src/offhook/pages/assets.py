"""What `vite build` made: the tags for a document's head, and the files."""

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import msgspec
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response

from offhook.base.errors import UsageError
from offhook.base.types import Receive, Scope, Send
from offhook.pages.conditional import precondition

_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "public, no-cache"
_ENCODINGS = {".br": "br", ".gz": "gzip"}
"""The endings of the variants that a build puts beside its files, the smallest first."""
_HASHED = "/assets/"
"""Below this path every file has a hash of its content in its name."""


class Chunk(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of Vite's manifest."""

    file: str
    is_entry: bool = False
    imports: tuple[str, ...] = ()
    css: tuple[str, ...] = ()


class Assets:
    """The files of one build.

    :param folder: where the build is, ``build`` of an application; None for an application without views.

    What can be asked for is listed once: an address that is not in the list leads nowhere, whatever dots it has.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.build = ""
        self._folder = folder
        self._chunks: dict[str, Chunk] = {}
        self._files: dict[str, Path] = {}
        self._variants: dict[Path, dict[str, Path]] = {}
        """The compressed variants of each file, by encoding, in the order of preference."""
        self._heads: dict[tuple[str, ...], tuple[str, str]] = {}
        """What the pages of a route have in their heads, around the nonce."""

    def load(self) -> None:
        """Read the build.

        :raises UsageError: nothing was built there.
        """
        if self._folder is None:
            return
        client, bundle = self._folder / "client", self._folder / "server" / "server.js"
        manifest = client / ".vite" / "manifest.json"
        if not manifest.is_file():
            raise UsageError(f"there are no built views in {self._folder.name}/; run `offhook build`")
        content = manifest.read_bytes()
        self._chunks = msgspec.json.decode(content, type=dict[str, Chunk])
        self._heads.clear()
        self._files = dict(_files(client))
        self._variants = {file: _variants_of(file) for file in self._files.values()}
        everything = content + (bundle.read_bytes() if bundle.is_file() else b"")
        self.build = hashlib.sha256(everything).hexdigest()[:12]

    def head(self, views: Sequence[str], nonce: str = "", root: str = "") -> str:
        """Style sheets, preloads and the entry script, with its *nonce*, for a page with these *views*.

        :param root: where the application is mounted.
        """
        key = tuple(views)
        if key not in self._heads:
            self._heads[key] = self._head(key)
        before, after = self._heads[key]
        if root:
            before = before.replace('="/', f'="{escape(root)}/')
        return f'{before} nonce="{nonce}"{after}' if nonce and after else before + after

    def _head(self, views: tuple[str, ...]) -> tuple[str, str]:
        entry = next((name for name, chunk in self._chunks.items() if chunk.is_entry), None)
        if entry is None:
            return "", ""
        chunks = list(self._with_imports([entry, *views]))
        styles = dict.fromkeys(css for chunk in chunks for css in chunk.css)
        scripts = dict.fromkeys(chunk.file for chunk in chunks)
        before = (
            "".join(f'<link rel="stylesheet" href="/{escape(css)}"/>' for css in styles)
            + "".join(f'<link rel="modulepreload" href="/{escape(script)}"/>' for script in scripts)
            + f'<script type="module" async="" src="/{escape(self._chunks[entry].file)}"'
        )
        return before, "></script>"

    def respond(self, scope: Scope) -> Response | None:
        """The file that a request asks for; None when the address is a page's."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        path = scope["path"]
        file = self._files.get(path)
        if file is None:
            return _not_found() if path.startswith(_HASHED) else None
        hashed = path.startswith(_HASHED)
        try:
            return _file(file, _FOREVER if hashed else _REVALIDATE, Headers(scope=scope), self._variants[file])
        except FileNotFoundError:  # another build was written over this one
            return _not_found() if hashed else None

    def _with_imports(self, names: Sequence[str]) -> Iterator[Chunk]:
        """The chunks of *names* and all that they import, each once."""
        waiting, seen = list(names), set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self._chunks:
                continue
            seen.add(name)
            yield self._chunks[name]
            waiting += self._chunks[name].imports


class SourceAssets(Assets):
    """No build for browsers: while somebody develops, Vite serves the sources of the views.

    :param folder: where the bundle for documents is.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(None)
        self.build = "development"
        self._styles = folder / "server" / "styles.json"

    def head(self, views: Sequence[str], nonce: str = "", root: str = "") -> str:
        """Style sheets for the first picture, what replaces views in an open page, and the entry script."""
        links = "".join(_LINK.format(escape(sheet)) for sheet in self._sheets(views))
        return links + (_REFRESH.replace("<script", f'<script nonce="{nonce}"') if nonce else _REFRESH)

    def _sheets(self, views: Sequence[str]) -> Iterable[str]:
        """The addresses of what *views* import, each once; read anew, since each edit may change it."""
        if not self._styles.is_file():
            return ()
        sheets = msgspec.json.decode(self._styles.read_bytes(), type=dict[str, list[str]])
        return dict.fromkeys(sheet for view in views for sheet in sheets.get(view, ()))


_LINK = '<link rel="stylesheet" href="{}" data-offhook-until-vite=""/>'
"""Gone when Vite has put the same styles into the page (``client/src/browser/development.ts``)."""

_REFRESH = """<script type="module">
import { injectIntoGlobalHook } from "/@react-refresh";
injectIntoGlobalHook(window);
window.$RefreshReg$ = () => {};
window.$RefreshSig$ = () => (type) => type;
</script>
<script type="module" src="/@vite/client"></script>
<script type="module" src="/@id/virtual:offhook/client"></script>
"""
"""As Vite's React plugin wants it: its hook stands in the page before React does, hence nothing is ``async``."""


def _not_found() -> Response:
    return Response("Not Found", 404, media_type="text/plain")


def _file(path: Path, cache_control: str, headers: Headers, variants: Mapping[str, Path]) -> Response:
    accepted = headers.get("accept-encoding", "")
    encoding = next((each for each in variants if _accepts(accepted, each)), None)
    answer = {"cache-control": cache_control}
    if variants:
        answer["vary"] = "Accept-Encoding"
    if encoding:
        answer["content-encoding"] = encoding
    sent = variants[encoding] if encoding else path
    kind = mimetypes.guess_type(path.name)[0]
    response = _File(sent, headers=answer, stat_result=sent.stat(), media_type=kind)
    return precondition(response, headers) or response


class _File(FileResponse):
    """A file. A range in a unit other than bytes is ignored (RFC 9110, section 14.2)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope).get("range", "")
        if not re.match(r"\s*bytes\s*=", asked, re.IGNORECASE):
            scope = {**scope, "headers": [field for field in scope["headers"] if field[0] != b"range"]}
        await super().__call__(scope, receive, send)


def _accepts(header: str, encoding: str) -> bool:
    """Whether ``Accept-Encoding`` names *encoding* and does not refuse it. (RFC 9110, section 12.5.3)"""
    for part in header.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";")
        if name == encoding:
            return not re.fullmatch(r"q=0(\.0{0,3})?", weight)
    return False


def _variants_of(file: Path) -> dict[str, Path]:
    candidates = {encoding: file.with_name(file.name + ending) for ending, encoding in _ENCODINGS.items()}
    return {encoding: path for encoding, path in candidates.items() if path.is_file()}


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and path.suffix not in _ENCODINGS:
            yield f"/{relative.as_posix()}", path
