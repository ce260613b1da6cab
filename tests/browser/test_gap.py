"""The gap after the first paint, and every other moment in which a publication could get lost."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, WebSocketRoute

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server


@pytest.fixture
def proxy(chat: Server) -> Iterator[FaultProxy]:
    with FaultProxy(chat.port) as running:
        yield running


def _through(proxy: FaultProxy) -> str:
    return f"http://127.0.0.1:{proxy.port}"


def _post(person: Person, text: str) -> None:
    """Post without the page: the same action by a program."""
    form: dict[str, str | float | bool] = {"text": text}
    answer = person.context.request.post(f"{person.base}/rooms/1", form=form, max_redirects=0)
    assert answer.status == 303, answer.text()


def test_publications_between_the_rendering_and_the_line(chat: Server, arrive: Arrive) -> None:
    ada, grace = arrive(chat.url).sign_in("Ada"), arrive(chat.url).sign_in("Grace").enter(1)
    held = threading.Event()

    def hold(route: Route) -> None:
        # The script of the page is held back until somebody else has posted.
        if not held.is_set():
            held.set()
            grace.say("In the gap")
            grace.sees("In the gap")
        route.continue_()

    ada.page.route("**/assets/*.js", hold)
    ada.enter(1)

    ada.sees("In the gap")
    assert held.is_set()
    assert [each for each in ada.requests if "__data" in each] == []


def test_a_line_that_is_cut_for_a_while_recovers(chat: Server, arrive: Arrive, proxy: FaultProxy) -> None:
    ada, grace = arrive(_through(proxy)).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace").enter(1)
    ada.failures_expected = True

    proxy.cut()
    ada.page.locator(".line[data-status=connecting]").wait_for()
    for number in range(3):
        grace.say(f"While away {number}")
        grace.sees(f"While away {number}")
    proxy.heal()

    ada.live()
    for number in range(3):
        ada.sees(f"While away {number}")
    assert ada.requests == []


def test_a_history_that_no_longer_reaches_back_runs_the_loader(
    chat: Server, arrive: Arrive, proxy: FaultProxy
) -> None:
    ada, grace = arrive(_through(proxy)).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace")
    ada.failures_expected = True

    proxy.cut()
    ada.page.locator(".line[data-status=connecting]").wait_for()
    for number in range(305):  # the channel keeps 300
        _post(grace, f"Message {number:03}")
    proxy.heal()

    ada.sees("Message 304")
    assert ada.messages() == [f"Message {number:03}" for number in range(255, 305)]
    assert [each.split("?")[0] for each in ada.requests] == ["GET /__data/rooms/1"]


def test_a_restart_of_the_server_runs_the_loader(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)
    ada.failures_expected = True
    ada.say("Before the deploy")
    ada.sees("Before the deploy")
    ada.requests.clear()

    chat.restart()
    grace = arrive(chat.url).sign_in("Grace")
    _post(grace, "After the deploy")

    ada.sees("After the deploy")
    ada.sees("Before the deploy")
    assert [each.split("?")[0] for each in ada.requests] == ["GET /__data/rooms/1"]


def test_the_publication_comes_before_the_answer(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        ada.page.locator(".messages p", has_text="Mine").wait_for()
        route.fulfill(response=answer)

    ada.page.route("**/__data/**", answer_late)
    with ada.page.expect_response("**/__data/**"):
        ada.say("Mine")

    ada.sees("Mine")
    ada.page.wait_for_function("document.querySelector('[name=text]').value === ''")
    ada.sees("Mine")


def test_the_answer_comes_before_the_publication(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada")
    release = _hold_publications(ada)
    ada.enter(1)

    ada.say("Mine")
    ada.sees("Mine")  # by the loader's data, which came with the action's answer
    release()

    grace = arrive(chat.url).sign_in("Grace").enter(1)
    grace.say("After it")
    ada.sees("After it")
    ada.sees("Mine")


def _hold_publications(person: Person) -> Callable[[], None]:
    """Keep what the server pushes on the line until the returned function is called."""
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    released: list[bool] = []

    def on_line(line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def from_server(data: str | bytes) -> None:
            if '"push"' in str(data) and not released:
                held.append((line, data))
            else:
                line.send(data)

        server.on_message(from_server)

    def release() -> None:
        assert held
        released.append(True)
        for line, data in held:
            line.send(data)

    person.page.route_web_socket("**/connection/websocket", on_line)
    return release


def test_an_expired_cookie_ends_on_the_sign_in_page(
    build: Callable[[str], None], arrive: Arrive, tmp_path: Path
) -> None:
    build("examples.chat.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"
    with Server("examples.chat.app:app", CHAT_DATABASE=database, CHAT_SESSION_SECONDS="4") as short:
        ada = arrive(short.url).sign_in("Ada").enter(1)
        lines: list[str] = []
        ada.page.on("websocket", lambda line: lines.append(line.url))

        ada.page.get_by_label("Your name").wait_for()

        assert "/sign-in" in ada.page.url
        ada.page.locator(".line[data-status=idle], .line[data-status=closed]").wait_for()
        assert len(lines) <= 1
