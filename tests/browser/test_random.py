"""The simulation of ``tests/simulation``, short, in Chromium and with real time, sockets and processes."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from offhook.testing.proxy import FaultProxy
from tests.apps.rows.store import Store
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

STEPS = 30
_SHOWS = """async () => {
    const shown = [...document.querySelectorAll("li")].map((each) => each.textContent);
    const failed = [...document.querySelectorAll("a")].find((each) => each.textContent === "Folded");
    if (document.querySelector("[role=alert]")) failed.click();
    return JSON.stringify(shown) === JSON.stringify(await table());
}"""
"""Whether the screen is the table of this moment: a change whose answer was lost may still be on its way to it.

Somebody who sees an error goes where the rows are.
"""


@dataclass
class World:
    """A table, its server, and two tabs behind networks that fail."""

    chance: random.Random
    server: Server
    store: Store
    tabs: list[tuple[Person, FaultProxy]]
    log: list[str] = field(default_factory=list)

    def happen(self) -> None:
        """Something."""
        person, proxy = self.chance.choice(self.tabs)
        happenings: dict[str, Callable[[], object]] = {
            "write": self.write,
            "change": lambda: self.change(person),
            "navigate": lambda: self._click(person, self.chance.choice(("Folded", "Reloaded"))),
            "revalidate": lambda: self._click(person, "Again"),
            "cut": proxy.cut,
            "drop": proxy.drop,
            "half_close": proxy.half_close,
            "cut_after": lambda: proxy.cut_after(self.chance.randrange(400)),
            "freeze": proxy.freeze,
            "heal": proxy.heal,
            "restart": self.server.restart,
        }
        what = self.chance.choices(list(happenings), [8, 8, 3, 2, 1, 2, 1, 1, 1, 5, 1])[0]
        self.log.append(what)
        happenings[what]()
        person.page.wait_for_timeout(self.chance.choice((0, 0, 50, 300)))

    def write(self) -> None:
        """By a program; whoever waits for an answer gets one."""
        change = {"text": "w", "id": self._some_row(), "how": self.chance.choice(("plain", "covered", "failing"))}
        httpx.post(f"{self.server.url}/folded", data=change)

    def change(self, person: Person) -> None:
        """In the page, where it may be refused, or nobody may answer."""
        how, after = (
            self.chance.choice(("plain", "covered", "refused", "failing")),
            self.chance.choice(("0", "0.2")),
        )
        fields = {"text": "c", "id": self._some_row(), "how": how, "after": after}
        person.page.evaluate(
            """fields => {
                const form = document.querySelector("form");
                if (!form) return;
                for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
                form.requestSubmit();
            }""",
            fields,
        )

    def _some_row(self) -> str:
        return str(self.chance.choice([0, *(row.id for row in self.store.rows())]))

    def _click(self, person: Person, text: str) -> None:
        person.page.get_by_text(text, exact=True).first.evaluate("each => each.click()")

    def settle(self) -> None:
        """All heals; then both screens are the table."""
        for _, proxy in self.tabs:
            proxy.heal()
        for person, _ in self.tabs:
            person.page.wait_for_function(_SHOWS, timeout=60_000)

    def table(self) -> list[str]:
        """What a screen has to show."""
        return [f"{row.id} {row.text} {row.rev}" for row in self.store.rows()]


@pytest.fixture
def rows(build: Callable[[str], None], tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    build("tests.apps.rows.app:app")
    path = tmp_path / "rows.sqlite3"
    with Server("tests.apps.rows.app:app", ROWS_DATABASE=str(path)) as server:
        yield server, path
        server.log = ""  # actions that fail on purpose leave their tracebacks


@pytest.mark.parametrize("seed", range(3))
def test_once_it_is_quiet_every_screen_is_true(rows: tuple[Server, Path], arrive: Arrive, seed: int) -> None:
    server, path = rows
    proxies = FaultProxy(server.port), FaultProxy(server.port)
    with proxies[0] as one, proxies[1] as two, closing(Store(str(path))) as store:
        tabs = [(arrive(f"http://127.0.0.1:{proxy.port}"), proxy) for proxy in (one, two)]
        world = World(random.Random(seed), server, store, tabs)
        try:
            for (person, _), page in zip(tabs, ("/folded", "/reloaded"), strict=True):
                person.failures_expected = True
                person.page.expose_function("table", world.table)
                person.goto(page)
            for number in range(STEPS):
                world.happen()
                if number % 10 == 9:
                    world.settle()
        except Exception as failure:
            failure.add_note(f"seed {seed}, after {world.log}")
            raise
        finally:
            world.store.close()
