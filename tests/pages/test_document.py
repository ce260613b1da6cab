"""Document requests, from loaders to the document."""

import asyncio
import json
import threading
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from offhook.base.errors import Denied, NotFound
from offhook.pages.document import document
from offhook.pages.field_errors import FieldError, Invalid
from offhook.pages.page import Page
from offhook.pages.render.base import Rendered, RenderError
from offhook.pages.results import data, redirect, respond
from offhook.pages.routes import index, layout, route

from .support import get, post, site

ROUTES = [layout("shell", [index("home"), route("rooms/:room_id", "room")])]


async def shell() -> dict[str, str]:
    return {"user": "Ada"}


async def room(room_id: int) -> dict[str, int]:
    if room_id > 50:
        raise NotFound(f"no room {room_id}")
    return {"id": room_id}


def test_a_document_has_the_data_of_all_its_loaders() -> None:
    reply = get(site(ROUTES, shell={"loader": shell}, room={"loader": room}), "/rooms/7?x=1")

    assert reply.status == 200
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert reply.text.startswith("<!DOCTYPE html><html")
    assert reply.page == {
        "build": "",
        "loaderData": {"shell": {"user": "Ada"}, "room": {"id": 7}},
        "actionData": None,
        "errors": None,
        "live": {},
        "line": None,
    }


def test_a_sync_loader_runs_in_a_thread() -> None:
    names: list[str] = []

    def loader() -> None:
        names.append(threading.current_thread().name)

    get(site(ROUTES, home={"loader": loader}), "/")

    assert names != [threading.main_thread().name]


@pytest.mark.parametrize(
    ("raised", "status", "shown"),
    [
        (NotFound("no such room"), 404, {"detail": "no such room"}),
        (Denied(), 403, {"detail": "permission denied"}),
        (data({"reason": "gone"}, 410), 410, {"reason": "gone"}),
        (HTTPException(409, "taken"), 409, {"detail": "taken"}),
        (
            Invalid({"q": FieldError("short", "Too short.")}),
            422,
            {"errors": {"q": {"code": "short", "text": "Too short.", "params": {}}}},
        ),
        (RuntimeError("secret"), 500, {"detail": "Unexpected Server Error"}),
    ],
)
def test_what_a_loader_raises_goes_to_the_error_boundary(raised: Exception, status: int, shown: Any) -> None:
    async def loader() -> None:
        raise raised

    reply = get(site(ROUTES, shell={"loader": shell}, room={"loader": loader}), "/rooms/1")

    assert reply.status == status
    assert reply.page["errors"]["room"] == {
        "status": status,
        "statusText": "",
        "data": shown,
        "internal": False,
        "__type": "RouteErrorResponse",
    }
    assert reply.page["loaderData"] == {"shell": {"user": "Ada"}}
    assert "secret" not in reply.text


@pytest.mark.parametrize(
    ("error", "shown"), [(NotFound(), "Not Found"), (NotFound("No such room"), "No such room")]
)
def test_what_a_page_says_that_does_not_exist(error: NotFound, shown: str) -> None:
    def loader() -> None:
        raise error

    assert get(site(ROUTES, home={"loader": loader}), "/").page["errors"]["home"]["data"] == {"detail": shown}


def test_a_parameter_that_cannot_be_converted_is_a_404() -> None:
    reply = get(site(ROUTES, room={"loader": room}), "/rooms/abc")

    assert (reply.status, reply.page["errors"]["room"]["status"]) == (404, 404)


def test_an_unknown_address_is_a_404_without_any_code_of_the_application() -> None:
    async def loader() -> None:
        raise AssertionError

    reply = get(site(ROUTES, shell={"loader": loader}), "/nowhere")

    assert reply.status == 404
    assert reply.page["loaderData"] == {}


def test_the_status_is_the_outermost_failure_or_the_deepest_loader() -> None:
    async def created() -> object:
        return data(1, 201)

    async def accepted() -> object:
        return data(1, 202)

    async def denied() -> None:
        raise Denied

    both = site(ROUTES, shell={"loader": created}, room={"loader": accepted})
    failing = site(ROUTES, shell={"loader": denied}, room={"loader": room})

    assert get(both, "/rooms/1").status == 202
    assert get(failing, "/rooms/99").status == 403


@pytest.mark.parametrize("how", ["returned", "raised"])
def test_a_redirect(how: str) -> None:
    async def loader() -> object:
        if how == "raised":
            raise redirect("/räume", 302)
        return redirect("/räume", 302)

    reply = get(site(ROUTES, home={"loader": loader}), "/")

    assert (reply.status, reply.header("location"), reply.body) == (302, "/r%C3%A4ume", b"")


def test_a_response_answers_in_the_place_of_the_page() -> None:
    async def loader() -> None:
        raise respond(PlainTextResponse("plain", 418))

    reply = get(site(ROUTES, shell={"loader": shell}, home={"loader": loader}), "/")

    assert (reply.status, reply.text) == (418, "plain")


def test_headers_the_last_value_counts_and_every_cookie() -> None:
    async def outer() -> object:
        return data(1, headers={"x-a": "outer", "x-b": "outer", "set-cookie": "a=1", "Content-Length": "7"})

    async def inner() -> object:
        return data(1, headers={"X-A": "inner", "set-cookie": "b=2"})

    async def declared(room_id: int) -> dict[str, str]:
        return {"x-room": str(room_id)}

    reply = get(
        site(
            ROUTES,
            shell={"loader": outer, "headers": {"x-b": "declared"}},
            room={"loader": inner, "headers": declared},
        ),
        "/rooms/3",
    )

    assert (reply.header("x-a"), reply.header("x-b"), reply.header("x-room")) == ("inner", "declared", "3")
    assert reply.all("set-cookie") == ["a=1", "b=2"]
    assert reply.header("content-length") == str(len(reply.body))


HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "comment": "<!--<script>",
    "lines": "\u2028\u2029",
    "__proto__": {"admin": True},
    "constructor": {"prototype": 1},
    "head": "</head></body></html>",
}


def test_hostile_data_stays_data() -> None:
    async def loader() -> dict[str, Any]:
        return HOSTILE

    reply = get(site(ROUTES, home={"loader": loader}), "/")
    script = reply.text.partition('id="offhook-page">')[2].partition("</script>")[0]

    assert json.loads(script)["loaderData"]["home"] == HOSTILE
    assert not set("<\u2028\u2029") & set(script)
    assert reply.text.endswith("</script></body></html>")


@pytest.mark.parametrize("value", [float("nan"), {1, object()}, "\ud800", object()])
def test_what_json_cannot_carry_fails_its_own_route_only(value: object) -> None:
    async def loader() -> object:
        return value

    reply = get(site(ROUTES, shell={"loader": shell}, home={"loader": loader}), "/")

    assert (reply.status, list(reply.page["errors"])) == (500, ["home"])
    assert reply.page["loaderData"] == {"shell": {"user": "Ada"}}


def test_loaders_run_in_parallel() -> None:
    async def outer() -> None:
        await asyncio.wait_for(met.wait(), 1)

    async def inner() -> None:
        met.set()

    met = asyncio.Event()

    assert get(site(ROUTES, shell={"loader": outer}, home={"loader": inner}), "/").status == 200


def test_a_view_that_renders_no_document_is_an_error() -> None:
    with pytest.raises(RenderError, match="<head> and a <body>"):
        document(Rendered("<div/>", None), Page("/", {}), "", "")


def test_the_head_and_the_data_stand_where_they_belong() -> None:
    rendered = Rendered("<html><head><title>a</title></head><body><p>b</p></body></html>", None)

    text = document(rendered, Page("/", {}, fields={"line": {"url": "/x"}}), "b1", "<link/>")

    assert text.startswith("<!DOCTYPE html><html><head><title>a</title><link/></head><body><p>b</p><script")
    assert '"build":"b1"' in text
    assert '"line":{"url":"/x"}' in text


def test_a_data_request_answers_with_the_same_values() -> None:
    app = site(ROUTES, shell={"loader": shell}, room={"loader": room})

    assert get(app, "/__data/rooms/7").json["results"] == {
        "shell": {"data": {"user": "Ada"}},
        "room": {"data": {"id": 7}},
    }
    assert post(app, "/__data/nowhere").status == 409
