"""What React developers suffer from elsewhere, one test a row; each shows that it cannot happen here.

Rows 6 (hydration) and 8 (background tab) are in ``test_faults``; ``-k pain`` runs all twelve.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, WebSocketRoute

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive, publish
from tests.browser.people import Person
from tests.servers import Server


def _sockets(page: Page) -> list[str]:
    """The addresses of all sockets that the page opens from now on."""
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    return opened


def _text(person: Person) -> str:
    return person.page.locator("output").inner_text()


def _open(person: Person) -> None:
    person.goto("/burst")
    person.page.locator(".status", has_text="open").wait_for()


def test_pain_1_a_double_mount_opens_one_socket(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)
    opened = _sockets(visitor.page)

    _open(visitor)
    assert opened == [f"{rows.url.replace('http', 'ws')}/burst"]
    opened.clear()

    visitor.goto("/folded")
    visitor.live()
    assert opened == [f"{rows.url.replace('http', 'ws')}/connection/websocket"]


def test_pain_2_and_pain_12_no_message_of_a_burst_is_lost_not_even_the_same_one_twice(
    rows: Server, arrive: Arrive
) -> None:
    visitor = arrive(rows.url)
    _open(visitor)

    visitor.page.get_by_role("button", name="Burst").click()

    visitor.page.locator("output", has_text="n199 a:n199").wait_for()
    assert _text(visitor).split() == [f"a:n{number}" for number in range(200) for _ in range(2)]


def test_pain_3_a_callback_sees_the_newest_state(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)
    _open(visitor)

    visitor.page.get_by_role("button", name="Change").click()
    visitor.page.get_by_role("button", name="Burst").click()

    visitor.page.locator("output", has_text="n199 b:n199").wait_for()
    assert "a:" not in _text(visitor)


def test_pain_4_a_line_comes_back_with_the_newest_credentials(
    build: Callable[[str], None], arrive: Arrive, tmp_path: Path
) -> None:
    build("examples.chat.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"
    with Server("examples.chat.app:app", CHAT_DATABASE=database, CHAT_SESSION_SECONDS="8") as server:
        ada = arrive(server.url).sign_in("Ada")
        lines: list[WebSocketRoute] = []

        def on_line(line: WebSocketRoute) -> None:
            lines.append(line)
            if (
                len(lines) == 2
            ):  # what the first was opened with has expired; in another tab there is something newer
                ada.context.request.post(f"{server.url}/sign-in", form={"name": "Ada"}, max_redirects=0)
            line.connect_to_server()

        ada.page.route_web_socket("**/connection/websocket", on_line)
        ada.enter(1)

        with ada.page.expect_websocket():
            pass
        ada.live()

        ada.say("Still here")
        ada.sees("Still here")
        assert len(lines) == 2
        assert [each.split("?")[0] for each in ada.requests] == ["POST /__data/rooms/1"]


def test_pain_5_nothing_is_lost_between_the_first_fetch_and_the_subscription(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)

    def on_line(line: WebSocketRoute) -> None:
        publish(rows, "in between")
        line.connect_to_server()

    visitor.page.route_web_socket("**/connection/websocket", on_line)
    visitor.goto("/folded")

    visitor.page.get_by_text("1 in between 1").wait_for()
    assert visitor.requests == ["GET /folded"]


def test_pain_7_an_optimistic_change_outlives_what_is_older_than_it(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)
    visitor.goto("/folded")
    visitor.live()
    _change(visitor, id="0", text="first")
    visitor.page.get_by_text("1 first 1").wait_for()
    seen = _changes(visitor.page)

    _change(visitor, id="1", text="second", before="1", after="1")
    visitor.page.get_by_text("1 second 1").wait_for()
    with visitor.page.expect_response("**/__data/folded?**"):  # what was there before the change
        visitor.page.get_by_role("button", name="Again").click()

    visitor.page.get_by_text("1 second 2").wait_for()
    assert [each for each in seen() if "second" not in each] == []


def _change(visitor: Person, **fields: str) -> None:
    for label, text in fields.items():
        visitor.page.get_by_label(label, exact=True).fill(text)
    visitor.page.get_by_role("button", name="Change").click()


def _changes(page: Page) -> Callable[[], list[str]]:
    """What the list has shown since it changed for the first time."""
    page.evaluate(
        """() => {
            globalThis.seen = [];
            const list = document.querySelector("ol");
            const look = () => globalThis.seen.push(list.innerText);
            new MutationObserver(look).observe(list, { subtree: true, childList: true, characterData: true });
        }"""
    )

    def seen() -> list[str]:
        found: list[str] = page.evaluate("globalThis.seen")
        return found

    return seen


def test_pain_9_the_first_attempt_to_come_back_is_spread(chat: Server, arrive: Arrive) -> None:
    with FaultProxy(chat.port) as proxy:
        ada = arrive(f"http://127.0.0.1:{proxy.port}").sign_in("Ada")
        ada.failures_expected = True
        tabs = [_tab(ada) for _ in range(5)]
        proxy.drop()
        delays = [tab.evaluate("globalThis.delay") for tab in tabs]

    assert len(set(delays)) > 1, delays
    assert all(0 <= delay < 2000 for delay in delays), delays


def _tab(person: Person) -> Page:
    """A tab that notes how long after its end a line is opened again."""
    page = person.context.new_page()
    page.add_init_script(
        """globalThis.delay = new Promise((resolve) => {
            let ended;
            globalThis.WebSocket = class extends WebSocket {
                constructor(...values) {
                    super(...values);
                    if (ended) resolve(performance.now() - ended);
                    this.addEventListener("close", () => (ended = performance.now()));
                }
            };
        });"""
    )
    page.goto(f"{person.base}/rooms/1")
    page.locator(".line[data-status=open]").wait_for()
    return page


def test_pain_10_nine_tabs_are_nine_lines_and_another_page_still_loads(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada")
    tabs = [_tab(ada) for _ in range(9)]

    ada.enter(1)
    ada.say("To all of them")

    for tab in tabs:
        tab.locator(".messages p", has_text="To all of them").wait_for()


def test_pain_11_page_data_socket_and_line_are_on_one_port_of_one_process(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)
    visitor.failures_expected = True
    asked, opened = _asked(visitor.page), _sockets(visitor.page)

    _use_everything(visitor, rows, "at first")
    rows.stop()
    visitor.page.locator(".line[data-status=connecting]").wait_for()
    with pytest.raises(httpx.ConnectError):
        httpx.get(rows.url)
    with visitor.page.expect_response("**/__data/folded?**"):  # another process has other streams
        rows.start()
        visitor.live()
    _use_everything(visitor, rows, "after a restart")

    assert {urlsplit(url).port for url in asked + opened} == {rows.port}
    assert {urlsplit(url).path for url in opened} == {"/burst", "/connection/websocket"}


def _asked(page: Page) -> list[str]:
    """The addresses of all requests that the page makes from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.startswith("http") else None)
    return asked


def _use_everything(visitor: Person, rows: Server, text: str) -> None:
    """A document, a route's socket, a data request and a publication."""
    visitor.requests.clear()
    _open(visitor)
    visitor.page.get_by_role("button", name="Burst").click()
    visitor.page.locator("output", has_text="n199 a:n199").wait_for()
    visitor.page.get_by_role("link", name="Folded").click()
    visitor.live()
    publish(rows, text)
    visitor.page.get_by_text(text).wait_for()
    assert visitor.requests == ["GET /burst", "GET /__data/folded?_routes=routes%2Ffolded"]
