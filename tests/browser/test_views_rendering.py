"""Pages that the server does not render, because it shall not or because it cannot."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Arrive
from tests.servers import Server


@pytest.fixture(scope="module")
def views(build: Callable[[str], None]) -> Iterator[Server]:
    """All the views, rendered by the server where possible."""
    build("tests.apps.views.app:app")
    with Server("tests.apps.views.app:app") as server:
        yield server


@pytest.fixture(scope="module")
def unrendered(build: Callable[[str], None]) -> Iterator[Server]:
    """All the views, rendered in the browser."""
    build("tests.apps.views.app:app")
    with Server("tests.apps.views.unrendered:app") as server:
        yield server


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "Home"),
        ("/mail/ada", "Dear ada"),
        ("/de/about", "About, de"),
        ("/mail/nobody", "404: There is no such letter."),
        ("/fail/data", 'In the frame: 418 {"reason":"short and stout"}'),
        ("/nowhere", "At the top: 404 Not Found"),
    ],
)
def test_a_shell_with_data_is_rendered_in_the_browser_without_another_request(
    unrendered: Server, arrive: Arrive, path: str, shown: str
) -> None:
    assert shown not in httpx.get(unrendered.url + path).text.partition("<script")[0]
    visitor = arrive(unrendered.url)

    visitor.goto(path)

    visitor.page.get_by_text(shown, exact=True).wait_for()
    assert visitor.requests == [f"GET {path}"]


def test_the_shells_fallback_is_shown_until_the_views_are_there(unrendered: Server, arrive: Arrive) -> None:
    visitor = arrive(unrendered.url)
    held: list[Route] = []
    visitor.page.route("**/assets/letter*.js", lambda route: held.append(route))
    visitor.goto("/mail/ada")
    visitor.page.get_by_text("Loading views…").wait_for()

    for route in held:
        route.continue_()

    visitor.page.get_by_role("heading", name="Dear ada").wait_for()
    assert visitor.page.get_by_text("Loading views…").count() == 0
    assert visitor.requests == ["GET /mail/ada"]


def test_what_is_live_is_live_without_rendering(unrendered: Server, arrive: Arrive) -> None:
    visitor = arrive(unrendered.url)
    visitor.goto("/tally")
    visitor.live()
    visitor.requests.clear()

    httpx.post(f"{unrendered.url}/tally")

    visitor.page.locator("h1", has_text="1 by browser").wait_for()
    assert visitor.requests == []


def test_a_view_that_the_server_cannot_render_is_rendered_in_the_browser(views: Server, arrive: Arrive) -> None:
    visitor = arrive(views.url)

    visitor.goto("/brittle")

    visitor.page.get_by_role("heading", name="Only in a browser").wait_for()
    assert visitor.requests == ["GET /brittle"]
    assert views.log.count("rendering /brittle failed") == 1
    assert "window is not defined" in views.log
    visitor.page.get_by_role("link", name="home").click()
    visitor.page.get_by_role("heading", name="Home").wait_for()


@pytest.mark.parametrize(
    ("zone", "language", "shown"),
    [("Asia/Tokyo", "de-DE", "01.12.26, 08:30"), ("America/Los_Angeles", "en-US", "11/30/26, 3:30\u202fPM")],
)
def test_a_time_is_the_users_own_once_the_page_is_alive(
    views: Server, arrive: Arrive, zone: str, language: str, shown: str
) -> None:
    visitor = arrive(views.url, timezone_id=zone, locale=language)
    assert "2026-11-30 23:30 UTC" in httpx.get(f"{views.url}/times").text

    visitor.goto("/times")

    visitor.page.locator("time", has_text=shown).wait_for()
    visitor.page.get_by_text(f"Your language: {language}").wait_for()
