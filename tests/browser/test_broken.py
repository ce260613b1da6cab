"""Views that break while the server renders them: others are rendered, and the browser makes up for these."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.browser.conftest import Arrive
from tests.servers import Server

BROKEN = ["/loop", "/allocate", "/throw"]


@pytest.fixture
def server(build: Callable[[str], None]) -> Iterator[Server]:
    build("tests.apps.broken.app:app")
    with Server("tests.apps.broken.app:app") as running:
        yield running


def test_twenty_others_are_answered_beside_them(server: Server) -> None:
    paths = [*BROKEN, *["/"] * 20, *BROKEN]
    with ThreadPoolExecutor(len(paths)) as together:
        answers = list(together.map(lambda path: httpx.get(server.url + path, timeout=60), paths))

    assert [each.status_code for each in answers] == [200] * 26
    good = [each.text for each in answers if each.url.path == "/"]
    assert all("<h1>Rendered</h1>" in text for text in good)
    assert len(good) == 20
    assert server.log.count("rendering /loop failed") == 2
    assert server.log.count("rendering /throw failed") == 2


@pytest.mark.parametrize("path", BROKEN)
def test_the_browser_renders_what_the_server_could_not(server: Server, arrive: Arrive, path: str) -> None:
    visitor = arrive(server.url)

    visitor.goto(path)

    assert visitor.page.get_by_role("heading").inner_text() == "In the browser"
    assert server.log.count(f"rendering {path} failed") == 1
