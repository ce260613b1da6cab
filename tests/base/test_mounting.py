"""Addresses of an application that is mounted below a prefix."""

from typing import Any

import pytest

from offhook.base.mounting import below_root, with_root, with_root_again


def scope(root: str, path: str, raw_path: bytes | None = None) -> dict[str, Any]:
    return {"type": "http", "root_path": root, "path": path, "raw_path": raw_path}


@pytest.mark.parametrize(
    ("root", "path", "raw_path", "below"),
    [
        ("", "/about", b"/about", ("/about", b"/about")),
        ("/shop", "/shop/about", b"/shop/about", ("/about", b"/about")),
        ("/shop/", "/shop/about", b"/shop/about", ("/about", b"/about")),
        ("/shop", "/shop/a b", b"/shop/a%20b", ("/a b", b"/a%20b")),
        ("/shop", "/shop", b"/shop", ("/", b"/")),
        ("/shop", "/shop/", None, ("/", b"/")),
        ("/shop", "/shop/a b", None, ("/a b", b"/a%20b")),
        ("/shop", "/shopping", b"/shopping", ("/shopping", b"/shopping")),
        ("/a b", "/a b/c", b"/a%20b/c", ("/c", b"/c")),
    ],
)
def test_the_path_below(root: str, path: str, raw_path: bytes | None, below: tuple[str, bytes]) -> None:
    found = below_root(scope(root, path, raw_path))

    assert (found["path"], found["raw_path"]) == below


@pytest.mark.parametrize("path", ["/", "/about", "/a b"])
def test_the_prefix_comes_back(path: str) -> None:
    there = below_root(scope("/shop", f"/shop{path}"))

    assert with_root_again(there)["path"] == f"/shop{path}"
    assert below_root(with_root_again(there))["path"] == path


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/items?a=1#b", "/shop/items?a=1#b"),
        ("/", "/shop/"),
        ("/shopping", "/shop/shopping"),
        ("/shop", "/shop"),
        ("/shop/items", "/shop/items"),
        ("/shop?a", "/shop?a"),
        ("//evil.example/", "//evil.example/"),
        ("/\\evil.example", "/\\evil.example"),
        ("https://other.example/", "https://other.example/"),
        ("items", "items"),
    ],
)
def test_addresses_for_the_browser(address: str, sent: str) -> None:
    assert with_root("/shop", address) == sent
    assert with_root("", address) == address
