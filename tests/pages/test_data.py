"""Data requests: one for a navigation, one for a mutation."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from offhook.base.errors import Denied, NotFound
from offhook.base.incoming import Incoming
from offhook.pages.ask import read_ask
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route

from .support import get, post, site

ROUTES = [layout("shell", [index("home"), route("rooms", "rooms", [route(":room_id", "room")])])]


def saying(value: Any) -> Any:
    async def handler() -> Any:
        if isinstance(value, NotFound):
            raise value
        return value

    return handler


LOADERS = {name: {"loader": saying(name)} for name in ("shell", "home", "rooms", "room")}


def test_only_what_is_asked_for_is_loaded() -> None:
    reply = get(site(ROUTES, **LOADERS), "/__data/rooms/1?_routes=rooms,room")

    assert reply.json == {
        "build": "",
        "results": {"rooms": {"data": "rooms"}, "room": {"data": "room"}},
        "live": {},
    }
    assert reply.header("cache-control") == "no-store"
    assert reply.header("content-type") == "application/json"


@pytest.mark.parametrize("target", ["/__data", "/__data/", "/__data?_routes=home", "/__data/?_routes=home,shell"])
def test_the_data_of_the_root(target: str) -> None:
    assert get(site(ROUTES, **LOADERS), target).json["results"]["home"] == {"data": "home"}


def test_a_route_without_a_loader_has_null() -> None:
    assert get(site(ROUTES), "/__data/?_routes=home").json["results"] == {"home": {"data": None}}


@pytest.mark.parametrize(
    "query",
    ["_routes=admin", "_routes=home", "_routes=room,%3Cscript%3E", "_routes=room&_routes=home", "_after=home"],
)
def test_forged_and_outdated_route_ids_are_refused(query: str) -> None:
    reply = get(site(ROUTES, **LOADERS), f"/__data/rooms/1?{query}")

    assert (reply.status, reply.json) == (409, {"build": "", "reload": True})


def test_an_address_that_this_version_does_not_have_reloads() -> None:
    assert get(site(ROUTES), "/__data/nowhere?_routes=home").status == 409


def test_what_handlers_see_is_the_address_of_the_page() -> None:
    async def loader(request: Request, incoming: Incoming) -> list[str]:
        return [request.url.path, request.url.query, incoming.path, incoming.query]

    app = site(ROUTES, room={"loader": loader})
    reply = get(app, "/__data/rooms/a%20b?x=1&_routes=room&y=%20&_after=&_routesx=2")

    assert reply.json["results"]["room"]["data"] == [
        "/rooms/a b",
        "x=1&y=%20&_routesx=2",
        "/rooms/a b",
        "x=1&y=%20&_routesx=2",
    ]


@pytest.mark.parametrize(
    ("query", "action_id", "kept"),
    [
        ("_routes=room&_action=a-1_Z", "a-1_Z", ""),
        ("x=1&_routes=room&_action=a&_after=shell", "a", "x=1"),
        ("_action=save&_routes=room&_action=a", "a", "_action=save"),
        ("_action=save&_routes=room", None, "_action=save"),
        (f"_routes=room&_action={'a' * 64}", "a" * 64, ""),
        (f"_routes=room&_action={'a' * 65}", None, f"_action={'a' * 65}"),
        ("_routes=room&_action=", None, "_action="),
        ("_routes=room&_action=%3Cb%3E", None, "_action=%3Cb%3E"),
        ("_routes=room&_action=\u0661".encode().decode("latin-1"), None, "_action=\u0661"),
        ("_action=a", "a", ""),
    ],
)
def test_the_id_of_an_action(query: str, action_id: str | None, kept: str) -> None:
    scope = {
        "method": "POST",
        "path": "/__data/",
        "raw_path": b"/__data/",
        "query_string": query.encode("latin-1"),
    }
    asked = read_ask(scope)

    assert (asked.action_id, asked.query) == (action_id, kept.encode().decode("latin-1"))
    reading = read_ask({**scope, "method": "GET"})
    assert (reading.action_id, "_action=" in reading.query) == (None, "_action=" in query)


def test_failures_and_statuses_are_inside() -> None:
    app = site(ROUTES, rooms={"loader": saying(NotFound("none"))}, room={"loader": saying(data(1, 202))})
    reply = get(app, "/__data/rooms/1")

    assert reply.status == 200
    assert reply.json["results"]["rooms"] == {"error": {"status": 404, "data": {"detail": "none"}}}
    assert reply.json["results"]["room"] == {"data": 1, "status": 202}


@pytest.mark.parametrize(
    ("value", "away"),
    [
        (redirect("/a b"), {"to": "/a%20b", "external": False, "status": 303}),
        (redirect("https://x.test/", external=True), {"to": "https://x.test/", "external": True, "status": 303}),
        (RedirectResponse("/y"), {"to": "/y", "external": False, "status": 307}),
        (RedirectResponse("https://x.test/"), {"to": "https://x.test/", "external": True, "status": 307}),
        (PlainTextResponse("file"), {"to": "/rooms/1?x=2", "external": True, "status": 303}),
    ],
)
def test_redirects_are_json_because_fetch_follows_real_ones(value: Any, away: dict[str, Any]) -> None:
    reply = get(site(ROUTES, room={"loader": saying(value)}), "/__data/rooms/1?x=2&_routes=room")

    assert (reply.status, reply.json) == (200, {"build": "", "redirect": away})


def test_one_request_for_a_mutation() -> None:
    app = site(ROUTES, **{**LOADERS, "room": {"action": saying({"id": 5}), "loader": saying("room")}})
    reply = post(app, "/__data/rooms/1?_routes=room&_after=shell,room")

    assert reply.json == {
        "build": "",
        "live": {},
        "results": {"room": {"data": {"id": 5}}},
        "after": {"shell": {"data": "shell"}, "room": {"data": "room"}},
    }


@pytest.mark.parametrize("refused", [data("no", 422), Denied(), RuntimeError()])
def test_no_loaders_after_an_action_that_failed(refused: Any) -> None:
    async def action() -> Any:
        if isinstance(refused, Denied | RuntimeError):
            raise refused
        return refused

    app = site(ROUTES, **{**LOADERS, "room": {"action": action}})

    assert "after" not in post(app, "/__data/rooms/1?_routes=room&_after=shell").json


def test_a_loader_that_leads_away_after_the_action_is_asked_again_by_the_browser() -> None:
    app = site(ROUTES, rooms={"loader": saying(redirect("/"))}, room={"action": saying(1)})
    reply = post(app, "/__data/rooms/1?_routes=room&_after=rooms")

    assert reply.json["results"] == {"room": {"data": 1}}
    assert "after" not in reply.json


def test_an_action_that_leads_away() -> None:
    reply = post(site(ROUTES, room={"action": saying(redirect("/"))}), "/__data/rooms/1?_routes=room")

    assert reply.json["redirect"]["to"] == "/"


@pytest.mark.parametrize("query", ["_routes=room,rooms", "_routes=home", "_routes=,", "_routes=room&_after=home"])
def test_a_mutation_is_for_one_route_of_the_match(query: str) -> None:
    called: list[int] = []

    async def action() -> None:
        called.append(1)

    app = site(ROUTES, rooms={"action": action}, room={"action": action}, home={"action": action})

    assert post(app, f"/__data/rooms/1?{query}").status == 409
    assert called == []


def test_a_mutation_without_a_route_is_for_the_one_that_a_form_would_reach() -> None:
    assert post(site(ROUTES, home={"action": saying(1)}), "/__data/?index").json["results"] == {
        "home": {"data": 1}
    }


def test_a_route_without_an_action() -> None:
    reply = post(site(ROUTES), "/__data/rooms/1?_routes=room")

    assert reply.json["results"]["room"]["error"]["status"] == 405


def test_a_whole_response_cannot_be_the_result_of_an_action() -> None:
    app = site(ROUTES, room={"action": saying(Response("x"))})
    reply = post(app, "/__data/rooms/1?_routes=room")

    assert reply.json["results"]["room"]["error"]["status"] == 500


def test_json_bodies() -> None:
    async def action(form: dict[str, int]) -> int:
        return form["a"]

    app = site(ROUTES, room={"action": action})
    reply = post(app, "/__data/rooms/1?_routes=room", json.dumps({"a": 3}), content_type="application/json")

    assert reply.json["results"]["room"] == {"data": 3}
