"""What an action has answered stays on the screen while the page's loaders run again."""

import pytest

from tests.browser.conftest import Arrive, publish
from tests.servers import Server


@pytest.mark.parametrize(
    "how", ["form => form.requestSubmit()", "form => form.submit()"], ids=["page", "document"]
)
def test_a_forms_error_stays_while_somebody_else_publishes(rows: Server, arrive: Arrive, how: str) -> None:
    ada = arrive(rows.url)
    ada.goto("/reloaded")
    ada.page.get_by_label("id").fill("not a number")
    ada.page.locator("form").evaluate(how)  # `submit` goes past the script, as if there were none
    error = ada.page.locator("output", has_text="id")
    error.wait_for()
    ada.hydrated()
    ada.live()

    for number in (1, 2):
        publish(rows, "by another")
        ada.page.get_by_text(f"{number} by another 1").wait_for()

    assert error.is_visible()
