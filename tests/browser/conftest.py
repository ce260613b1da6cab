"""Chromium, the examples served for real, and visitors."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Person
from tests.servers import Server

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]

Arrive = Callable[..., Person]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing; scripts/test installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def chat(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """The chat with an empty database."""
    build("examples.chat.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"
    with Server("examples.chat.app:app", CHAT_DATABASE=database, CHAT_SECRET="a secret for tests only") as server:
        yield server


@pytest.fixture
def rows(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """A table without rows, and its pages."""
    build("tests.apps.rows.app:app")
    with Server("tests.apps.rows.app:app", ROWS_DATABASE=f"{tmp_path}/rows.sqlite3") as server:
        yield server


def publish(rows: Server, text: str) -> None:
    """Somebody else adds a row."""
    answer = httpx.post(f"{rows.url}/folded", data={"text": text})
    assert answer.status_code == 303, answer.text


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Arrive]:
    """Opens the door for visitors; at the end nobody's console may hold a complaint."""
    people: list[Person] = []

    def run(base: str, **options: object) -> Person:
        people.append(Person.arrive(browser, base, **options))
        return people[-1]

    yield run
    complaints = {index: person.complaints() for index, person in enumerate(people)}
    for person in people:
        person.context.close()
    assert not any(complaints.values()), complaints
