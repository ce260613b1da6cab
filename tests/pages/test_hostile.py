"""What hostile data and requests meet: they are refused, or harmless."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from starlette.responses import RedirectResponse

from offhook.base.errors import Denied, UsageError
from offhook.base.limits import Limits
from offhook.base.sessions import Session, SessionCookie
from offhook.pages.context import Context
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route

from .support import Exchange, ask, get, post, site

ROUTES = [
    layout(
        "shell",
        [
            index("home"),
            layout("admin", [route("users/:name", "user")]),
            route("files/*", "files"),
            route("hook", "hook"),
        ],
    )
]


def returning(value: Any) -> Any:
    async def handler() -> Any:
        return value

    return handler


# Loader data


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "\u2028\u2029",
        '"}</SCRIPT >',
        "\x00\ud7ff\ufffe",
        "&lt;/script&gt;",
    ],
)
def test_p7_text_cannot_leave_the_script(text: str) -> None:
    reply = get(site(ROUTES, home={"loader": returning({text: [text]})}), "/")

    assert reply.page["loaderData"] == {"home": {text: [text]}}
    [inside] = reply.text.split('id="offhook-page">')[1:]
    assert "<" not in inside.partition("</script></body>")[0]
    assert not {"\u2028", "\u2029"} & set(inside)


def test_prototypes_are_ordinary_keys() -> None:
    value = {"__proto__": {"isAdmin": True}, "constructor": 1, "toString": None}
    app = site(ROUTES, home={"loader": returning(value)})

    assert get(app, "/").page["loaderData"] == {"home": value}
    assert get(app, "/__data/").json["results"]["home"] == {"data": value}


def test_data_that_is_nested_without_end_is_an_error_page(caplog: pytest.LogCaptureFixture) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    reply = get(site(ROUTES, home={"loader": returning(deep)}), "/")

    assert (reply.status, len(caplog.records)) == (500, 1)


def test_errors_and_what_was_typed_are_escaped_too() -> None:
    async def action(form: dict[str, int]) -> None: ...

    reply = post(site(ROUTES, user={"action": action}), "/users/x", f"a={quote('</script>')}")

    assert reply.page["actionData"]["user"]["values"] == {"a": "</script>"}
    assert "a</script>" not in reply.text


# Redirects


@pytest.mark.parametrize(
    "to",
    [
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "///evil.test",
        "/./\\evil.test",
        "/..//evil.test",
        "/\t/evil.test",
        "\t//evil.test",
        " //evil.test",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "https://evil.test",
        "https:evil.test",
        "evil.test",
        "?next=x",
        "",
        "/a\r\nSet-Cookie: a=b",
        "/a\x00",
    ],
)
def test_redirects_stay_on_the_origin(to: str) -> None:
    with pytest.raises(UsageError, match="stays on the origin"):
        redirect(to)


@pytest.mark.parametrize(
    "to", ["javascript:alert(1)", "//evil.test", "https://a.test/\r\nX: y", "ftp://a.test", "/"]
)
def test_external_redirects_go_to_web_addresses(to: str) -> None:
    with pytest.raises(UsageError, match="external redirect"):
        redirect(to, external=True)


def test_an_address_with_two_slashes_is_no_way_out_after_a_post() -> None:
    app = site([route("*", "any")], any={"action": returning(1)})

    for target in ("//evil.test", "/\\evil.test", "/%2F%2Fevil.test", "/%5Cevil.test"):
        to = post(app, target).header("location") or ""
        assert to.startswith("/")
        assert to[1:2] not in ("/", "\\")


# Route ids out of the request


@pytest.mark.parametrize(
    "query",
    [
        "_routes=secret",
        "_routes=home",
        "_routes=user,home",
        "_routes=user&_routes=secret",
        "_routes=__proto__",
        "_after=home",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_p2_ids_of_other_pages_are_refused(query: str, method: str) -> None:
    called: list[str] = []

    async def handler() -> None:
        called.append("ran")

    functions = {"loader": handler, "action": handler}
    app = site(ROUTES, home=functions, files=functions)

    assert ask(app, method, f"/__data/users/x?{query}").status == 409
    assert called == []


@pytest.mark.parametrize(
    "query", ["", "?_routes=user", "?_routes=", "?_routes=shell", "?_routes=user&_after=user", "?_after=user"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_p2_the_middleware_of_parents_runs_whatever_is_asked_for(query: str, method: str) -> None:
    async def guard() -> None:
        raise Denied

    async def secret() -> str:
        return "secret"

    functions = {"loader": secret, "action": secret}
    app = site(ROUTES, admin={"middleware": (guard,)}, shell=functions, user=functions)

    assert "secret" not in ask(app, method, f"/__data/users/x{query}").text


@pytest.mark.parametrize(
    "target", ["/__data/__data/users/x", "/__DATA/users/x", "//__data/users/x", "/__data//users/x"]
)
def test_p2_other_ways_to_write_a_data_request(target: str) -> None:
    async def guard() -> None:
        raise Denied

    app = site(ROUTES, admin={"middleware": (guard,)}, user={"loader": returning("secret")})

    assert "secret" not in get(app, target).text


# Headers


@pytest.mark.parametrize("text", ["a\r\nset-cookie: b=c", "a\nb", "a\rb", "a\x00b"])
@pytest.mark.parametrize("target", ["/users/{}", "/__data/users/{}?_routes=user"])
def test_a_parameter_cannot_begin_another_header(text: str, target: str, caplog: pytest.LogCaptureFixture) -> None:
    async def loader(name: str) -> object:
        return data(1, headers={"x-name": name})

    app = site(ROUTES, user={"loader": loader})

    reply = get(app, target.format(quote(text)))
    assert (reply.status, reply.header("x-name"), reply.header("set-cookie")) == (500, None, None)
    assert len(caplog.records) == 1
    assert get(app, target.format("Ada")).header("x-name") == "Ada"


@pytest.mark.parametrize("text", ["a\r\nb", "€"])
def test_nor_by_the_context_nor_by_a_response(text: str) -> None:
    async def middleware(context: Context, name: str) -> None:
        context.headers["x-name"] = name

    async def loader(name: str) -> RedirectResponse:
        return RedirectResponse("/", headers={"x-name": name})

    assert get(site(ROUTES, user={"middleware": (middleware,)}), f"/users/{quote(text)}").status == 500
    assert get(site(ROUTES, user={"loader": loader}), f"/users/{quote(text)}").status == 500


# Forms


class Profile(msgspec.Struct):
    name: str
    tags: list[str] = []


def test_fields_that_come_twice() -> None:
    async def action(form: Profile) -> object:
        return data(form)

    reply = post(
        site(ROUTES, user={"action": action}), "/users/x", "name=a&name=b&tags=1&tags=2&__proto__=x&isAdmin=1"
    )

    assert reply.page["actionData"]["user"] == {"name": "b", "tags": ["1", "2"]}


@pytest.mark.parametrize(
    "body", ["name=" + "x" * 10_001, "&".join(["tags=1"] * 51), "x" * 10_001 + "=1", "&" * 10_001]
)
def test_forms_that_are_too_large(body: str) -> None:
    async def action(form: Profile) -> None: ...

    limits = Limits(body=10_000, form_parts=50)

    assert post(site(ROUTES, {"limits": limits}, user={"action": action}), "/users/x", body).status == 413


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "9" * 5000, "1_000", "٣", "0x10", " 1 ", "--1"])
def test_numbers_that_are_none(value: str) -> None:
    class Amount(msgspec.Struct):
        amount: float

    async def action(form: Amount) -> object:
        return data(form)

    reply = post(site(ROUTES, user={"action": action}), "/users/x", f"amount={quote(value)}")

    if reply.status == 200:
        assert json.loads(json.dumps(reply.page["actionData"]), parse_constant=pytest.fail)
    else:
        assert reply.status == 422


# P9: cookies


def setting(name: str, pause: float, then: object = None) -> Any:
    async def loader() -> object:
        await asyncio.sleep(pause)
        return then or data(1, headers={"set-cookie": f"{name}=1"})

    return {"loader": loader}


NESTED = [layout("a", [layout("b", [route("c", "c")])])]


@pytest.mark.parametrize("target", ["/c", "/__data/c"])
def test_p9_cookies_of_parallel_loaders_stand_in_the_order_of_the_routes(target: str) -> None:
    async def middleware(context: Context, session: Session) -> None:
        context.headers.append("set-cookie", "m=1")
        session["user"] = "ann"

    options = {"sessions": SessionCookie(["k" * 16])}
    a = {**setting("a", 0.02), "middleware": (middleware,)}
    app = site(NESTED, options, a=a, b=setting("b", 0.01), c=setting("c", 0))

    assert [each.split("=")[0] for each in get(app, target).all("set-cookie")] == ["a", "b", "c", "m", "offhook"]


def cookie_response() -> RedirectResponse:
    response = RedirectResponse("/", 303)
    response.set_cookie("r", "1")
    return response


@pytest.mark.parametrize("target", ["/c", "/__data/c"])
@pytest.mark.parametrize("away", [lambda: redirect("/", headers={"set-cookie": "r=1"}), cookie_response])
def test_p9_a_redirect_carries_the_cookies_of_all(target: str, away: Callable[[], object]) -> None:
    app = site(NESTED, a=setting("a", 0.01), b=setting("b", 0, away()), c=setting("c", 0))

    reply = get(app, target)
    assert sorted(each.split("=")[0] for each in reply.all("set-cookie")) == ["a", "c", "r"]


@pytest.mark.parametrize("target", ["/c", "/__data/c?_routes=c&_after=a,b,c"])
def test_p9_a_mutation_carries_the_cookies_of_action_and_loaders(target: str) -> None:
    async def action() -> object:
        return data(1, headers={"set-cookie": "action=1"})

    app = site(NESTED, a=setting("a", 0.01), b=setting("b", 0), c={**setting("c", 0), "action": action})

    assert [each.split("=")[0] for each in post(app, target).all("set-cookie")] == ["action", "a", "b", "c"]


# Signing in


@pytest.mark.parametrize("target", ["/", "/__data/"])
def test_signing_in_again_with_the_same_values_prolongs_the_session(target: str) -> None:
    async def loader(session: Session) -> None:
        session["user"] = "ann"

    cookies = SessionCookie(["k" * 16])
    sent = cookies.dump(Session({"user": "ann"}), https=False).partition(";")[0]
    reply = get(site(ROUTES, {"sessions": cookies}, home={"loader": loader}), target, cookie=sent)

    assert len(reply.all("set-cookie")) == 1


# Whatever fails


@pytest.mark.parametrize("name", ["loader", "action", "middleware", "headers"])
def test_an_exception_is_logged_once_and_its_text_stays_here(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> Any:
        raise RuntimeError("the password is hunter2")

    functions = {name: (fails,) if name == "middleware" else fails}
    app = site(ROUTES, user=functions)
    caplog.set_level(logging.WARNING)

    for target in ("/users/x", "/__data/users/x?_routes=user"):
        caplog.clear()
        reply = post(app, target) if name == "action" else get(app, target)
        assert "hunter2" not in reply.text
        assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_truncated_request_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async def action(form: Profile) -> None: ...

    exchange = Exchange("POST", "/users/x", {"content-type": "application/json"}, [b'{"name": "'], leaves=True)
    asyncio.run(exchange.run(site(ROUTES, user={"action": action})))

    assert (exchange.sent, caplog.text) == ([], "")
