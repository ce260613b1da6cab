"""Whatever fails: a document shows it at an ErrorBoundary in its page, a data request has its status."""

from typing import Any, NoReturn

import msgspec
import pytest
from starlette.exceptions import HTTPException

from offhook.base.errors import NotFound, Unauthorized
from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.base.sessions import Session, SessionCookie
from offhook.pages.results import data, redirect
from offhook.pages.routes import layout, route

from .support import Reply, post, site

ROUTES = [layout("shell", [layout("frame", [route("a", "a")])])]
LIMITS = Limits(body=1000)


class Wish(msgspec.Struct):
    text: str


async def frame() -> str:
    return "the frame"


async def too_large_a_session(session: Session) -> None:
    session["long"] = [f"{number * 7919:x}" for number in range(2000)]


async def an_invalid_header() -> Any:
    return data(1, headers={"x-note": "a\r\nset-cookie: b=c"})


async def a_header_beyond_latin_1() -> Any:
    return data(1, headers={"x-note": "\u2603"})


async def refused() -> NoReturn:
    raise HTTPException(403, "no")


async def unauthorized() -> NoReturn:
    raise Unauthorized


async def missing() -> NoReturn:
    raise NotFound


async def teapot() -> NoReturn:
    raise data({"detail": "tea"}, 418)


async def broken() -> NoReturn:
    raise RuntimeError


async def leaving() -> Any:
    return redirect("//evil.example")


async def unsendable() -> Any:
    return object()


async def takes_a_form(form: Wish) -> str:
    return form.text


def sent(action: Any, target: str, body: str = "text=x", **headers: str) -> Reply:
    cookie = SessionCookie(["a secret of sixteen"])
    app = site(
        ROUTES, {"sessions": cookie, "limits": LIMITS}, shell={}, frame={"loader": frame}, a={"action": action}
    )
    return post(app, target, body, **headers)


FAILURES: list[tuple[Any, str, dict[str, str], int]] = [
    (takes_a_form, "text=" + "x" * 1000, {}, 413),
    (takes_a_form, "text=x", {"content_length": "2000"}, 413),
    (takes_a_form, "&".join(["text=x"] * 200), {}, 413),
    (takes_a_form, "x", {"content_type": "text/plain"}, 415),
    (takes_a_form, "{", {"content_type": "application/json"}, 400),
    (takes_a_form, "x", {"content_type": "multipart/form-data"}, 400),
    (too_large_a_session, "", {}, 500),
    (an_invalid_header, "", {}, 500),
    (a_header_beyond_latin_1, "", {}, 500),
    (refused, "", {}, 403),
    (unauthorized, "", {}, 401),
    (missing, "", {}, 404),
    (teapot, "", {}, 418),
    (broken, "", {}, 500),
    (leaving, "", {}, 500),
    (unsendable, "", {}, 500),
    (None, "", {}, 405),
]


@pytest.mark.parametrize(("action", "body", "headers", "status"), FAILURES)
def test_a_failed_action(action: Any, body: str, headers: dict[str, str], status: int) -> None:
    document = sent(action, "/a", body, **headers)

    assert (document.status, document.page["errors"]["a"]["status"]) == (status, status)
    assert document.page["loaderData"] == {"frame": "the frame"}
    assert document.all("set-cookie") == []
    assert (document.header("cache-control"), document.header("x-content-type-options")) == ("no-store", "nosniff")

    answer = sent(action, "/__data/a?_routes=a&_after=frame", body, **headers)

    told = answer.status if answer.status != 200 else answer.json["results"]["a"]["error"]["status"]
    assert (told, answer.header("content-type")) == (status, "application/json")
    assert answer.header("cache-control") == "no-store"


def test_a_page_of_another_site_gets_the_boundary_and_no_code_runs() -> None:
    reply = sent(broken, "/a", origin="http://evil.example")

    assert (reply.status, reply.page["errors"]["shell"]["data"]) == (
        403,
        {"detail": "A page of another site sent this."},
    )
    assert reply.page["loaderData"] == {}


def test_a_failure_of_the_failure_leaves_the_boundary_alone() -> None:
    def headers() -> dict[str, str]:
        return {"x-note": "a\nb"}

    app = site(ROUTES, shell={"headers": headers}, frame={"loader": frame}, a={"action": refused})
    reply = post(app, "/a")

    assert (reply.status, reply.page["errors"]) == (500, {"shell": reply.page["errors"]["shell"]})
    assert reply.page["loaderData"] == {}


def test_an_action_that_is_refused_its_body_has_not_run() -> None:
    ran: list[Incoming] = []

    async def action(incoming: Incoming, form: Wish) -> None:
        ran.append(incoming)

    assert (sent(action, "/a", "text=" + "x" * 1000).status, ran) == (413, [])
