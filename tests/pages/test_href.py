"""From a path and values to an address, and back through the matcher."""

import enum
import json
import subprocess
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, reject, strategies as st

from offhook import href, index, layout, prefix, redirect, route
from offhook.base import schema
from offhook.base.errors import UsageError
from offhook.dev.node import find_node
from offhook.pages.href import PathParam, addresses, path_params
from offhook.pages.match import Matcher
from offhook.pages.routes import RouteNode
from tests.servers import ROOT


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("path", "values", "address"),
    [
        ("/", {}, "/"),
        ("/rooms/:room_id", {"room_id": 1}, "/rooms/1"),
        ("/rooms/:room_id", {"room_id": "a/b c?d#é"}, "/rooms/a%2Fb%20c%3Fd%23%C3%A9"),
        ("/files/:name.json", {"name": "a b"}, "/files/a%20b.json"),
        ("/:lang?/about", {}, "/about"),
        ("/:lang?/about", {"lang": None}, "/about"),
        ("/:lang?/about", {"lang": "en"}, "/en/about"),
        ("/draft?/:id", {"id": 7}, "/draft/7"),
        ("/files/*", {"splat": "a b/c"}, "/files/a%20b/c"),
        ("/files/*", {"splat": ""}, "/files/"),
        ("/files/*", {}, "/files"),
        ("/:splat", {"splat": "a/b"}, "/a%2Fb"),
        ("/:path", {"path": "a"}, "/a"),
        ("/über uns", {}, "/%C3%BCber%20uns"),
        ("/:a/:b", {"b": True, "a": False}, "/false/true"),
        ("/:a", {"a": Color.RED}, "/red"),
        ("/:a", {"a": date(2026, 11, 20)}, "/2026-11-20"),
        ("/:a", {"a": Decimal("1.50")}, "/1.50"),
        ("/:a", {"a": UUID(int=1)}, "/00000000-0000-0000-0000-000000000001"),
    ],
)
def test_an_address(path: str, values: dict[str, Any], address: str) -> None:
    assert href(path, **values) == address
    redirect(address)


@pytest.mark.parametrize(
    ("path", "values", "complaint"),
    [
        ("/rooms/:room_id", {}, r"href\('/rooms/:room_id'\): pass room_id=\.\.\."),
        ("/rooms/:room_id", {"room_id": None}, "pass room_id="),
        ("/rooms/:room_id", {"room_id": 1, "id": 2}, r"href\('/rooms/:room_id'\): it has no parameter 'id'"),
        ("/rooms", {"splat": "a"}, "it has no parameter 'splat'"),
        ("rooms", {}, "a path begins with '/'"),
        ("/:a", {"a": [1]}, r"no address can have \[1\] for a"),
    ],
)
def test_what_is_not_a_route_is_named(path: str, values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        href(path, **values)


@pytest.mark.parametrize("value", ["", ".", "..", "%2F", "\ud800"])
def test_no_address_can_have(value: str) -> None:
    with pytest.raises(UsageError, match="no address can have"):
        href("/rooms/:id", id=value)


@pytest.mark.parametrize("value", ["/example.com", "a//b", "a/../b", "a\nb"])
def test_a_splat_cannot_lead_elsewhere(value: str) -> None:
    with pytest.raises(UsageError, match="no address can have"):
        href("/*", splat=value)


VALUES = st.text(st.characters(codec="utf-8")) | st.text("ab/.%2F?#\\ &+;é\u2028\n:*")
PATHS = ["/rooms/:it", "/rooms/:it?", "/:it/log", "/files/:it.json", "/files/*", "/x/:it/:other?"]


@given(path=st.sampled_from(PATHS), value=VALUES)
def test_the_matcher_gets_any_value_back(path: str, value: str) -> None:
    name = "*" if path.endswith("*") else "it"
    try:
        address = href(path, **{"splat" if name == "*" else name: value})
    except UsageError:
        reject()

    found = Matcher([RouteNode("it", "it", path)]).match(address)

    assert found is not None
    assert found.params[name] == value


@given(
    st.integers() | st.booleans() | st.dates() | st.uuids() | st.decimals(allow_nan=False, allow_infinity=False)
)
def test_a_handler_that_declares_the_type_gets_the_value(value: Any) -> None:
    found = Matcher([RouteNode("it", "it", "/:it")]).match(href("/:it", it=value))

    assert found is not None
    assert schema.convert(found.params["it"], type(value), strict=False) == value


def test_python_and_the_browser_write_the_same_addresses() -> None:
    texts = ["a b", "ü/&?#", "!*'()-_.~", "100%", "%2f", '+;,:@=$[]\\^|`{}<>"', "\u2028"]
    script = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(encodeURIComponent)))"
    command = [str(find_node()), "-e", script, json.dumps(texts)]
    encoded = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True).stdout)

    assert [href("/:it", it=text) for text in texts] == [f"/{each}" for each in encoded]


def test_the_addresses_of_a_table() -> None:
    nodes = [
        layout(
            "shell",
            [
                index("home"),
                route("rooms", "rooms", [index("all"), route(":room_id", "room"), route("/rooms/new", "new")]),
                *prefix("admin", [route("log/:day?", "log")]),
                route("files/*", "files", [route("raw", "raw")]),
            ],
        ),
        route("*", "lost"),
    ]

    assert list(addresses(nodes)) == [
        "/",
        "/rooms",
        "/rooms/:room_id",
        "/rooms/new",
        "/admin/log/:day?",
        "/files/*",
        "/files/raw",
        "/*",
    ]


def test_the_parameters_of_a_path() -> None:
    assert path_params("/:a?/:b/:a/draft?/:c.json/*") == [
        PathParam("a", False),
        PathParam("b", False),
        PathParam("c", False),
        PathParam("*", True),
    ]
