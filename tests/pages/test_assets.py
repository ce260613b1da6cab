"""Built files: what a document refers to, and what can be asked for."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.pages.assets import Assets, SourceAssets
from offhook.pages.handler import PagesHandler
from offhook.pages.render.none import NoRenderer
from offhook.pages.routes import layout, route

from .support import ask, get, table

MANIFEST = {
    "virtual:entry": {
        "file": "assets/entry-1.js",
        "isEntry": True,
        "imports": ["_shared"],
        "css": ["assets/e.css"],
    },
    "_shared": {"file": "assets/shared-1.js", "imports": ["entry"]},
    "routes/shell.tsx": {
        "file": "assets/shell-1.js",
        "isDynamicEntry": True,
        "css": ["assets/e.css", "assets/s.css"],
    },
    "routes/room.tsx": {"file": 'assets/"room".js', "imports": ["_shared", "_gone"]},
    "routes/other.tsx": {"file": "assets/other-1.js"},
}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build: two bundles, a manifest and a favicon; and a secret beside it."""
    folder = tmp_path / "build"
    for name, content in {
        "client/.vite/manifest.json": json.dumps(MANIFEST),
        "client/assets/entry-1.js": "entry",
        "client/assets/sub/a b.css": "styles",
        "client/favicon.ico": "icon",
        "server/server.js": "server",
        "../secret.txt": "secret",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def loaded(folder: Path) -> Assets:
    assets = Assets(folder)
    assets.load()
    return assets


def site(folder: Path) -> PagesHandler:
    nodes = [layout("shell", [route("*", "any")])]
    return PagesHandler(table(nodes), NoRenderer(), loaded(folder))


def test_the_head_of_a_document(build: Path) -> None:
    head = loaded(build).head(["routes/shell.tsx", "routes/room.tsx", "routes/unknown.tsx"])

    assert head == (
        '<link rel="stylesheet" href="/assets/e.css"/>'
        '<link rel="stylesheet" href="/assets/s.css"/>'
        '<link rel="modulepreload" href="/assets/entry-1.js"/>'
        '<link rel="modulepreload" href="/assets/shell-1.js"/>'
        '<link rel="modulepreload" href="/assets/&quot;room&quot;.js"/>'
        '<link rel="modulepreload" href="/assets/shared-1.js"/>'
        '<script type="module" async="" src="/assets/entry-1.js"></script>'
    )


def test_the_build_id_changes_with_either_bundle(build: Path) -> None:
    first = loaded(build).build
    (build / "server/server.js").write_text("other")

    assert len(first) == 12
    assert loaded(build).build not in (first, "")


def test_hashed_files_stay_for_ever(build: Path) -> None:
    reply = get(site(build), "/assets/entry-1.js")

    assert (reply.status, reply.text) == (200, "entry")
    assert reply.header("cache-control") == "public, max-age=31536000, immutable"
    assert reply.header("content-type") == "text/javascript; charset=utf-8"


def test_other_files_stand_at_the_root_and_are_asked_for_again(build: Path) -> None:
    reply = get(site(build), "/favicon.ico")
    again = get(site(build), "/favicon.ico", if_none_match=reply.header("etag") or "")

    assert (reply.text, reply.header("cache-control")) == ("icon", "public, no-cache")
    assert (again.status, again.body) == (304, b"")


OLD, NOW, NEW = (f"{day} Dec 2026 00:00:00 GMT" for day in ("Tue, 01", "Wed, 02", "Thu, 03"))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        # The tag, as it is, weak (a proxy that compresses makes it so), in lists, and any tag.
        ({"if_none_match": "{tag}"}, 304),
        ({"if_none_match": "W/{tag}"}, 304),
        ({"if_none_match": '"a,b", W/{tag}'}, 304),
        ({"if_none_match": " * "}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": "no tag at all"}, 200),
        # Dates count where no tag is given.
        ({"if_modified_since": NOW}, 304),
        ({"if_modified_since": NEW}, 304),
        ({"if_modified_since": OLD}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_modified_since": "Wed, 99 Dec 99999 00:00:00 GMT"}, 200),
        ({"if_modified_since": NEW, "if_none_match": '"other"'}, 200),
        ({"if_modified_since": OLD, "if_none_match": "{tag}"}, 304),
        # What the client expects goes first.
        ({"if_match": "{tag}"}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": "W/{tag}"}, 412),
        ({"if_match": '"other"', "if_none_match": "{tag}"}, 412),
        ({"if_match": "{tag}", "if_unmodified_since": OLD}, 200),
        ({"if_unmodified_since": OLD}, 412),
        ({"if_unmodified_since": NOW}, 200),
        ({"if_unmodified_since": "yesterday"}, 200),
        # Parts.
        ({"range": "bytes=1-2"}, 206),
        ({"range": "bytes=1-2", "if_range": "{tag}"}, 206),
        ({"range": "bytes=1-2", "if_range": NOW}, 206),
        ({"range": "bytes=1-2", "if_range": "W/{tag}"}, 200),
        ({"range": "bytes=1-2", "if_range": '"other"'}, 200),
        ({"range": "bytes=1-2", "if_none_match": "{tag}"}, 304),
        ({"range": "bytes=9-"}, 416),
        ({"range": "lines=1-2"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_and_parts(build: Path, method: str, asked: dict[str, str], status: int) -> None:
    changed = datetime(2026, 12, 2, tzinfo=UTC).timestamp()
    os.utime(build / "client/favicon.ico", (changed, changed))
    tag = get(site(build), "/favicon.ico").header("etag") or ""

    fields = {name: value.replace("{tag}", tag) for name, value in asked.items()}
    reply = ask(site(build), method, "/favicon.ico", b"", **fields)

    assert reply.status == status
    if status == 304:
        assert (reply.header("etag"), reply.header("cache-control")) == (tag, "public, no-cache")
        assert reply.header("content-length") in (None, "0")


def test_names_with_encoded_characters(build: Path) -> None:
    assert get(site(build), "/assets/sub/a%20b.css").text == "styles"


@pytest.mark.parametrize(
    "target",
    [
        "/assets/../../../secret.txt",
        "/assets/..%2f..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "/assets/..\\..\\..\\secret.txt",
        "/assets/%252e%252e/%252e%252e/secret.txt",
        "/assets//etc/passwd",
        "/assets/entry-1.js/",
        "/assets/entry-1.js%00",
        "/assets/missing.js",
    ],
)
def test_nothing_else_can_be_asked_for_below_assets(build: Path, target: str) -> None:
    reply = get(site(build), target)

    assert (reply.status, reply.text) == (404, "Not Found")


@pytest.mark.parametrize(
    "target", ["/../secret.txt", "/.vite/manifest.json", "/%2evite/manifest.json", "/server.js"]
)
def test_an_address_outside_is_a_pages(build: Path, target: str) -> None:
    assert get(site(build), target).header("content-type") == "text/html; charset=utf-8"


def test_only_reading(build: Path) -> None:
    head = ask(site(build), "HEAD", "/favicon.ico")

    assert (head.status, head.body, head.header("content-length")) == (200, b"", "4")
    assert ask(site(build), "POST", "/favicon.ico").status == 405


def test_without_a_build_the_application_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run `offhook build`"):
        Assets(tmp_path / "build").load()


def test_an_application_without_views_needs_no_build() -> None:
    assets = Assets()
    assets.load()

    assert (assets.build, assets.head([])) == ("", "")


@pytest.mark.parametrize(
    ("accepted", "body", "encoding"),
    [
        ("gzip, deflate, br, zstd", "brotli", "br"),
        ("GZIP;q=0.5", "gzipped", "gzip"),
        ("br;q=0, gzip", "gzipped", "gzip"),
        ("br;q=0.0", "entry", None),
        ("brr, gzipp", "entry", None),
        ("", "entry", None),
    ],
)
def test_compressed_variants_for_those_who_take_them(
    build: Path, accepted: str, body: str, encoding: str | None
) -> None:
    (build / "client/assets/entry-1.js.br").write_text("brotli")
    (build / "client/assets/entry-1.js.gz").write_text("gzipped")

    answer = get(site(build), "/assets/entry-1.js", accept_encoding=accepted)

    assert (answer.text, answer.header("content-encoding")) == (body, encoding)
    assert (answer.header("content-type") or "").startswith("text/javascript")
    assert answer.header("vary") == "Accept-Encoding"
    assert "immutable" in (answer.header("cache-control") or "")


def test_a_variant_has_no_address_of_its_own(build: Path) -> None:
    (build / "client/assets/entry-1.js.br").write_text("brotli")

    assert get(site(build), "/assets/entry-1.js.br").status == 404


def test_documents_in_development_link_what_their_views_import_each_once_and_anew(tmp_path: Path) -> None:
    styles = tmp_path / "server" / "styles.json"
    styles.parent.mkdir()
    styles.write_text('{"shell.tsx": ["/a.css?direct"], "room.tsx": ["/a.css?direct", "/\\"b.css?direct"]}')
    assets = SourceAssets(tmp_path)

    first = assets.head(["shell.tsx", "room.tsx", "unknown.tsx"], "n0")
    styles.write_text('{"room.tsx": []}')

    mark = ' data-offhook-until-vite=""/>'
    links = (
        f'<link rel="stylesheet" href="/a.css?direct"{mark}<link rel="stylesheet" href="/&quot;b.css?direct"{mark}'
    )
    assert first.startswith(f'{links}<script nonce="n0" type="module">')
    assert "<link" not in assets.head(["shell.tsx", "room.tsx"])


def test_documents_in_development_are_there_before_their_bundle(tmp_path: Path) -> None:
    assert SourceAssets(tmp_path).head(["shell.tsx"]).startswith("<script")
