"""What a bad network, a deploy and a sleeping tab do to an open page, and that it is true again afterwards.

Each test ends with the screen equal to the database, so that nothing is missing and nothing stands there twice,
and with the number of requests that recovering takes: none where the history reaches back, one where it does not.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive, publish
from tests.browser.people import Person
from tests.servers import Server

_SHOWS = """stored => {
  const shown = [...document.querySelectorAll(".messages p")].map((each) => each.innerText);
  const newest = stored.slice(-Math.max(shown.length, 50));
  return JSON.stringify(shown) === JSON.stringify(newest);
}"""
"""A loader shows the newest fifty; what comes later is added below."""
LOADER = "GET /__data/rooms/1"


@dataclass
class Stage:
    """Ada, whose network fails, in a room in which Grace writes."""

    server: Server
    proxy: FaultProxy
    database: Path
    ada: Person
    grace: httpx.Client

    def write(self, *texts: str) -> None:
        """Grace posts, by a program."""
        for text in texts:
            answer = self.grace.post("/rooms/1", data={"text": text})
            assert answer.status_code == 303, answer.text

    def stored(self) -> list[str]:
        """The messages of the database."""
        with closing(sqlite3.connect(self.database)) as connection:
            rows = connection.execute("SELECT text FROM messages WHERE room_id = 1 ORDER BY id").fetchall()
        return [text for (text,) in rows]

    def settled(self, requests: list[str]) -> None:
        """Wait until Ada's screen is the database, and check what she asked for on the way."""
        self.ada.page.wait_for_function(_SHOWS, arg=self.stored(), timeout=30_000)
        assert [each.split("?")[0] for each in self.ada.requests] == requests
        # The line is open again, and what comes now comes once.
        self.ada.live()
        self.write("After all")
        self.ada.page.wait_for_function(_SHOWS, arg=self.stored())
        assert [each.split("?")[0] for each in self.ada.requests] == requests


@pytest.fixture
def stage(chat: Server, arrive: Arrive, tmp_path: Path) -> Iterator[Stage]:
    with FaultProxy(chat.port) as proxy, httpx.Client(base_url=chat.url) as grace:
        grace.post("/sign-in", data={"name": "Grace"})
        ada = arrive(f"http://127.0.0.1:{proxy.port}").sign_in("Ada")
        ada.failures_expected = True
        stage = Stage(chat, proxy, tmp_path / "chat.sqlite3", ada, grace)
        stage.write("Before it")
        yield stage


def _connecting(stage: Stage) -> None:
    stage.ada.page.locator(".line[data-status=connecting]").wait_for()


def test_cut_and_refused_for_a_while(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.proxy.cut()
    _connecting(stage)
    stage.write("One", "Two", "Three")
    stage.proxy.heal()

    stage.settled([])


def test_dropped_between_publications(stage: Stage) -> None:
    stage.ada.enter(1)

    for number in range(5):
        stage.write(f"Before the drop {number}")
        stage.proxy.drop()
        stage.write(f"After the drop {number}")

    stage.settled([])


def test_frozen_and_thawed(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.proxy.freeze()
    stage.write("One", "Two", "Three")
    assert stage.ada.messages() == ["Before it"]
    stage.proxy.heal()

    stage.settled([])


def test_a_line_that_died_without_a_word_is_noticed_by_its_silence(stage: Stage) -> None:
    stage.ada.page.clock.install()
    stage.ada.enter(1)

    stage.proxy.strand()
    stage.write("One", "Two", "Three")
    stage.ada.page.clock.fast_forward(36_000)  # a ping every 25 s, and ten that it may be late
    _connecting(stage)
    stage.ada.page.clock.fast_forward(5_000)

    stage.settled([])


def test_delayed(stage: Stage) -> None:
    stage.proxy.delay(0.2)
    stage.ada.enter(1)

    stage.write("One")
    stage.ada.say("Two")
    stage.write("Three")
    stage.ada.sees("Two")

    stage.settled(["POST /__data/rooms/1"])


def test_half_closed(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.proxy.half_close()
    stage.write("One", "Two", "Three")

    stage.settled([])


@pytest.mark.parametrize("count", [1, 2, 30, 130])
def test_cut_in_the_middle_of_a_frame(stage: Stage, count: int) -> None:
    stage.ada.enter(1)

    stage.proxy.cut_after(count)
    stage.write("One", "Two", "Three")

    stage.settled([])


def test_cut_in_the_middle_of_an_answer(stage: Stage) -> None:
    stage.write(*(f"Message {number}" for number in range(20)))
    stage.ada.enter(1)

    def cut(route: Route) -> None:
        stage.proxy.cut_after(
            1000
        )  # the head and a part of the content: nothing that a browser would ask again for
        route.continue_()

    stage.ada.page.route("**/__data/**", cut, times=1)
    stage.ada.say("Stored, and the answer is lost")
    stage.ada.page.get_by_role("heading", name="500").wait_for()
    stage.proxy.heal()
    stage.ada.requests.clear()
    stage.ada.page.reload()

    stage.settled(["GET /rooms/1"])


@pytest.mark.parametrize("meanwhile", [[], ["One", "Two"]])
def test_a_restart_with_the_memory_broker(stage: Stage, meanwhile: list[str]) -> None:
    stage.ada.enter(1)

    stage.proxy.cut()
    stage.write("Before the deploy")
    stage.server.restart()
    stage.write(*meanwhile)
    stage.proxy.heal()

    stage.settled([LOADER])


def test_a_restart_while_the_network_is_fine(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.server.restart()
    stage.write("One", "Two")

    stage.settled([LOADER])


def test_pain_8_a_background_tab(stage: Stage) -> None:
    stage.ada.enter(1)
    browser = stage.ada.context.new_cdp_session(stage.ada.page)

    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    stage.write("One", "Two")
    stage.proxy.drop()
    stage.write("Three")
    browser.send("Page.setWebLifecycleState", {"state": "active"})

    stage.settled([])


def test_offline_and_online(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.ada.context.set_offline(True)
    stage.proxy.drop()
    _connecting(stage)
    stage.write("One", "Two", "Three")
    stage.ada.context.set_offline(False)

    stage.settled([])


def test_offline_for_longer_than_the_history_reaches(stage: Stage) -> None:
    stage.ada.enter(1)

    stage.ada.context.set_offline(True)
    stage.proxy.drop()
    _connecting(stage)
    stage.write(*(f"Message {number:03}" for number in range(305)))  # the channel keeps 300
    stage.ada.context.set_offline(False)

    stage.settled([LOADER])


def test_back_from_the_history_of_the_browser(stage: Stage) -> None:
    """A document from the browser's cache would carry positions of yesterday; live answers are ``no-store``."""
    stage.ada.enter(1)

    stage.ada.page.goto("about:blank")
    stage.write("One", "Two")
    stage.ada.page.go_back()
    stage.ada.live()

    stage.settled(["GET /rooms/1"])


# Hydration of a slow page


def test_pain_6_publications_before_during_and_after_hydration(rows: Server, arrive: Arrive) -> None:
    visitor = arrive(rows.url)
    page = visitor.page
    publish(rows, "rendered")

    def hold(route: Route) -> None:
        publish(rows, "before")
        route.continue_()

    page.route("**/assets/client-*.js", hold, times=1)
    with page.expect_websocket() as line:
        page.goto(f"{rows.url}/slow")
    page.locator("[data-outer]").wait_for()
    with line.value.expect_event("framereceived", lambda frame: '"during"' in frame):
        publish(rows, "during")
    for part in (".outer", ".inner"):
        assert _rows(visitor, part) == ["1 rendered 1"]

    page.evaluate("dispatchEvent(new Event('code'))")
    page.locator("[data-inner]").wait_for()
    publish(rows, "after")

    for part in (".outer", ".inner"):
        page.locator(f"{part} li", has_text="after").wait_for()
        assert _rows(visitor, part) == ["1 rendered 1", "2 before 1", "3 during 1", "4 after 1"]
    assert visitor.requests == ["GET /slow"]


def _rows(visitor: Person, part: str) -> list[str]:
    """What stands on the screen."""
    items = visitor.page.locator(f"{part} li").filter(visible=True)
    return items.all_inner_texts()
