"""The onion around actions and loaders."""

from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from offhook.base.errors import Denied, UsageError
from offhook.pages.context import Context, Next
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route

from .support import get, post, site

ROUTES = [layout("shell", [index("home"), layout("admin", [route("users", "users")])])]


class Account:
    def __init__(self, name: str) -> None:
        self.name = name


def logging(log: list[str], name: str) -> Any:
    async def middleware(call_next: Next) -> None:
        log.append(f"{name} in")
        await call_next()
        log.append(f"{name} out")

    return middleware


def test_from_the_root_inwards_and_back() -> None:
    log: list[str] = []

    async def loader() -> None:
        log.append("loader")

    app = site(
        ROUTES,
        shell={"middleware": (logging(log, "a"), logging(log, "b"))},
        admin={"middleware": (logging(log, "c"),)},
        users={"loader": loader},
    )
    get(app, "/users")

    assert log == ["a in", "b in", "c in", "loader", "c out", "b out", "a out"]


def test_a_middleware_that_does_not_call_on_lets_the_request_pass() -> None:
    def middleware(context: Context) -> None:
        context.headers["x-seen"] = "1"

    async def loader() -> int:
        return 1

    reply = get(site(ROUTES, shell={"middleware": (middleware,)}, home={"loader": loader}), "/")

    assert (reply.page["loaderData"], reply.header("x-seen")) == ({"home": 1}, "1")


def test_values_for_the_handlers_inside() -> None:
    async def outer(context: Context) -> None:
        context.provide(Account("Ada"))
        context.provide(Account("Bob"), of=str)

    async def inner(account: Account, context: Context) -> None:
        context.headers["x-account"] = account.name

    async def loader(account: Account) -> str:
        return account.name

    reply = get(site(ROUTES, shell={"middleware": (outer, inner)}, users={"loader": loader}), "/users")

    assert (reply.page["loaderData"], reply.header("x-account")) == ({"users": "Ada"}, "Ada")


def test_a_value_that_no_middleware_provided_is_told() -> None:
    async def loader(account: Account) -> None: ...

    with pytest.raises(UsageError, match="nothing provides the parameter 'account'"):
        site(ROUTES, users={"loader": loader})
    around = site(ROUTES, {"debug": True}, shell={"middleware": (lambda: None,)}, users={"loader": loader})
    assert "no middleware" in get(around, "/users").page["errors"]["users"]["data"]["text"]


@pytest.mark.parametrize("target", ["/users", "/__data/users?_routes=users", "/__data/users?_routes="])
@pytest.mark.parametrize("method", [get, post])
def test_a_parents_middleware_guards_every_request(method: Any, target: str) -> None:
    called: list[int] = []

    async def guard() -> None:
        raise Denied

    async def handler() -> None:
        called.append(1)

    app = site(ROUTES, admin={"middleware": (guard,)}, users={"loader": handler, "action": handler})

    reply = method(app, target)

    assert called == []
    assert reply.status in (403, 409) or "after" not in reply.json


def test_a_data_request_for_one_route_learns_that_a_parent_refused() -> None:
    async def guard() -> None:
        raise Denied

    app = site(ROUTES, admin={"middleware": (guard,)})

    result = get(app, "/__data/users?_routes=users").json["results"]["users"]
    assert result == {"error": {"status": 403, "data": {"detail": "permission denied"}}}


def test_a_failure_belongs_where_the_views_above_need_no_data() -> None:
    async def guard() -> None:
        raise Denied

    async def loader() -> int:
        return 1

    bare = site(ROUTES, users={"middleware": (guard,)})
    with_data = site(ROUTES, shell={"loader": loader}, users={"middleware": (guard,)})

    assert list(get(bare, "/users").page["errors"]) == ["users"]
    assert list(get(with_data, "/users").page["errors"]) == ["shell"]


@pytest.mark.parametrize("answer", [redirect("/"), PlainTextResponse("no", 303)])
def test_an_answer_ends_the_request(answer: Any) -> None:
    async def middleware() -> Any:
        return answer

    async def loader() -> None:
        raise AssertionError

    app = site(ROUTES, shell={"middleware": (middleware,)}, home={"loader": loader, "action": loader})

    assert get(app, "/").status == 303
    assert post(app, "/?index").status == 303


def test_data_is_no_answer_for_middleware() -> None:
    async def middleware() -> int:
        return 1

    reply = get(site(ROUTES, {"debug": True}, shell={"middleware": (middleware,)}), "/")

    assert "middleware returns nothing" in reply.page["errors"]["shell"]["data"]["text"]


def test_calling_on_twice_is_a_mistake() -> None:
    async def middleware(call_next: Next) -> None:
        await call_next()
        await call_next()

    reply = get(site(ROUTES, {"debug": True}, shell={"middleware": (middleware,)}), "/")

    assert "only once" in reply.page["errors"]["shell"]["data"]["text"]


def test_call_next_never_raises_and_a_later_failure_wins() -> None:
    async def middleware(call_next: Next) -> None:
        await call_next()
        raise Denied

    async def loader() -> None:
        raise RuntimeError

    reply = get(site(ROUTES, shell={"middleware": (middleware,)}, home={"loader": loader}), "/")

    assert reply.status == 403


def test_an_action_and_its_loaders_are_two_passes() -> None:
    provided: list[Account] = []
    seen: list[Account] = []

    async def middleware(context: Context) -> None:
        provided.append(Account("x"))
        context.provide(provided[-1])

    async def handler(account: Account) -> object:
        seen.append(account)
        return data(1)

    post(site(ROUTES, shell={"middleware": (middleware,)}, users={"loader": handler, "action": handler}), "/users")

    assert seen == provided
    assert len({id(account) for account in seen}) == 2


def test_headers_of_a_request_that_was_led_away() -> None:
    async def middleware(context: Context) -> object:
        context.headers["x-a"] = "1"
        return redirect("/", headers={"x-b": "2", "set-cookie": "c=3"})

    reply = get(site(ROUTES, shell={"middleware": (middleware,)}), "/users")

    assert [reply.header(name) for name in ("x-a", "x-b", "set-cookie")] == ["1", "2", "c=3"]
