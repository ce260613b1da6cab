"""The matcher agrees with React Router's: its corpus runs in both (see client/src/matching.test.ts)."""

import json
from pathlib import Path
from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.pages.match import Matcher, param_names
from offhook.pages.routes import RouteNode, index, layout, prefix, route

CORPUS = json.loads((Path(__file__).parents[1] / "corpus" / "matching.json").read_text("utf-8"))


def nodes(table: list[dict[str, Any]]) -> tuple[RouteNode, ...]:
    return tuple(
        RouteNode(
            each["id"], each["id"], each.get("path"), each.get("index", False), nodes(each.get("children", []))
        )
        for each in table
    )


@pytest.mark.parametrize("row", CORPUS["rows"], ids=lambda row: f"{row['table']} {row['url'] or '(empty)'}")
def test_matches_what_react_router_matches(row: dict[str, Any]) -> None:
    matcher = Matcher(nodes(CORPUS["tables"][row["table"]]))
    found = matcher.match(row["url"].partition("#")[0].partition("?")[0])
    assert (found and [node.id for node in found.nodes]) == row["ids"]
    assert (found and dict(found.params)) == row["params"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a?b", "'?' may stand only at the end"),
        ("*/a", "'*' may stand only as the last"),
        ("a*", "'*' may stand only as the last"),
        (":", "needs a name"),
    ],
)
def test_a_path_that_react_router_reads_differently_is_refused(path: str, said: str) -> None:
    with pytest.raises(UsageError, match="test_match.py:.*" + said.replace("*", r"\*").replace("?", r"\?")):
        Matcher([route(path, "routes/x")])


def test_an_absolute_path_has_to_begin_with_that_of_its_parents() -> None:
    with pytest.raises(UsageError, match="does not start with that of its parents"):
        Matcher([route("a", "routes/a", [route("/b", "routes/b")])])


def test_an_index_route_has_no_children() -> None:
    with pytest.raises(UsageError, match="cannot have children"):
        Matcher([RouteNode("i", "i", index=True, children=(index("j"),))])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (route("a/:id/", "x"), route("A/:name", "y")),
        (route(":name.json", "x"), route(":file.json", "y")),
        (route("a", "l", [index("x")]), layout("m", prefix("a", [index("y")]))),
        (route(":lang?/about", "x"), route("about", "y")),
        (index("x"), layout("m", [layout("n", [index("y")])])),
        (route("*", "x"), layout("m", [route("*", "y")])),
    ],
)
def test_two_routes_for_the_same_addresses(one: RouteNode, other: RouteNode) -> None:
    [(lost, found)] = Matcher([one, other]).unreachable()

    assert (lost.id, found.id) == ("y", "x")


@pytest.mark.parametrize(
    "table",
    [
        [route("about", "x"), route(":lang?/about", "y")],
        [route("a", "l", [index("x")])],
        [route("a", "l", [route(":id", "x")]), route("a", "m", [route("new", "y")])],
        [route(":id", "x"), route("*", "y"), index("z")],
        [route("ß", "x"), route("ss", "y")],
        [route("@:a", "x"), route("@:b", "y")],
    ],
)
def test_tables_in_which_every_route_can_be_reached(table: list[RouteNode]) -> None:
    assert [*Matcher(table).unreachable()] == []


def test_param_names() -> None:
    assert param_names("a/:room_id/:lang?/:name.json/*") == ("room_id", "lang", "name", "*")
    assert param_names(None) == ()


def test_pathological_addresses_end_soon() -> None:
    matcher = Matcher([layout("s", [route(":a?/:b?/:c?/:d?/*", "x"), route("a/:b/c/:d/*", "y")])])
    assert matcher.match("/" * 20_000 + "x" * 20_000 + "/a" * 20_000) is not None
