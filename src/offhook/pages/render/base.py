"""What a renderer is: it makes the HTML of one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from offhook.pages.page import Page


class RenderError(Exception):
    """The page could not be rendered. The browser renders it from the data instead."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The document from ``<html>`` to ``</html>``, and the errors by the route whose boundary shows them."""

    html: str
    errors: Mapping[str, Any] | None


_SHELL = (
    '<html lang="en"><head><meta charset="utf-8"/>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"/></head><body></body></html>'
)


def unrendered(page: Page) -> Rendered:
    """The empty document, which the browser fills from the page's data. It also finds the boundary of an error."""
    return Rendered(_SHELL, page.error_responses())


class Renderer(Protocol):
    """Renders pages between ``start`` and ``close``, many at a time.

    ``render`` raises ``RenderError`` and nothing else, whatever the application's views do; it ends within the
    renderer's deadline, and one bad page does not disturb the others.
    """

    async def start(self) -> None: ...

    async def render(self, page: Page) -> Rendered: ...

    async def close(self) -> None: ...
