"""What React's development build is told about code that would be wrong one day."""

from collections.abc import Callable

from tests.browser.conftest import Arrive
from tests.servers import Server


def test_a_reducer_that_appends_is_told_so_with_its_route(build: Callable[[str], None], arrive: Arrive) -> None:
    build("tests.apps.appending.app:app")
    with Server("tests.apps.appending.app:app") as server:
        visitor = arrive(server.url)
        visitor.goto("/")

        with visitor.page.expect_console_message(lambda said: said.type == "warning") as warning:
            visitor.page.get_by_role("button", name="Add").click()

        assert 'the reducer of route "routes/home" is not idempotent' in warning.value.text
        assert "as upsert does" in warning.value.text
        assert visitor.console == [warning.value.text]
        visitor.console.clear()
