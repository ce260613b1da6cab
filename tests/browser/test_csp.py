"""The Content Security Policy of production, in Chromium; and uploads under it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Arrive
from tests.servers import ROOT, Server


@contextmanager
def production(target: str, **env: Any) -> Iterator[Server]:
    """*target*, built and served as in production."""
    subprocess.run([sys.executable, "-m", "offhook", "build", target], cwd=ROOT, check=True, timeout=300)
    with Server(target, mode="production", **env) as server:
        yield server


@pytest.fixture(scope="module")
def gallery() -> Iterator[Server]:
    """The gallery."""
    with production("tests.apps.gallery.app:app") as server:
        yield server


@pytest.mark.parametrize("name", ["hello", "chat", "board", "dashboard", "notifications"])
def test_the_examples_run_under_the_policy_without_a_complaint(name: str, arrive: Arrive, tmp_path: Path) -> None:
    database = {f"{name.upper()}_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/{name}.sqlite3"}
    with production(f"examples.{name}.app:app", **database) as server:
        visitor = arrive(server.url)
        answer = visitor.page.goto(server.url)
        visitor.hydrated()

        assert answer
        assert "script-src 'self' 'nonce-" in answer.headers["content-security-policy"]
        if name == "chat":
            visitor.sign_in("Ada").enter(1).live()
            visitor.say("Hello")
            visitor.sees("Hello")


def test_our_own_inline_script_and_style_attribute_pass(gallery: Server, arrive: Arrive) -> None:
    visitor = arrive(gallery.url)
    visitor.goto("/")
    page = visitor.page

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).margin") == "20px"


def test_what_slipped_in_does_not_run(gallery: Server, arrive: Arrive) -> None:
    visitor = arrive(gallery.url)
    visitor.goto("/")

    visitor.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.stolen = true";
          document.body.append(script);
          const image = document.createElement("div");
          image.innerHTML = "<img src='data:,' onerror='window.stolen = true'>";
          return new Promise((resolve) => {
            image.firstChild.addEventListener("error", () => setTimeout(resolve));
            document.body.append(image);
          });
        }"""
    )

    assert visitor.page.evaluate("window.stolen === undefined")
    complaints = [said for said in visitor.console if "Content Security Policy" in said]
    assert len(complaints) == len(visitor.console) == 2
    visitor.console.clear()


@pytest.mark.parametrize("javascript", [True, False])
def test_an_upload(gallery: Server, arrive: Arrive, javascript: bool) -> None:
    page = arrive(gallery.url, java_script_enabled=javascript).page
    page.goto(gallery.url)
    page.locator("input[name=title]").fill("Cat")
    page.locator("button").click()
    page.get_by_text("This field is required.").wait_for()
    assert page.locator("input[name=title]").input_value() == "Cat"

    file = {"name": "cat.png", "mimeType": "image/png", "buffer": b"x" * 2_000_000}
    page.locator("input[name=file]").set_input_files(file)  # type: ignore[arg-type]
    page.locator("button").click()

    page.get_by_text("Cat is there.").wait_for()
    assert page.locator("img").get_attribute("src") == "/photos/Cat.png"
