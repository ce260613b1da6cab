"""The dashboard: one page of three routes, each kept true in its own way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

ONLY_TOTALS = "GET /__data/?_routes=routes%2Ftotals"


@pytest.fixture
def dashboard(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """The dashboard in the morning."""
    build("examples.dashboard.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/dashboard.sqlite3"
    with Server("examples.dashboard.app:app", DASHBOARD_DATABASE=database) as server:
        yield server


def _open(person: Person) -> Person:
    person.goto("/")
    person.live()
    person.requests.clear()
    return person


def _book(person: Person, item: str, quantity: int) -> None:
    person.page.get_by_label("Item").select_option(item)
    person.page.get_by_label("Pieces").fill(str(quantity))
    person.page.get_by_role("button", name="Book").click()


def _order(person: Person, number: int, item: str) -> None:
    """Wait until the order stands in the table, once."""
    rows = person.page.locator("tbody tr", has=person.page.locator(f"td:first-child:text-is('{number}')"))
    rows.filter(has_text=item).first.wait_for()
    assert rows.count() == 1


def _left(person: Person, item: str, left: str) -> None:
    """Wait until so many lie on the shelf."""
    row = person.page.locator(".shelf li", has_text=item)
    row.locator("output", has_text=left).wait_for()


def _total(person: Person, name: str, value: str) -> None:
    """Wait until the number at the top is *value*."""
    box = person.page.locator(".totals div", has_text=name)
    box.get_by_text(value, exact=True).wait_for()


def _screen(person: Person) -> str:
    return person.page.locator("main").inner_text()


def test_an_order_changes_all_parts_of_the_other_page(dashboard: Server, arrive: Arrive) -> None:
    ada, grace = _open(arrive(dashboard.url)), _open(arrive(dashboard.url))

    _book(ada, "Croissant", 3)

    for person in (ada, grace):
        _order(person, 1, "Croissant")
        _left(person, "Croissant", "57")
        _total(person, "Turnover", "€ 6.30")
        _total(person, "Pieces", "3")
    loads = [each for each in grace.requests if "routes%2Fshell" not in each]
    assert set(loads) == {ONLY_TOTALS}
    assert len(loads) <= 2  # two publications: one run, and one more for what came during it


def test_a_refused_order_changes_nothing(dashboard: Server, arrive: Arrive) -> None:
    ada, grace = _open(arrive(dashboard.url)), _open(arrive(dashboard.url))

    _book(ada, "Rye with walnuts", 9)

    refusal = ada.page.get_by_role("alert").get_by_text("not enough")
    refusal.wait_for()
    _left(ada, "Rye with walnuts", "8")
    assert grace.requests == []

    _book(grace, "Croissant", 1)
    _total(ada, "Orders", "1")
    assert refusal.is_visible(), "what the form was told has gone when a loader ran again"


def test_many_orders_at_once_run_few_loaders(dashboard: Server, arrive: Arrive) -> None:
    ada, grace = _open(arrive(dashboard.url)), _open(arrive(dashboard.url))

    for _ in range(20):
        form: dict[str, str | float | bool] = {"item": 1, "quantity": 1}
        answer = ada.context.request.post(f"{dashboard.url}/?index", form=form, max_redirects=0)
        assert answer.status == 303

    _order(grace, 20, "Sourdough")
    _left(grace, "Sourdough", "4")
    _total(grace, "Orders", "20")
    _total(grace, "Nearly gone", "Sourdough")
    assert len([each for each in grace.requests if each == ONLY_TOTALS]) <= 20
    assert len([each for each in grace.requests if "routes%2Fcounter" in each]) == 0


def test_the_oven_is_asked_now_and_then(dashboard: Server, arrive: Arrive) -> None:
    ada = arrive(dashboard.url)
    ada.page.clock.install()
    _open(ada)
    oven = ada.page.locator(".oven")
    reading = int(oven.get_attribute("data-reading") or "")

    for number in (1, 2):
        ada.page.clock.run_for(5000)
        ada.page.locator(f".oven[data-reading='{reading + number}']").wait_for()

    assert ada.requests == ["GET /__data/?_routes=routes%2Fshell"] * 2


def test_a_cut_line_catches_up(dashboard: Server, arrive: Arrive) -> None:
    with FaultProxy(dashboard.port) as proxy:
        ada, grace = _open(arrive(f"http://127.0.0.1:{proxy.port}")), _open(arrive(dashboard.url))
        ada.failures_expected = True

        proxy.cut()
        ada.page.locator(".line[data-status=connecting]").wait_for()
        _book(grace, "Cinnamon roll", 2)
        _order(grace, 1, "Cinnamon roll")
        proxy.heal()

        ada.live()
        _order(ada, 1, "Cinnamon roll")
        _left(ada, "Cinnamon roll", "34")
        _total(ada, "Turnover", "€ 5.20")
        _total(grace, "Turnover", "€ 5.20")
        assert _screen(ada) == _screen(grace)
        assert [each for each in ada.requests if "routes%2Fcounter" in each] == []


def test_a_restart_runs_the_loaders(dashboard: Server, arrive: Arrive) -> None:
    ada = _open(arrive(dashboard.url))
    ada.failures_expected = True

    dashboard.restart()
    grace = _open(arrive(dashboard.url))
    _book(grace, "Croissant", 1)

    for person in (ada, grace):
        _order(person, 1, "Croissant")
        _total(person, "Turnover", "€ 2.10")
        _left(person, "Croissant", "59")
    assert _screen(ada) == _screen(grace)


def test_without_javascript_an_order_can_be_booked(dashboard: Server, arrive: Arrive) -> None:
    ada = arrive(dashboard.url, java_script_enabled=False)
    ada.page.goto(dashboard.url)

    _book(ada, "Croissant", 2)

    _order(ada, 1, "Croissant")
    _left(ada, "Croissant", "58")
    assert ada.page.url == f"{dashboard.url}/"
    _book(ada, "Rye with walnuts", 12)
    assert ada.page.get_by_role("alert").is_visible()
