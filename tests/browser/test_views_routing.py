"""React Router's features over Python's loaders and actions: heads, scrolling, pending states, forms, errors."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

BOTH = pytest.mark.parametrize("javascript", [True, False])


@pytest.fixture(scope="module")
def views(build: Callable[[str], None]) -> Iterator[Server]:
    """All the views."""
    build("tests.apps.views.app:app")
    with Server("tests.apps.views.app:app") as server:
        yield server


@pytest.fixture
def visitor(views: Server, arrive: Arrive) -> Person:
    """Somebody on the first page."""
    visitor = arrive(views.url)
    visitor.goto("/")
    visitor.requests.clear()
    return visitor


def alert(page: Page) -> str:
    return page.get_by_role("alert").inner_text()


def head(page: Page) -> list[str | None]:
    return [
        page.title(),
        page.locator("meta[name=description]").get_attribute("content"),
        page.locator("link[rel=canonical]").get_attribute("href"),
    ]


ABOUT = ["About in no language", "Everything in no language", "https://example.com/no language"]


@BOTH
def test_title_meta_and_link_of_a_document(views: Server, arrive: Arrive, javascript: bool) -> None:
    page = arrive(views.url, java_script_enabled=javascript).page

    page.goto(f"{views.url}/about")

    assert head(page) == ABOUT


def test_title_meta_and_link_after_a_navigation(visitor: Person) -> None:
    assert visitor.page.title() == "Views"

    visitor.page.get_by_role("link", name="about").click()

    visitor.page.get_by_text("About, no language").wait_for()
    assert head(visitor.page) == ABOUT
    visitor.page.go_back()
    visitor.page.get_by_role("heading", name="Home").wait_for()
    assert visitor.page.title() == "Views"
    assert visitor.page.locator("meta[name=description]").count() == 0


def test_scroll_positions_come_back_with_the_page(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="long").click()
    page.get_by_text("Row 99").wait_for()
    page.evaluate("scrollTo(0, 1234)")

    page.get_by_role("link", name="Row 25", exact=True).click()
    page.get_by_text("About, no language").wait_for()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.get_by_text("Row 99").wait_for()
    page.wait_for_function("scrollY === 1234")

    page.go_forward()
    page.get_by_text("About, no language").wait_for()
    page.wait_for_function("scrollY === 0")
    page.go_back()
    page.wait_for_function("scrollY === 1234")
    page.reload()
    page.wait_for_function("scrollY === 1234")


def test_a_navigation_is_pending_while_its_loader_runs(views: Server, visitor: Person) -> None:
    pending = visitor.page.locator("i[data-state=loading]", has_text="/slow")
    visitor.page.get_by_role("link", name="slow").click()
    pending.wait_for()
    assert visitor.page.get_by_role("heading", name="Home").is_visible()

    httpx.post(f"{views.url}/gate")

    visitor.page.get_by_role("heading", name="worth the wait").wait_for()
    assert pending.count() == 0


def test_a_navigation_that_is_left_for_another_is_forgotten(views: Server, visitor: Person) -> None:
    visitor.page.get_by_role("link", name="slow").click()
    visitor.page.locator("i[data-state=loading]", has_text="/slow").wait_for()
    visitor.page.get_by_role("link", name="mail").click()
    visitor.page.get_by_text("Choose a letter").wait_for()

    httpx.post(f"{views.url}/gate")

    visitor.page.get_by_role("link", name="ada").click()
    visitor.page.get_by_role("heading", name="Dear ada").wait_for()


@pytest.mark.parametrize(
    ("encoding", "answer"),
    [
        ("application/x-www-form-urlencoded", "POST application/x-www-form-urlencoded: a=1"),
        ("multipart/form-data", "POST multipart/form-data: a=1"),
        ("application/json", 'POST application/json: {"a":"1"}'),
        ("text/plain", "PUT text/plain: a=1"),
    ],
)
def test_submit_in_each_encoding(visitor: Person, encoding: str, answer: str) -> None:
    visitor.page.get_by_role("link", name="echo").click()
    visitor.page.get_by_text("loads").wait_for()
    visitor.requests.clear()

    visitor.page.get_by_role("button", name=encoding).click()

    expect(visitor.page.locator("output")).to_have_text(answer)
    assert len(visitor.requests) == 1


def test_a_fetcher_acts_without_a_navigation_and_the_page_is_loaded_again(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="echo").click()
    loads = int(page.get_by_text("loads").inner_text().split()[0])
    visitor.requests.clear()
    entries = page.evaluate("history.length")
    page.get_by_label("Fetched").fill("2")

    page.get_by_role("button", name="Fetch").click()

    page.locator("em", has_text="b=2").wait_for()
    page.locator("h1", has_text=f"{loads + 1} loads").wait_for()
    assert len(visitor.requests) == 1
    assert page.evaluate("history.length") == entries


def test_a_revalidation_is_one_request(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="echo").click()
    loads = int(page.get_by_text("loads").inner_text().split()[0])
    visitor.requests.clear()

    page.get_by_role("button", name="Again").click()

    page.locator("h1", has_text=f"{loads + 1} loads").wait_for()
    assert visitor.requests == ["GET /__data/echo?_routes=routes%2Fecho"]


def test_a_blocker_asks_before_what_was_typed_is_lost(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="echo").click()
    page.get_by_label("Unsaved").fill("precious")
    page.get_by_role("link", name="mail").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("button", name="No").click()
    assert page.url.endswith("/echo")
    page.go_back()
    page.get_by_role("alert").wait_for()

    page.get_by_role("button", name="Yes").click()

    page.get_by_role("heading", name="Home").wait_for()


def test_a_layout_keeps_its_state_while_its_children_change(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="mail").click()
    page.get_by_label("Search").fill("typed")

    page.get_by_role("link", name="ada").click()
    page.get_by_role("heading", name="Dear ada").wait_for()
    page.get_by_role("link", name="grace").click()
    page.get_by_role("heading", name="Dear grace").wait_for()

    expect(page.get_by_label("Search")).to_have_value("typed")
    asked = [each for each in visitor.requests if "grace" in each]
    assert asked == ["GET /__data/mail/grace?_routes=routes%2Fletter"]


@BOTH
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "Home"),
        ("/mail", "Choose a letter"),
        ("/mail/ada", "Dear ada"),
        ("/about", "About, no language"),
        ("/de/about", "About, de"),
        ("/files/a/b%20c.txt", "a/b c.txt of /files/a/b c.txt"),
        ("/fail/nothing", "nothing is fine"),
    ],
)
def test_index_parameter_optional_splat_and_pathless_routes(
    views: Server, arrive: Arrive, path: str, shown: str, javascript: bool
) -> None:
    page = arrive(views.url, java_script_enabled=javascript).page

    page.goto(views.url + path)

    assert page.locator("h1").inner_text() == shown


@BOTH
@pytest.mark.parametrize(
    ("path", "status", "shown", "around"),
    [
        ("/mail/nobody", 404, "404: There is no such letter.", "Search"),
        ("/fail/data", 418, 'In the frame: 418 {"reason":"short and stout"}', "crumbs"),
        ("/nowhere", 404, "At the top: 404 Not Found", None),
    ],
)
def test_an_error_is_shown_by_the_nearest_boundary_inside_its_layouts(
    views: Server, arrive: Arrive, path: str, status: int, shown: str, around: str | None, javascript: bool
) -> None:
    page = arrive(views.url, java_script_enabled=javascript).page

    answer = page.goto(views.url + path)

    assert answer is not None
    assert answer.status == status
    assert alert(page) == shown
    assert around is None or page.get_by_label(around).count() == 1


def test_errors_and_redirects_of_navigations(visitor: Person) -> None:
    page = visitor.page
    page.get_by_role("link", name="mail").click()
    page.get_by_role("link", name="nobody").click()
    page.get_by_text("404: There is no such letter.").wait_for()
    page.get_by_role("link", name="ada").click()
    page.get_by_role("heading", name="Dear ada").wait_for()

    visitor.goto("/fail/nothing")
    page.get_by_role("link", name="data").click()
    page.get_by_text('In the frame: 418 {"reason":"short and stout"}').wait_for()
    page.go_back()
    page.get_by_role("link", name="away").click()

    page.get_by_text("About, no language").wait_for()
    assert page.url.endswith("/about")


def test_a_view_that_breaks_is_replaced_by_the_boundary(visitor: Person) -> None:
    visitor.goto("/fail/nothing")

    visitor.page.get_by_role("button", name="Break").click()

    visitor.page.get_by_text("In the frame: Error: the view is broken").wait_for()
    assert all("the view is broken" in said for said in visitor.console)
    visitor.console.clear()


@BOTH
def test_an_actions_redirect_and_error(views: Server, arrive: Arrive, javascript: bool) -> None:
    page = arrive(views.url, java_script_enabled=javascript).page
    page.goto(f"{views.url}/fail/nothing")
    page.get_by_role("button", name="Act").click()
    page.get_by_text("About, en").wait_for()
    assert page.url.endswith("/en/about")

    page.goto(f"{views.url}/fail/action")
    page.get_by_role("button", name="Act").click()

    page.get_by_text('In the frame: 409 "not today"').wait_for()
