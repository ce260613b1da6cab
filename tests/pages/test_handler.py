"""What holds for every request, whatever it asks for."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from offhook.base.errors import BrokerError, Denied, Unauthorized
from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.base.sessions import Session, SessionCookie
from offhook.base.types import Json
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route
from offhook.pages.visit import Visit

from .support import Exchange, ask, get, post, site

ROUTES = [layout("shell", [index("home"), route("rooms/:room_id", "room"), route("hook", "hook")])]
COOKIES = SessionCookie(["k" * 16])
HOOK: dict[str, Any] = {"view": None}


def forbidden() -> None:
    raise AssertionError("application code ran")


ALL = {"shell": {"middleware": (forbidden,)}, "room": {"loader": forbidden, "action": forbidden}}


# Mutations of strangers


@pytest.mark.parametrize("target", ["/rooms/1", "/__data/rooms/1?_routes=room", "/hook", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://site.test.evil.test"},
    ],
)
def test_a_page_of_another_site_reaches_no_code_of_ours(target: str, headers: dict[str, str]) -> None:
    async def authenticate(incoming: Incoming) -> None:
        forbidden()

    app = site(ROUTES, {"authenticate": authenticate, "extensions": [Recorder([])]}, **ALL, hook=HOOK)

    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert ask(app, method, target, b"", **headers).status == 403


@pytest.mark.parametrize("headers", [{"origin": "http://site.test"}, {"origin": "https://admin.test"}, {}])
def test_our_own_pages_welcome_origins_and_programs_may_post(headers: dict[str, str]) -> None:
    async def action() -> object:
        return data(1)

    app = site(ROUTES, {"origins": ["https://admin.test"]}, room={"action": action})

    assert ask(app, "POST", "/rooms/1", b"", **headers).status == 200


# Bodies


@pytest.mark.parametrize("target", ["/rooms/1", "/__data/rooms/1?_routes=room"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_413(target: str, announced: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def action(form: dict[str, str]) -> object:
        return data(len(form["a"]))

    app = site(ROUTES, {"limits": Limits(body=100)}, room={"action": action})

    for size, status in ((100, 200), (101, 413)):
        body = "a=" + "x" * (size - 2)
        headers = {"content_length": str(size)} if announced else {}
        reply = post(app, target, body, **headers)
        assert reply.status == status
    detail = reply.json if "__data" in target else reply.page["errors"]["room"]["data"]
    assert (detail, reply.header("connection")) == ({"detail": "The body is too large."}, "close")
    assert caplog.text == ""


def test_the_limit_holds_for_a_handler_that_reads_by_itself() -> None:
    async def action(request: Request) -> int:
        return len(await request.body())

    app = site(ROUTES, {"limits": Limits(body=10)}, shell={"loader": forbidden}, room={"action": action})
    exchange = Exchange("POST", "/rooms/1", {}, [b"12345", b"67890", b"1"])
    asyncio.run(exchange.run(app))

    assert exchange.reply.status == 413


@pytest.mark.parametrize("length", ["x", "-1", "9" * 5000, "1e3", "²"])
def test_nonsense_in_content_length_harms_nobody(length: str) -> None:
    async def action() -> object:
        return data(1)

    exchange = Exchange("POST", "/rooms/1", {})
    exchange.headers = {"content-length": length.encode().decode("latin-1")}
    asyncio.run(exchange.run(site(ROUTES, room={"action": action})))

    assert exchange.reply.status == 200


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"a=1", 415),
        ("application/json", b"{", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b"[" * 50_000, 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nx\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", 400),
        ("application/x-www-form-urlencoded", b"a=%ff", 200),
        ("application/x-www-form-urlencoded; charset=nonsense", b"a=%ff", 200),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(5000)), 413),
    ],
)
def test_malformed_bodies(kind: str, body: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    async def action(form: dict[str, str]) -> object:
        return data(1)

    reply = ask(site(ROUTES, room={"action": action}), "POST", "/rooms/1", body, content_type=kind)

    assert reply.status == status
    assert [record for record in caplog.records if record.name.startswith("offhook")] == []


# Clients that go away


@pytest.mark.parametrize("target", ["/rooms/1", "/__data/rooms/1?_routes=room", "/hook"])
def test_a_client_that_leaves_in_the_middle_leaves_no_trace(target: str, caplog: pytest.LogCaptureFixture) -> None:
    closed: list[bool] = []

    async def action(form: dict[str, str]) -> None:
        forbidden()

    async def reading(request: Request) -> None:
        try:
            await request.body()
        finally:
            closed.append(True)

    app = site(ROUTES, room={"action": action}, hook={**HOOK, "action": reading})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    exchange = Exchange("POST", target, headers, [b"a=1"], leaves=True)
    asyncio.run(exchange.run(app))

    assert exchange.sent == []
    assert caplog.text == ""


def test_loaders_that_read_the_body_of_a_client_that_left() -> None:
    async def loader(request: Request) -> None:
        await request.body()

    app = site(ROUTES, shell={"loader": loader}, home={"loader": loader})
    exchange = Exchange("GET", "/", {}, [b"a"], leaves=True)
    asyncio.run(exchange.run(app))

    assert exchange.sent == []


# Errors


def test_an_unexpected_error_is_logged_once_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def loader() -> None:
        raise RuntimeError("password is hunter2")

    app = site(ROUTES, room={"loader": loader})

    for target in ("/rooms/1", "/__data/rooms/1?_routes=room"):
        caplog.clear()
        reply = get(app, target)
        assert "hunter2" not in reply.text
        assert [record.getMessage() for record in caplog.records] == ["the loader of room failed"]
        assert "hunter2" in caplog.text


def test_in_development_the_text_is_shown() -> None:
    async def loader() -> None:
        raise RuntimeError("what went wrong")

    shown = get(site(ROUTES, {"debug": True}, room={"loader": loader}), "/rooms/1").page["errors"]["room"]["data"]

    assert shown["text"] == "what went wrong"
    assert "in loader" in shown["traceback"]


@pytest.mark.parametrize("error", [Denied(), Unauthorized(), data(1, 404), redirect("/")])
def test_what_is_expected_is_not_logged(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def loader() -> None:
        raise error

    get(site(ROUTES, room={"loader": loader}), "/rooms/1")

    assert caplog.text == ""


def test_authenticate_that_fails_is_a_page_of_the_root(caplog: pytest.LogCaptureFixture) -> None:
    async def authenticate(incoming: Incoming) -> None:
        raise OSError("database is away")

    app = site(ROUTES, {"authenticate": authenticate}, **ALL)

    assert (get(app, "/rooms/1").status, list(get(app, "/rooms/1").page["errors"])) == (500, ["shell"])
    caplog.clear()
    assert post(app, "/rooms/1").status == 500
    assert len(caplog.records) == 1


# Signing in


async def somebody(incoming: Incoming) -> Identity[str] | None:
    return Identity("1", "Ada") if incoming.session.get("user") else None


@pytest.mark.parametrize(
    ("target", "to"),
    [
        ("/rooms/1", "/sign-in?next=/rooms/1"),
        ("/rooms/1?a=1&b=//x", "/sign-in?next=/rooms/1%3Fa%3D1%26b%3D//x"),
        ("/rooms/a%2Fb", "/sign-in?next=/rooms/a%252Fb"),
    ],
)
def test_somebody_who_has_to_sign_in_goes_to_the_sign_in_page(target: str, to: str) -> None:
    async def loader(user: str) -> None: ...

    options = {"authenticate": somebody, "sign_in": "/sign-in", "sessions": COOKIES}
    app = site(ROUTES, options, room={"loader": loader})

    assert (get(app, target).status, get(app, target).header("location")) == (303, to)
    joint = "&" if "?" in target else "?"
    reply = get(app, f"/__data{target}{joint}_routes=room")
    assert reply.json["redirect"] == {"to": to, "external": False, "status": 303}


def test_after_a_mutation_there_is_no_way_back() -> None:
    async def action(user: str) -> None: ...

    app = site(
        ROUTES, {"authenticate": somebody, "sign_in": "/sign-in?x=1", "sessions": COOKIES}, room={"action": action}
    )

    assert post(app, "/rooms/1").header("location") == "/sign-in?x=1"


@pytest.mark.parametrize(("sign_in", "view"), [(None, "a.tsx"), ("/hook", "a.tsx"), ("/sign-in", None)])
def test_401_where_there_is_no_way_to_the_sign_in_page(sign_in: str | None, view: str | None) -> None:
    async def loader(user: str) -> None: ...

    app = site(ROUTES, {"authenticate": somebody, "sign_in": sign_in}, hook={"loader": loader, "view": view})

    assert get(app, "/hook").status == 401


# Cookie sessions


async def visited(session: Session) -> object:
    session["count"] = 1
    return data("value")


async def leaving(session: Session) -> object:
    session["count"] = 1
    return redirect("/")


async def failing(session: Session) -> None:
    session["count"] = 1
    raise RuntimeError


async def responding(session: Session) -> PlainTextResponse:
    session["count"] = 1
    return PlainTextResponse("x")


@pytest.mark.parametrize("handler", [visited, leaving, failing, responding])
@pytest.mark.parametrize("target", ["/rooms/1", "/__data/rooms/1?_routes=room", "/hook"])
@pytest.mark.parametrize("method", [get, post])
def test_a_changed_session_goes_along_with_every_kind_of_answer(handler: Any, target: str, method: Any) -> None:
    both = {"loader": handler, "action": handler}
    reply = method(site(ROUTES, {"sessions": COOKIES}, room=both, hook={**HOOK, **both}), target)

    [cookie] = reply.all("set-cookie")
    value = cookie.partition(";")[0].partition("=")[2]
    assert COOKIES.load(Incoming("/", headers={"cookie": f"offhook={value}"})) == {"count": 1}
    assert "HttpOnly; SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_secure() -> None:
    exchange = Exchange("GET", "/rooms/1", scheme="https")
    asyncio.run(exchange.run(site(ROUTES, {"sessions": COOKIES}, room={"loader": visited})))

    assert "; Secure" in (exchange.reply.header("set-cookie") or "")


def test_an_unchanged_session_sends_no_cookie() -> None:
    async def loader(session: Session) -> int:
        return len(session)

    assert get(site(ROUTES, {"sessions": COOKIES}, room={"loader": loader}), "/rooms/1").all("set-cookie") == []


def test_a_session_that_does_not_fit_is_an_error_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def loader(session: Session) -> None:
        session["long"] = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))

    reply = get(site(ROUTES, {"sessions": COOKIES}, room={"loader": loader}), "/rooms/1")

    assert (reply.status, reply.page["errors"]["room"]["data"]) == (500, {"detail": "Unexpected Server Error"})
    assert "does not fit into a cookie" in caplog.text


# Extensions


class Recorder:
    """An extension that writes down what it saw, and when."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    async def before(self, visit: Visit) -> Mapping[str, Json]:
        self.log.append((sorted(visit.loading), visit.action, dict(visit.params)))
        return {"live": {"room": []}, "line": {"url": "/line"}}

    async def identified(self, visit: Visit, identity: Identity[Any] | None) -> Mapping[str, Json]:
        self.log.append(identity and identity.id)
        return {"line": {"url": f"/line/{len(visit.fields)}"}}

    def headers(self, visit: Visit) -> Mapping[str, str]:
        return {"cache-control": "no-store", "x-visit": visit.url}


def test_extensions_come_before_any_code_of_the_application() -> None:
    log: list[Any] = []

    async def authenticate(incoming: Incoming) -> Identity[str]:
        log.append("authenticate")
        return Identity("ann", "Ann")

    async def middleware() -> None:
        log.append("middleware")

    async def handler() -> object:
        log.append("handler")
        return data(1)

    options = {"authenticate": authenticate, "extensions": [Recorder(log)]}
    both = {"loader": handler, "action": handler, "middleware": (middleware,)}
    app = site(ROUTES, options, room=both)
    action = ["authenticate", "middleware", "handler"]
    once = ["authenticate", "ann", "middleware", "handler"]

    reply = get(app, "/rooms/1")
    assert log == [(["room", "shell"], None, {"room_id": "1"}), *once]
    assert (reply.header("cache-control"), reply.header("x-visit")) == ("no-store", "/rooms/1")
    assert (reply.page["live"], reply.page["line"]) == ({"room": []}, {"url": "/line/2"})

    log.clear()
    reply = post(app, "/__data/rooms/1?_routes=room&_after=room")
    assert log == [(["room"], "room", {"room_id": "1"}), *action, *once]
    assert reply.json["live"] == {"room": []}

    log.clear()
    get(app, "/__data/rooms/1?_routes=shell")
    assert log[0] == (["shell"], None, {"room_id": "1"})


@pytest.mark.parametrize("method", [get, post])
def test_an_extension_that_fails_keeps_the_application_from_running(method: Any) -> None:
    class Broken(Recorder):
        async def before(self, visit: Visit) -> Mapping[str, Json]:
            raise BrokerError("away")

    app = site(
        ROUTES, {"extensions": [Broken([])]}, **ALL, hook={**HOOK, "loader": forbidden, "action": forbidden}
    )

    assert method(app, "/rooms/1").status == 500
    assert method(app, "/hook").status == 500
    assert method(app, "/__data/rooms/1?_routes=room").json["results"]["room"]["error"]["status"] == 500


# Many at once


def test_requests_do_not_share_anything() -> None:
    async def loader(room_id: int, session: Session, request: Request) -> list[Any]:
        session["room"] = room_id
        await asyncio.sleep(0)
        return [room_id, session["room"], request.url.path]

    async def scenario() -> list[Exchange]:
        app = site(ROUTES, {"sessions": COOKIES}, room={"loader": loader})
        exchanges = [Exchange("GET", f"/rooms/{number}") for number in range(50)]
        await asyncio.gather(*(exchange.run(app) for exchange in exchanges))
        return exchanges

    for number, exchange in enumerate(asyncio.run(scenario())):
        assert exchange.reply.page["loaderData"]["room"] == [number, number, f"/rooms/{number}"]


def test_nothing_is_logged_below_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "offhook")
    get(site(ROUTES), "/")

    assert caplog.text == ""
