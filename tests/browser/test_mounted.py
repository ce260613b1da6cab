"""The engine mounted in other frameworks' applications: their pages in Chromium, without a line of React."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.servers import Server


@pytest.fixture
def kitchen() -> Iterator[Server]:
    with Server("examples.fastapi_app.app:app") as server:
        yield server


@pytest.fixture
def vote() -> Iterator[Server]:
    with Server("examples.starlette_app.app:app") as server:
        yield server


def test_orders_in_a_fastapi_application(kitchen: Server, arrive: Arrive) -> None:
    ann, bob = (arrive(kitchen.url) for _ in range(2))
    for person in (ann, bob):
        person.page.goto(kitchen.url)
        expect(person.page.locator(".line")).to_have_text("connected")

    ann.page.get_by_label("Dish").fill("Soup <b>of the day</b>")
    ann.page.get_by_role("button", name="Order").click()
    expect(bob.page.locator("[data-step=ordered] li")).to_have_text("1. Soup <b>of the day</b>Cook")

    bob.page.get_by_role("button", name="Cook").click()
    expect(ann.page.locator("[data-step=cooking] li")).to_have_text("1. Soup <b>of the day</b>Done")
    expect(ann.page.locator("[data-step=ordered] li")).to_have_count(0)

    kitchen.restart()  # its memory is empty; what is on the screens comes from before
    ann.failures_expected = bob.failures_expected = True
    expect(ann.page.locator(".line")).to_have_text("connected")
    ann.page.get_by_label("Dish").fill("Bread")
    ann.page.get_by_role("button", name="Order").click()
    expect(bob.page.get_by_text("1. Bread")).to_be_visible()


def test_a_vote_in_a_starlette_application(vote: Server, arrive: Arrive) -> None:
    ann, bob = (arrive(vote.url) for _ in range(2))
    for person in (ann, bob):
        person.page.goto(vote.url)
        expect(person.page.locator(".line")).to_have_text("connected")

    ann.page.get_by_role("button", name="Coffee").click()
    ann.page.get_by_role("button", name="Coffee").click()
    expect(bob.page.get_by_role("button", name="Coffee")).to_have_text("Coffee2")

    bob.page.get_by_role("button", name="Start again").click()
    expect(ann.page.get_by_role("button", name="Coffee")).to_have_text("Coffee0")

    ann.failures_expected = bob.failures_expected = True
    vote.restart()
    ann.page.get_by_role("button", name="Tea").click()
    expect(bob.page.get_by_role("button", name="Tea")).to_have_text("Tea1")
