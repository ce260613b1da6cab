"""What a view does with its data in the browser: clientLoader, clientAction, fallbacks, handles, revalidation."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.servers import Server


@pytest.fixture(scope="module")
def views(build: Callable[[str], None]) -> Iterator[Server]:
    """All the views."""
    build("tests.apps.views.app:app")
    with Server("tests.apps.views.app:app") as server:
        yield server


def title(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_a_fallback_is_in_the_document_until_a_hydrating_client_loader_is_ready(
    views: Server, arrive: Arrive
) -> None:
    assert "Looking for a draft" in httpx.get(f"{views.url}/note").text
    visitor = arrive(views.url)

    visitor.goto("/note")

    visitor.page.locator("h1", has_text="From Python").wait_for()
    assert visitor.requests == ["GET /note"]  # serverLoader() has what the document came with


def test_a_client_loader_adds_to_what_the_server_answers_and_asks_once(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)
    visitor.goto("/")
    visitor.page.evaluate("localStorage.setItem('draft', 'half a sentence')")
    visitor.requests.clear()

    visitor.page.get_by_role("link", name="note").click()

    expect(visitor.page.get_by_label("Draft")).to_have_value("half a sentence")
    assert visitor.requests == ["GET /__data/note?_routes=routes%2Fnote"]


@pytest.mark.parametrize(("kept", "asked"), [("of old", 0), (None, 1)])
def test_a_client_loader_that_needs_no_server_asks_none_on_its_first_visit(
    views: Server, arrive: Arrive, kept: str | None, asked: int
) -> None:
    visitor = arrive(views.url)
    visitor.goto("/")
    visitor.page.evaluate("kept => kept && localStorage.setItem('saved', kept)", kept)
    visitor.requests.clear()

    visitor.page.get_by_role("link", name="saved").click()

    visitor.page.locator("h1", has_text=kept or "from Python").wait_for()
    assert visitor.requests == ["GET /__data/saved?_routes=routes%2Fsaved"] * asked


@pytest.mark.parametrize("page", ["about", "note"])
def test_a_view_that_is_gone_after_a_deploy_is_left_for_its_document(
    views: Server, arrive: Arrive, page: str
) -> None:
    visitor = arrive(views.url)
    visitor.goto("/")
    # As if the document were of the build before: what it names is gone, what the next one names is there.
    visitor.page.route(f"**/assets/{page}-*.js", lambda route: route.fulfill(status=404), times=1)
    visitor.requests.clear()

    visitor.page.get_by_role("link", name=page).click()

    visitor.page.wait_for_url(f"**/{page}")
    visitor.hydrated()
    assert [each for each in visitor.requests if "__data" not in each] == [f"GET /{page}"]
    assert visitor.page.get_by_role("alert").count() == 0


def test_without_a_network_the_page_stays_and_goes_on_afterwards(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)
    visitor.goto("/")
    visitor.failures_expected = True
    visitor.context.set_offline(True)
    visitor.page.get_by_role("link", name="about").click()
    visitor.page.get_by_role("alert").wait_for()

    visitor.context.set_offline(False)
    visitor.page.get_by_role("link", name="home").click()
    visitor.page.get_by_role("link", name="about").click()

    visitor.page.locator("h1", has_text="About").wait_for()


def test_a_client_action_stands_before_the_server_action(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)
    visitor.goto("/note")
    visitor.page.get_by_label("Draft").fill("kept here")
    visitor.requests.clear()
    visitor.page.get_by_role("button", name="Save").click()
    visitor.page.get_by_text("A title is missing.").wait_for()
    assert not [asked for asked in visitor.requests if asked.startswith("POST")]

    visitor.page.get_by_label("Title").fill("Renamed")
    visitor.page.get_by_role("button", name="Save").click()

    visitor.page.get_by_text("renamed to Renamed").wait_for()
    visitor.page.locator("h1", has_text="Renamed").wait_for()
    assert visitor.page.evaluate("localStorage.getItem('draft')") == "kept here"
    assert len([asked for asked in visitor.requests if asked.startswith("POST")]) == 1


def test_a_route_that_has_its_data_in_the_browser_alone(views: Server, arrive: Arrive) -> None:
    assert "<p>Loading views…</p>" in httpx.get(f"{views.url}/clock").text  # the nearest fallback is the shell's
    visitor = arrive(views.url, viewport={"width": 700, "height": 500}, timezone_id="Asia/Tokyo")

    visitor.goto("/clock")
    visitor.page.locator("h1", has_text="Asia/Tokyo 700").wait_for()
    visitor.page.get_by_role("link", name="home").click()
    visitor.page.get_by_role("link", name="clock").click()
    visitor.page.locator("h1", has_text="Asia/Tokyo 700").wait_for()

    assert visitor.requests == ["GET /clock"]


def test_what_a_client_loader_made_of_the_answer_stays_live(views: Server, arrive: Arrive) -> None:
    ada, grace = arrive(views.url), arrive(views.url)
    for visitor in (ada, grace):
        visitor.goto("/tally")
        visitor.live()
    before = int(title(grace.page).split()[0])
    grace.page.locator("h1", has_text="by browser").wait_for()
    grace.requests.clear()

    ada.page.get_by_role("button", name="One more").click()

    grace.page.locator("h1", has_text=f"{before + 1} by browser").wait_for()
    assert grace.requests == []


def test_handles_are_there_with_the_matches(views: Server, arrive: Arrive) -> None:
    crumbs = re.search(r"<ol[^>]*>([^<]*)", httpx.get(f"{views.url}/mail/ada").text)
    assert crumbs is not None
    assert crumbs[1] == "Views &gt; Mail &gt; Letter"
    visitor = arrive(views.url)
    visitor.goto("/")

    visitor.page.get_by_role("link", name="mail").click()
    visitor.page.get_by_role("link", name="ada").click()

    expect(visitor.page.get_by_label("crumbs")).to_have_text("Views > Mail > Letter")


def test_should_revalidate_decides_after_an_action(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)
    visitor.goto("/kept/a")
    above, below = title(visitor.page), visitor.page.locator("h2").inner_text()
    visitor.requests.clear()

    visitor.page.get_by_role("button", name="Here").click()

    count = int(below.split()[1]) + 1
    visitor.page.locator("h2", has_text=f"a {count}").wait_for()
    assert title(visitor.page) == above
    assert visitor.requests == ["POST /__data/kept/a?_routes=routes%2Fkept_name&_after=routes%2Fkept_name"]


def test_should_revalidate_leaves_other_revalidations_alone(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)
    visitor.goto("/kept/a")
    loads = int(title(visitor.page).split()[0])
    visitor.page.get_by_role("link", name="next").click()
    visitor.page.locator("h2", has_text="b ").wait_for()
    assert title(visitor.page) == f"{loads} of kept"

    visitor.page.get_by_role("button", name="Again").click()

    visitor.page.locator("h1", has_text=f"{loads + 1} of kept").wait_for()


@pytest.mark.parametrize("path", ["/note", "/clock", "/tally"])
def test_without_javascript_there_is_what_the_server_could_show(views: Server, arrive: Arrive, path: str) -> None:
    page = arrive(views.url, java_script_enabled=False).page

    page.goto(views.url + path)

    shown = {"/note": "Looking for a draft", "/clock": "Loading views…", "/tally": "by server"}[path]
    assert page.get_by_text(shown).first.is_visible()
