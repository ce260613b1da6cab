"""The chat below /shop/, behind an nginx that removes the prefix and behind one that leaves it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Arrive
from tests.nginx.proxy import Nginx
from tests.servers import Server


@pytest.fixture(params=[True, False], ids=["removed", "left"])
def shop(request: pytest.FixtureRequest, build: Callable[[str], None], tmp_path: Path) -> Iterator[str]:
    build("examples.chat.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"
    with Nginx(tmp_path, prefix="/shop", strips=request.param) as nginx:
        options = ["--uds", str(nginx.uds), "--forwarded-allow-ips", "unix:", "--root-path", "/shop"]
        secrets = {"CHAT_DATABASE": database, "CHAT_SECRET": "a secret for tests only"}
        with Server("examples.chat.app:app", options=options, **secrets):
            yield f"{nginx.url}/shop"


def test_pages_forms_redirects_links_and_the_line(shop: str, arrive: Arrive) -> None:
    ada, grace = (arrive(shop, ignore_https_errors=True).sign_in(name) for name in ("Ada", "Grace"))
    ada.page.get_by_role("link", name="Lobby").click()
    grace.enter(1)
    ada.live()

    ada.say("from below")

    grace.sees("from below")
    assert ada.page.url == f"{shop}/rooms/1"
    assert grace.requests == []


def test_without_javascript(shop: str, arrive: Arrive) -> None:
    visitor = arrive(shop, ignore_https_errors=True, java_script_enabled=False)
    visitor.page.goto(f"{shop}/rooms/1")
    visitor.page.get_by_label("Your name").fill("Ada")
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.get_by_role("link", name="Lobby").click()
    visitor.say("sent as a form")

    visitor.sees("sent as a form")
    assert visitor.page.url == f"{shop}/rooms/1"
    assert visitor.page.evaluate("() => [...document.styleSheets].some((sheet) => sheet.cssRules.length > 0)")
