"""Answers that the browser has already."""

from pathlib import Path
from typing import Any

import pytest
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from offhook.base.errors import NotFound
from offhook.base.incoming import Identity, Incoming
from offhook.base.sessions import Session, SessionCookie
from offhook.pages.csp import ContentPolicy
from offhook.pages.handler import PagesHandler
from offhook.pages.results import data, redirect
from offhook.pages.routes import index, layout, route

from .support import ask, get, post, site

ROUTES = [layout("shell", [index("home"), route("feed", "feed")])]


def answering(value: Any, **options: Any) -> PagesHandler:
    async def loader() -> Any:
        return value() if callable(value) else value

    return site(ROUTES, options, home={"loader": loader}, feed={"view": None, "loader": loader})


@pytest.mark.parametrize("target", ["/", "/feed"])
def test_what_the_browser_has_is_not_sent_again(target: str) -> None:
    app = answering([1], csp=ContentPolicy())
    first = get(app, target)
    again = get(app, target, if_none_match=f'"x", {first.header("etag")}')

    assert first.header("cache-control") == "private, no-cache"
    assert (again.status, again.body, again.header("etag")) == (304, b"", first.header("etag"))
    assert again.header("content-security-policy") is None
    assert again.header("content-type") is None


@pytest.mark.parametrize("target", ["/", "/feed"])
def test_other_content_has_another_tag(target: str) -> None:
    tags = [get(answering(value), target).header("etag") for value in (1, 2)]

    assert tags[0] != tags[1]
    assert get(answering(2), target, if_none_match=tags[0] or "").status == 200


def test_head_has_the_tag_of_get() -> None:
    app = answering(1)
    head = ask(app, "HEAD", "/feed")

    assert (head.status, head.body, head.header("etag")) == (200, b"", get(app, "/feed").header("etag"))
    assert ask(app, "HEAD", "/feed", if_none_match="*").status == 304


@pytest.mark.parametrize(
    "answer",
    [
        data(1, headers={"cache-control": "no-store"}),
        data(1, headers={"set-cookie": "a=1"}),
        data(1, 404),
        lambda: StreamingResponse(iter(["x"])),
    ],
)
@pytest.mark.parametrize("target", ["/", "/feed"])
def test_answers_that_may_not_be_kept_have_no_tag(answer: Any, target: str) -> None:
    reply = get(answering(answer), target, if_none_match="*")

    assert (reply.status in (200, 404), reply.header("etag")) == (True, None)


def test_an_answer_that_sets_the_session_has_no_tag() -> None:
    async def loader(session: Session) -> None:
        session["seen"] = True

    app = site(ROUTES, {"sessions": SessionCookie(["k" * 16])}, home={"loader": loader})

    assert get(app, "/", if_none_match="*").status == 200


def test_data_and_mutations_have_no_tag() -> None:
    app = site(ROUTES, feed={"view": None, "action": lambda: 1})

    assert get(app, "/__data/", if_none_match="*").status == 200
    assert post(app, "/feed", if_none_match="*").status == 200


def test_the_applications_own_tag_and_time_count() -> None:
    app = answering(data(1, headers={"etag": '"v7"', "cache-control": "public, max-age=60"}))
    reply = get(app, "/feed")

    assert (reply.header("etag"), reply.header("cache-control")) == ('"v7"', "public, max-age=60")
    assert get(app, "/feed", if_none_match='W/"v7"').header("cache-control") == "public, max-age=60"


def test_a_response_of_the_applications() -> None:
    app = answering(lambda: PlainTextResponse("<feed/>", media_type="application/atom+xml"))
    tag = get(app, "/feed").header("etag") or ""

    assert get(app, "/feed", if_none_match=tag).status == 304


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    app = answering(lambda: FileResponse(tmp_path / "a.txt"))
    first = get(app, "/feed")

    assert (first.text, first.header("content-length")) == ("text", "4")
    assert get(app, "/feed", if_none_match=first.header("etag") or "").status == 304


def test_a_file_that_is_not_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reply = get(answering(lambda: FileResponse(tmp_path / "a.txt")), "/feed")

    assert (reply.status, len(caplog.records)) == (500, 1)


def test_an_empty_answer() -> None:
    assert get(answering(lambda: Response(status_code=204)), "/feed").status == 204


@pytest.mark.parametrize(
    ("who", "answer", "expected"),
    [
        ("a stranger", 1, "private, no-cache"),
        ("a visitor with a session", 1, "no-store"),
        ("a visitor with an identity", 1, "no-store"),
        (
            "a visitor with an identity",
            data(1, headers={"cache-control": "private, no-cache"}),
            "private, no-cache",
        ),
        ("a stranger", data(1, 404), "no-store"),
        ("a stranger", data(1, headers={"set-cookie": "a=1"}), "no-store"),
        ("a stranger", NotFound(), "no-store"),
        ("a stranger", ValueError(), "no-store"),
    ],
)
def test_what_a_browser_may_show_again_by_its_back_button(who: str, answer: Any, expected: str) -> None:
    async def loader() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def authenticate(incoming: Incoming) -> Identity[str] | None:
        return Identity("ann", "ann") if who == "a visitor with an identity" else None

    sessions = SessionCookie(["k" * 16])
    session = Session({"user": "ann"} if who == "a visitor with a session" else {})
    options = {"sessions": sessions, "authenticate": authenticate}
    cookie = sessions.dump(session, https=False).partition(";")[0]
    reply = get(site(ROUTES, options, home={"loader": loader}), "/", cookie=cookie)

    assert reply.header("cache-control") == expected
    assert reply.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize("target", ["/nowhere", "/__data/nowhere", "/assets/none.js"])
def test_what_is_not_found_is_not_kept(target: str) -> None:
    reply = get(answering(1), target)

    assert (reply.header("cache-control"), reply.header("x-content-type-options")) == ("no-store", "nosniff")


def test_a_redirect_is_left_to_the_application() -> None:
    assert get(answering(redirect("/feed", 301)), "/").header("cache-control") is None
