"""Somebody at a browser: one context with its own cookies, and a record of what the page did."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request

_STATUS = "Failed to load resource: the server responded with a status of"
"""Chromium logs every 4xx answer as an error, also those that a test asks for."""


@dataclass
class Person:
    """A visitor. ``console`` has the errors and warnings, ``requests`` the documents and data requests."""

    context: BrowserContext
    page: Page
    base: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failures_expected: bool = False
    """Set by a test that cuts the network: the browser then logs what it could not load."""

    @classmethod
    def arrive(cls, browser: Browser, base: str, **options: Any) -> "Person":
        """Open a new context, as a stranger."""
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        person = cls(context, context.new_page(), base)
        person.watch(person.page)
        return person

    def watch(self, page: Page) -> None:
        """Record what *page* logs and asks for."""
        page.on(
            "console", lambda said: self.console.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if request.resource_type in ("document", "fetch", "xhr"):
            self.requests.append(f"{request.method} {request.url.removeprefix(self.base)}")

    def goto(self, path: str) -> None:
        """Load a document and wait until it is hydrated."""
        self.page.goto(self.base + path)
        self.hydrated()

    def hydrated(self) -> None:
        """Wait until the root is interactive."""
        # Not by a function: a page's policy may forbid the evaluation of text.
        self.page.locator("html[data-hydrated]").wait_for(state="attached")

    def sign_in(self, name: str) -> "Person":
        """Through the form, as anybody would."""
        self.goto("/sign-in")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("link", name="Lobby").wait_for()
        return self

    def enter(self, room: int) -> "Person":
        """Load the document of a room and wait for its line."""
        self.goto(f"/rooms/{room}")
        self.live()
        self.requests.clear()
        return self

    def live(self) -> None:
        """Wait until the line is open."""
        self.page.locator(".line[data-status=open]").wait_for()

    def say(self, text: str) -> None:
        """Post a message through the form."""
        self.page.get_by_label("Message").fill(text)
        self.page.get_by_role("button", name="Send").click()

    def sees(self, text: str, times: int = 1) -> None:
        """Wait until the message is on the screen, and check how often."""
        found = self.page.locator(".messages p", has_text=text)
        found.first.wait_for()
        assert found.count() == times, f"{text!r} stands {found.count()} times on the screen"

    def messages(self) -> list[str]:
        """The messages on the screen."""
        return self.page.locator(".messages p").all_inner_texts()

    def complaints(self) -> list[str]:
        """What the console holds against the page."""
        return [line for line in self.console if not (self.failures_expected or line.startswith(_STATUS))]
