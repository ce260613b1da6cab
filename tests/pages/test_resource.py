"""Resource routes: routes without a view."""

from typing import Any

from starlette.responses import PlainTextResponse, Response

from offhook.base.errors import Denied
from offhook.pages.context import Context
from offhook.pages.results import data, redirect
from offhook.pages.routes import layout, route

from .support import ask, get, post, site

ROUTES = [layout("shell", [route("feed", "feed")])]


def feed(**functions: Any) -> Any:
    return site(ROUTES, shell={"loader": unused}, feed={"view": None, **functions})


async def unused() -> None:
    raise AssertionError


def test_values_are_json() -> None:
    async def loader() -> object:
        return data({"a": "<b>"}, 201, headers={"x-a": "1"})

    reply = get(feed(loader=loader), "/feed")

    assert (reply.status, reply.json, reply.header("x-a")) == (201, {"a": "<b>"}, "1")
    assert reply.header("content-type") == "application/json"


def test_responses_are_answers_as_they_are() -> None:
    def loader() -> PlainTextResponse:
        return PlainTextResponse("feed", headers={"etag": '"1"'})

    reply = get(feed(loader=loader), "/feed")

    assert (reply.text, reply.header("etag")) == ("feed", '"1"')


def test_failures_are_json_with_their_status() -> None:
    async def loader() -> None:
        raise Denied

    reply = get(feed(loader=loader), "/feed")

    assert (reply.status, reply.json) == (403, {"detail": "permission denied"})


def test_redirects_are_real_ones() -> None:
    async def loader() -> object:
        return redirect("/", 302)

    assert get(feed(loader=loader), "/feed").header("location") == "/"


def test_a_webhook_comes_from_no_page() -> None:
    async def action(form: dict[str, str]) -> dict[str, str]:
        return form

    reply = ask(feed(action=action), "POST", "/feed", b'{"a":"1"}', content_type="application/json")

    assert (reply.status, reply.json) == (200, {"a": "1"})


def test_an_address_without_a_loader_cannot_be_read() -> None:
    async def action() -> None: ...

    reply = get(feed(action=action), "/feed")

    assert (reply.status, reply.header("allow")) == (405, "DELETE, OPTIONS, PATCH, POST, PUT")
    assert post(feed(loader=unused), "/feed").status == 405
    assert post(feed(action=action), "/feed").json is None


def test_the_router_leaves_a_resource_to_the_browser() -> None:
    def loader() -> PlainTextResponse:
        return PlainTextResponse("feed")

    reply = get(feed(loader=loader), "/__data/feed?_routes=feed")

    assert reply.json["redirect"] == {"to": "/feed", "external": True, "status": 303}


def test_a_response_keeps_its_headers_and_gets_others_of_its_parents() -> None:
    async def middleware(context: Context) -> None:
        context.headers.update({"cache-control": "no-store", "x-by": "middleware", "content-type": "text/x"})
        context.headers.append("set-cookie", "a=1")

    async def loader() -> Response:
        return PlainTextResponse("x", headers={"x-by": "response"})

    shell = {"middleware": (middleware,), "headers": {"x-module": "1"}}
    app = site([layout("shell", [route("file", "file")])], shell=shell, file={"view": None, "loader": loader})
    reply = get(app, "/file")

    said = {
        name: reply.header(name) for name in ("cache-control", "x-by", "x-module", "set-cookie", "content-type")
    }
    assert said == {
        "cache-control": "no-store",
        "x-by": "response",
        "x-module": "1",
        "set-cookie": "a=1",
        "content-type": "text/plain; charset=utf-8",
    }
