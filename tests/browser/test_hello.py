"""The walk-through's page: both tables, drawn from the live line, for both endings."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.examples.test_walkthrough import expected
from tests.servers import Server


@pytest.fixture
def hello(build: Callable[[str], None]) -> Iterator[Server]:
    build("examples.hello.app:app")
    with Server("examples.hello.app:app") as server:
        yield server


def _table(person: Person, name: str) -> list[list[str]]:
    rows = person.page.locator(f"#{name} tbody tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def _cells(rows: list[msgspec.Struct]) -> list[list[str]]:
    return [[str(cell) for cell in msgspec.structs.astuple(row)] for row in rows]


def test_the_page_draws_both_tables_for_both_endings(hello: Server, arrive: Arrive) -> None:
    visitor = arrive(hello.url)
    visitor.goto("/")

    visitor.page.locator("#steps tr", has_text="Closed by the client").wait_for()
    assert _table(visitor, "steps") == _cells(list(expected("client").rows))
    assert _table(visitor, "changes") == _cells(list(expected("client").changes))

    visitor.page.get_by_role("button", name="the server closes").click()
    visitor.page.locator("#steps tr", has_text="Closed by the server").wait_for()
    assert _table(visitor, "steps") == _cells(list(expected("server").rows))
    assert _table(visitor, "changes") == _cells(list(expected("server").changes))


def test_without_javascript_the_page_says_what_it_would_do(hello: Server, arrive: Arrive) -> None:
    visitor = arrive(hello.url, java_script_enabled=False)
    visitor.page.goto(hello.url)
    assert "Hello Server" in visitor.page.inner_text("main")
