"""Notifications: a channel for each user, published from ordinary requests of others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

TOKEN = "a token for tests only"
ONLY_SHELL = "GET /__data/send?_routes=routes%2Fshell"


@pytest.fixture
def app(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """Notifications, with nobody in the database."""
    build("examples.notifications.app:app")
    settings = {
        "NOTIFICATIONS_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/notifications.sqlite3",
        "NOTIFICATIONS_SECRET": "a secret for tests only",
        "NOTIFICATIONS_TOKEN": TOKEN,
    }
    with Server("examples.notifications.app:app", **settings) as server:
        yield server


def _sign_in(person: Person, name: str) -> Person:
    person.page.goto(f"{person.base}/sign-in")
    person.page.get_by_label("Your name").fill(name)
    person.page.get_by_role("button", name="Sign in").click()
    person.page.get_by_role("heading", name="Inbox").wait_for()
    return person


def _at(person: Person, path: str) -> Person:
    """Load a document and wait for its line."""
    person.goto(path)
    person.live()
    person.requests.clear()
    return person


def _tab(person: Person, path: str) -> Person:
    """One more tab of the same browser."""
    tab = Person(person.context, person.context.new_page(), person.base, person.console)
    tab.watch(tab.page)
    return _at(tab, path)


def _unread(person: Person, number: int) -> None:
    """Wait until the bell says *number*."""
    person.page.locator(f".bell b[data-unread='{number}']").wait_for()


def _entry(person: Person, text: str, *, read: bool) -> None:
    """Wait until the notification is shown in this state, once."""
    entries = person.page.locator(".inbox li", has_text=text)
    person.page.locator(".inbox li.read" if read else ".inbox li:not(.read)", has_text=text).wait_for()
    assert entries.count() == 1


def _send(person: Person, to: str, text: str) -> None:
    """Through the form of the page."""
    person.page.get_by_label("To").select_option(to)
    person.page.get_by_label("Text").fill(text)
    person.page.get_by_role("button", name="Send").click()
    person.page.get_by_text("Sent.").wait_for()


def _post(app: Server, to: str, text: str, token: str = TOKEN) -> httpx.Response:
    """As a program does it."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{app.url}/api/notifications", json={"to": to, "text": text}, headers=headers)


def _mark(person: Person, text: str) -> None:
    person.page.locator(".inbox li", has_text=text).get_by_role("button", name="Mark as read").click()


def test_what_somebody_sends_arrives_on_every_page_of_the_receiver(app: Server, arrive: Arrive) -> None:
    ada, grace = _sign_in(arrive(app.url), "Ada"), _at(_sign_in(arrive(app.url), "Grace"), "/")
    elsewhere = _tab(grace, "/send")

    _send(_at(ada, "/send"), "Grace", "Lunch?")

    _entry(grace, "Lunch?", read=False)
    _unread(grace, 1)
    _unread(elsewhere, 1)
    assert grace.page.title() == "(1) Notifications · Offhook"
    # The list takes the publication as it is, the number comes from the database.
    assert grace.requests == ["GET /__data/?_routes=routes%2Fshell"]
    assert elsewhere.requests == [ONLY_SHELL]
    _unread(ada, 0)


def test_a_program_posts_with_its_token(app: Server, arrive: Arrive) -> None:
    grace = _at(_sign_in(arrive(app.url), "Grace"), "/")

    answer = _post(app, "Grace", "The build is green")

    assert (answer.status_code, answer.json()["sender"]) == (200, "a program")
    _entry(grace, "The build is green", read=False)
    _unread(grace, 1)


def test_a_program_without_the_token_is_refused(app: Server, arrive: Arrive) -> None:
    grace = _at(_sign_in(arrive(app.url), "Grace"), "/")

    assert _post(app, "Grace", "Guess", token="guessed").status_code == 401
    assert _post(app, "Nobody", "Hello").status_code == 404
    assert _post(app, "Grace", "").status_code == 422
    assert grace.requests == []
    _unread(grace, 0)


def test_reading_in_one_tab_shows_in_the_others(app: Server, arrive: Arrive) -> None:
    first = _at(_sign_in(arrive(app.url), "Grace"), "/")
    second, third = _tab(first, "/"), _tab(first, "/send")
    for text in ("One", "Two", "Three"):
        _post(app, "Grace", text)
    for tab in (first, second, third):
        _unread(tab, 3)

    _mark(first, "Two")

    for tab in (first, second, third):
        _unread(tab, 2)
    _entry(second, "Two", read=True)
    _entry(second, "One", read=False)

    second.page.get_by_role("button", name="Mark all as read").click()
    for tab in (first, second, third):
        _unread(tab, 0)
    for text in ("One", "Two", "Three"):
        _entry(first, text, read=True)


def test_nobody_hears_what_is_for_somebody_else(app: Server, arrive: Arrive) -> None:
    ada, grace = _at(_sign_in(arrive(app.url), "Ada"), "/"), _at(_sign_in(arrive(app.url), "Grace"), "/")
    frames: list[str] = []
    ada.page.on("websocket", lambda line: line.on("framereceived", lambda data: frames.append(str(data))))
    _at(ada, "/")

    _post(app, "Grace", "For Grace only")
    _post(app, "Ada", "For Ada only")

    _entry(ada, "For Ada only", read=False)
    _entry(grace, "For Grace only", read=False)
    assert any("For Ada only" in frame for frame in frames)
    assert not any("For Grace only" in frame for frame in frames)


def test_another_user_in_the_same_tab_has_another_channel(app: Server, arrive: Arrive) -> None:
    person = _at(_sign_in(arrive(app.url), "Ada"), "/")
    _post(app, "Ada", "For Ada")
    _entry(person, "For Ada", read=False)

    person.page.get_by_role("button", name="Sign out").click()
    person.page.get_by_label("Your name").fill("Grace")
    person.page.get_by_role("button", name="Sign in").click()
    person.page.get_by_role("heading", name="Inbox").wait_for()
    _unread(person, 0)
    _post(app, "Grace", "For Grace")

    _entry(person, "For Grace", read=False)
    _unread(person, 1)
    assert person.page.get_by_text("For Ada").count() == 0


def test_what_came_during_a_cut_is_there_afterwards(app: Server, arrive: Arrive) -> None:
    with FaultProxy(app.port) as proxy:
        grace = _at(_sign_in(arrive(f"http://127.0.0.1:{proxy.port}"), "Grace"), "/")
        grace.failures_expected = True

        proxy.cut()
        grace.page.locator(".line[data-status=connecting]").wait_for()
        for text in ("One", "Two"):
            _post(app, "Grace", text)
        proxy.heal()

        grace.live()
        _entry(grace, "One", read=False)
        _entry(grace, "Two", read=False)
        _unread(grace, 2)
        assert set(grace.requests) == {"GET /__data/?_routes=routes%2Fshell"}


def test_without_javascript(app: Server, arrive: Arrive) -> None:
    person = _sign_in(arrive(app.url, java_script_enabled=False), "Ada")
    person.page.get_by_role("link", name="Send").click()
    person.page.get_by_label("Text").fill("To myself")
    person.page.get_by_role("button", name="Send").click()
    person.page.get_by_role("link", name="Inbox").click()

    _unread(person, 1)
    _mark(person, "To myself")

    _entry(person, "To myself", read=True)
    _unread(person, 0)
