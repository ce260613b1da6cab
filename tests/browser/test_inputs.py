"""Every input of HTML in Chromium: with and without JavaScript a form means the same."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.servers import Server

Fill = Callable[[Locator], None]


@pytest.fixture(scope="module")
def server(build: Callable[[str], None]) -> Iterator[Server]:
    build("tests.apps.inputs.app:app")
    with Server("tests.apps.inputs.app:app") as running:
        yield running


def nothing(form: Locator) -> None:
    form.locator("[name=number]").fill("5")
    form.locator("[name=price]").fill("1.50")


def everything(form: Locator) -> None:
    nothing(form)
    texts = {"text": "é ☃", "note": "a", "area": "ab\ncd\nefg", "count": "0", "day": "2026-11-30", "at": "09:30"}
    texts |= {
        "when": "2026-11-30T09:30",
        "month": "2026-11",
        "week": "2026-W49",
        "color": "#aabbcc",
        "slider": "7",
    }
    for name, text in texts.items():
        form.locator(f"[name={name}]").fill(text)
    for name in ("agree", "news", "tags", "size"):
        form.locator(f"[name={name}]").last.check()
    form.locator("[name=kind]").select_option("tea")
    form.locator("[name=many]").select_option(["1", "2"])


def wrong(form: Locator) -> None:
    form.locator("[name=price]").fill("NaN")
    form.locator("[name=number]").fill("1.5")


NOTHING = {
    **{"text": "''", "note": "None", "area": "''", "number": "5", "count": "None", "slider": "50.0"},
    **{"price": "Decimal('1.50')", "day": "None", "at": "None", "when": "None", "month": "None", "week": "None"},
    **{"color": "'#000000'", "agree": "False", "news": "False", "tags": "", "size": "'s'"},
    **{"kind": "<Kind.NONE: ''>", "many": "frozenset()", "file": "None", "files": ""},
}
EVERYTHING = {
    **NOTHING,
    **{"text": "'é ☃'", "note": "'a'", "area": r"'ab\ncd\nefg'", "count": "0", "slider": "7.0"},
    **{"day": "datetime.date(2026, 11, 30)", "at": "datetime.time(9, 30)"},
    **{"when": "datetime.datetime(2026, 11, 30, 9, 30)", "month": "datetime.date(2026, 11, 1)"},
    **{"week": "datetime.date(2026, 11, 30)", "color": "'#aabbcc'", "agree": "True", "news": "True"},
    **{"tags": "'b'", "size": "'l'", "kind": "<Kind.TEA: 'tea'>", "many": "frozenset({1, 2})"},
}
WRONG = {"price": "type", "number": "type"}


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("which", ["plain", "files"])
@pytest.mark.parametrize(("fill", "expected"), [(nothing, NOTHING), (everything, EVERYTHING), (wrong, WRONG)])
def test_a_form(
    server: Server, arrive: Arrive, fill: Fill, expected: dict[str, str], which: str, javascript: bool
) -> None:
    visitor = arrive(server.url, java_script_enabled=javascript)
    visitor.page.goto(f"{server.url}/form")
    if javascript:
        visitor.hydrated()
    form = visitor.page.locator(f"#{which}")
    fill(form)
    if which == "files" and fill is everything:
        files: Any = [{"name": name, "mimeType": "text/plain", "buffer": b"x"} for name in ("ü.txt", "b.txt")]
        form.locator("[name=file]").set_input_files(files[:1])
        form.locator("[name=files]").set_input_files(files)
        expected = expected | {"file": "ü.txt 1", "files": "ü.txt 1, b.txt 1"}

    form.get_by_role("button", name="Send").click()

    answer = visitor.page.locator("output")
    expect(answer).not_to_have_text("null")
    shown = json.loads(answer.inner_text())
    errors = {name: error["code"] for name, error in shown.get("errors", {}).items()}
    assert (errors or shown) == expected
