"""What ``offhook dev`` answers: only for this machine, and only files that a page can need."""

from pathlib import Path

import pytest

from offhook.dev.files import ServedFiles, is_local


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An application inside a repository with packages, one of them linked, and with secrets everywhere."""
    app = tmp_path / "repository" / "app"
    for name in [
        "view.tsx",
        "styles/look.css",
        "logo.svg",
        "cities.json",
        "app.py",
        "chat.sqlite3",
        "key.pem",
        ".env",
        ".git/config",
        ".hidden/view.tsx",
        "public/robots.txt",
        "public/.well-known/security.txt",
        "../pyproject.toml",
        "../other.ts",
        "../node_modules/react/index.js",
        "../node_modules/.vite/deps/react.js",
        "../client/dist/index.js",
        "../../outside.ts",
    ]:
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(name)
    (tmp_path / "repository/node_modules/offhook").symlink_to(tmp_path / "repository/client")
    (app / "link.ts").symlink_to(tmp_path / "outside.ts")
    (app / "link.tsx").symlink_to(app / "app.py")
    return app


@pytest.mark.parametrize(
    "target",
    [
        "/view.tsx",
        "/view.tsx?t=17",
        "/styles/look.css",
        "/logo.svg?import",
        "/cities.json?import",
        "/robots.txt",
        "/.well-known/security.txt",
        "/@vite/client",
        "/@react-refresh",
        "/@id/virtual:offhook/client",
        "/@fs{repository}/node_modules/react/index.js",
        "/@fs{repository}/node_modules/.vite/deps/react.js?v=1",
        "/@fs{repository}/client/dist/index.js",
        "/@fs{repository}/app/view.tsx",
    ],
)
def test_what_a_page_needs(folder: Path, target: str) -> None:
    path, _, query = target.replace("{repository}", str(folder.parent)).partition("?")

    assert ServedFiles(folder).has(path, query)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/rooms/1",
        "/cities.json",
        "/cities.json?imports",
        "/app.py",
        "/app.py?import",
        "/app.py?import&raw",
        "/chat.sqlite3",
        "/key.pem",
        "/.env",
        "/.env?import&raw",
        "/.git/config?import",
        "/.hidden/view.tsx",
        "/link.ts",
        "/link.tsx",
        "/view.tsx/",
        "/view.tsx\0",
        "/styles/../app.py",
        "/public/../../pyproject.toml",
        "/@id/app.py?raw",
        "/@id//etc/passwd",
        "/@fs/etc/passwd",
        "/@fs//etc/passwd?raw",
        "/@fs{repository}/pyproject.toml",
        "/@fs{repository}/other.ts",
        "/@fs{repository}/app/.env?import",
        "/@fs{repository}/app/app.py?import&raw??",
        "/@fs{repository}/node_modules/../pyproject.toml",
        "/@fs{repository}/node_modules/react/../../pyproject.toml",
        "/node_modules/../app.py",
    ],
)
def test_what_is_none_of_a_pages_business(folder: Path, target: str) -> None:
    path, _, query = target.replace("{repository}", str(folder.parent)).partition("?")

    assert not ServedFiles(folder).has(path, query)


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LOCALHOST:8000", True),
        ("app.localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("192.168.1.7", True),
        ("[::1]:8000", True),
        ("[fe80::1]", True),
        ("box.lan:8000", True),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evillocalhost", False),
        ("[::1", True),
        ("[evil.example]", False),
        ("", False),
    ],
)
def test_hosts(host: str, answered: bool) -> None:
    assert is_local(host, ["box.lan"]) is answered
