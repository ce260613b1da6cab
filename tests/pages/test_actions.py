"""Mutations: which action, and what a document answers."""

from typing import Annotated, Any

import msgspec
import pytest

from offhook.base.errors import Denied
from offhook.pages.field_errors import FieldError, Invalid
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route

from .support import ask, get, post, site

ROUTES = [
    layout("shell", [index("home"), route("rooms/:room_id", "room"), route("shop", "shop", [index("shelf")])])
]


class NewMessage(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
    times: int = 1


async def loader() -> str:
    return "loaded"


def naming(name: str) -> Any:
    async def action() -> object:
        return data(name)

    return action


async def add(form: NewMessage) -> object:
    return data({"added": form.text * form.times})


@pytest.mark.parametrize(
    ("target", "answers"),
    [
        ("/", "shell"),
        ("/?index", "home"),
        ("/?index=", "home"),
        ("/?index=1", "shell"),
        ("/?a=b&index", "home"),
        ("/rooms/1", "room"),
        ("/rooms/1?index", "room"),
        ("/shop", "shop"),
        ("/shop?index", "shelf"),
    ],
)
def test_which_action_answers(target: str, answers: str) -> None:
    actions = {name: {"action": naming(name)} for name in ("shell", "home", "room", "shop", "shelf")}

    assert post(site(ROUTES, **actions), target).page["actionData"] == {answers: answers}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_all_mutations_reach_the_action(method: str) -> None:
    app = site(ROUTES, room={"action": naming("room")})

    assert ask(app, method, "/rooms/1").page["actionData"] == {"room": "room"}


def test_loaders_run_after_the_action() -> None:
    order: list[str] = []

    async def act() -> object:
        order.append("action")
        return data("acted", 201)

    async def load() -> None:
        order.append("loader")

    reply = post(site(ROUTES, room={"action": act, "loader": load}), "/rooms/1")

    assert order == ["action", "loader"]
    assert (reply.status, reply.page["actionData"]) == (201, {"room": "acted"})


@pytest.mark.parametrize("value", [None, {"id": 1}])
def test_a_plain_value_leads_back_to_the_page(value: Any) -> None:
    async def action() -> Any:
        return value

    app = site(ROUTES, home={"action": action, "loader": loader})
    reply = post(app, "/?a=1&index")

    assert (reply.status, reply.header("location")) == (303, "/?a=1")


def test_the_way_back_never_leads_to_another_host() -> None:
    async def action() -> None: ...

    app = site([route("*", "any")], any={"action": action})

    assert post(app, "//evil.test/x").header("location") == "/evil.test/x"
    assert post(app, "/%5Cevil.test/x").header("location") == "/%5Cevil.test/x"


def test_an_invalid_form_names_every_field_and_keeps_what_was_typed() -> None:
    reply = post(site(ROUTES, room={"action": add, "loader": loader}), "/rooms/1", "text=far+too+long&times=x")

    assert reply.status == 422
    assert reply.page["loaderData"] == {"room": "loaded"}
    assert reply.page["actionData"]["room"] == {
        "errors": {
            "text": {"code": "max_length", "params": {"max": 5}, "text": "Use at most 5 characters."},
            "times": {
                "code": "type",
                "params": {"expected": "int"},
                "text": "This is not a valid int.",
            },
        },
        "values": {"text": "far too long", "times": "x"},
    }


def test_an_action_refuses_by_a_rule_of_its_own() -> None:
    async def action(form: NewMessage) -> None:
        raise Invalid({"text": FieldError("taken", "Somebody said that already.")})

    reply = post(site(ROUTES, room={"action": action}), "/rooms/1", "text=hi")

    assert reply.status == 422
    assert reply.page["actionData"]["room"] == {
        "errors": {"text": {"code": "taken", "params": {}, "text": "Somebody said that already."}},
        "values": {"text": "hi"},
    }


def test_a_redirect_after_the_action() -> None:
    async def action() -> object:
        return redirect("/rooms/2")

    reply = post(site(ROUTES, room={"action": action}), "/rooms/1")

    assert (reply.status, reply.header("location")) == (303, "/rooms/2")


def test_a_failed_action_shows_its_boundary_inside_the_views_above() -> None:
    called: list[str] = []

    async def action() -> None:
        raise Denied("not yours")

    async def below() -> None:
        called.append("room")

    reply = post(site(ROUTES, shell={"loader": loader}, room={"action": action, "loader": below}), "/rooms/1")

    assert (reply.status, reply.page["errors"]["room"]["data"]) == (403, {"detail": "not yours"})
    assert reply.page["loaderData"] == {"shell": "loaded"}
    assert called == []


def test_a_route_without_an_action_is_405() -> None:
    reply = post(site(ROUTES, shell={"loader": loader}), "/rooms/1")

    assert (reply.status, reply.header("allow")) == (405, "GET, HEAD, OPTIONS")
    assert reply.page["errors"]["room"]["status"] == 405


def test_methods_of_an_address() -> None:
    app = site(ROUTES, room={"action": add})

    options = ask(app, "OPTIONS", "/rooms/1")
    assert (options.status, options.header("allow")) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
    assert ask(app, "OPTIONS", "/").header("allow") == "GET, HEAD, OPTIONS"
    assert ask(app, "TRACE", "/").status == 405


def test_head_is_get_without_content() -> None:
    app = site(ROUTES, home={"loader": loader})
    head, full = ask(app, "HEAD", "/"), get(app, "/")

    assert head.body == b""
    assert (head.status, head.headers) == (full.status, full.headers)
