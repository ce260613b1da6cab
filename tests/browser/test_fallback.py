"""Where no WebSocket gets through, a page is just as live over HTTP, and says so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive, publish
from tests.browser.people import Person
from tests.servers import Server


@pytest.fixture
def without_sockets(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """A table without rows, behind something that lets no WebSocket through."""
    build("tests.apps.rows.app:app")
    target = "tests.apps.rows.without_sockets:app"
    with Server(target, ROWS_DATABASE=f"{tmp_path}/rows.sqlite3") as server:
        yield server


def _over(person: Person, transport: str) -> None:
    """Wait until the page says what carries its line."""
    person.page.locator(f".line[data-status=open][data-transport={transport}]").wait_for()


def _shows(person: Person, text: str) -> None:
    person.page.locator("li", has_text=text).wait_for()


def test_a_page_goes_on_over_http(without_sockets: Server, arrive: Arrive) -> None:
    visitor = arrive(without_sockets.url)
    visitor.failures_expected = True  # the browser logs the refused upgrade

    visitor.goto("/folded")
    _over(visitor, "http_stream")
    visitor.requests.clear()
    publish(without_sockets, "live")
    _shows(visitor, "live")

    assert not [each for each in visitor.requests if "/__data/" in each]


def test_what_was_missed_is_recovered_over_http_too(without_sockets: Server, arrive: Arrive) -> None:
    with FaultProxy(without_sockets.port) as proxy:
        visitor = arrive(f"http://127.0.0.1:{proxy.port}")
        visitor.failures_expected = True
        visitor.goto("/folded")
        _over(visitor, "http_stream")
        visitor.requests.clear()

        proxy.cut()
        publish(without_sockets, "missed")
        proxy.heal()

        _shows(visitor, "missed")
        assert not [each for each in visitor.requests if "/__data/" in each]


def test_where_long_answers_do_not_get_through_either_it_is_events(
    without_sockets: Server, arrive: Arrive
) -> None:
    visitor = arrive(without_sockets.url)
    visitor.failures_expected = True
    visitor.page.route("**/connection/http_stream", lambda route: route.abort())

    visitor.goto("/folded")
    _over(visitor, "sse")
    publish(without_sockets, "live")
    _shows(visitor, "live")


def test_where_sockets_get_through_one_carries_the_line(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)

    visitor.goto("/folded")
    _over(visitor, "websocket")
