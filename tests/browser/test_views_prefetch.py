"""Links that load what the next navigation is going to need."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

LETTER = "GET /__data/mail/ada?_routes=routes%2Fmail,routes%2Fletter"


@pytest.fixture(scope="module")
def views(build: Callable[[str], None]) -> Iterator[Server]:
    """All the views."""
    build("tests.apps.views.app:app")
    with Server("tests.apps.views.app:app") as server:
        yield server


@pytest.fixture
def visitor(views: Server, arrive: Arrive) -> Person:
    """Somebody in front of all kinds of links."""
    visitor = arrive(views.url)
    visitor.goto("/links")
    visitor.requests.clear()
    return visitor


def asked(visitor: Person, path: str) -> list[str]:
    return [each for each in visitor.requests if path in each]


def test_pointing_at_a_link_loads_view_and_data_and_the_click_nothing(visitor: Person) -> None:
    link = visitor.page.get_by_role("link", name="on intent", exact=True)
    scripts: list[str] = []
    with visitor.page.expect_response("**/__data/**") as data:
        visitor.page.on("request", lambda request: scripts.append(request.url))
        link.hover()
    assert data.value.request.headers["purpose"] == "prefetch"
    assert data.value.headers["cache-control"] == "no-store"
    assert any("letter" in url for url in scripts)
    scripts.clear()

    link.click()

    visitor.page.locator("h1", has_text="Dear ada").wait_for()
    assert visitor.requests == [LETTER]
    assert scripts == []


def test_what_was_prefetched_is_used_once(visitor: Person) -> None:
    page = visitor.page
    link = page.get_by_role("link", name="on intent", exact=True)
    with page.expect_response("**/__data/**"):
        link.hover()
    link.click()
    page.locator("h1", has_text="Dear ada").wait_for()
    page.get_by_role("link", name="links").click()
    page.get_by_text("when seen").wait_for()

    page.get_by_role("link", name="mail").click()
    page.get_by_role("link", name="ada").click()

    page.locator("h1", has_text="Dear ada").wait_for()
    assert asked(visitor, "ada") == [LETTER, "GET /__data/mail/ada?_routes=routes%2Fletter"]


def test_passing_over_a_link_loads_nothing(visitor: Person) -> None:
    page = visitor.page
    page.clock.install(time=0)
    page.clock.pause_at(60_000)
    link = page.get_by_role("link", name="on intent", exact=True)
    link.dispatch_event("mouseover")
    page.clock.run_for(50)
    link.dispatch_event("mouseout")
    page.clock.run_for(500)

    link.focus()
    page.clock.run_for(99)
    assert visitor.requests == []
    with page.expect_response("**/__data/**"):
        page.clock.run_for(1)


def test_links_that_are_rendered_or_seen(visitor: Person) -> None:
    page = visitor.page
    with page.expect_response("**/files/rendered?*"), page.expect_response("**/files/asked?*"):
        page.get_by_role("button", name="More").click()
    assert asked(visitor, "seen") == []

    with page.expect_response("**/files/seen?*"):
        page.get_by_role("link", name="when seen").scroll_into_view_if_needed()

    page.get_by_role("link", name="never").hover()
    page.get_by_role("link", name="on render").click()
    page.locator("h1", has_text="rendered of /files/rendered").wait_for()
    assert asked(visitor, "never") == []
    assert len(asked(visitor, "rendered")) == 1


def test_an_action_makes_what_was_prefetched_old(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="mail").click()
    with page.expect_response("**/mail/ada?*"):
        page.get_by_role("link", name="ada").hover()
    page.get_by_role("link", name="echo").click()
    page.get_by_role("button", name="Fetch").click()
    page.locator("em", has_text="b=").wait_for()
    visitor.requests.clear()

    page.get_by_role("link", name="mail").click()
    page.get_by_text("Choose a letter").wait_for()
    page.get_by_role("link", name="ada").click()

    page.locator("h1", has_text="Dear ada").wait_for()
    assert asked(visitor, "/mail/ada") == ["GET /__data/mail/ada?_routes=routes%2Fletter"]


def test_a_live_page_folds_from_where_its_prefetched_answer_stood(views: Server, visitor: Person) -> None:
    link = visitor.page.get_by_role("link", name="live on intent")
    link.hover()
    visitor.page.wait_for_load_state("networkidle")
    link.click()
    visitor.live()
    before = int(visitor.page.locator("h1").inner_text().split()[0])
    visitor.page.get_by_role("link", name="links").click()
    with visitor.page.expect_response("**/__data/tally?*"):
        link.hover()
        link.click()
        visitor.page.locator("h1").wait_for()

    httpx.post(f"{views.url}/tally")

    visitor.page.locator("h1", has_text=f"{before + 1} by").wait_for()
