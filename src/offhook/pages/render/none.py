"""No rendering on the server: an empty document with the page's data, which the browser renders."""

from offhook.pages.page import Page
from offhook.pages.render.base import Rendered, unrendered


class NoRenderer:
    """Leaves it to the browser."""

    async def start(self) -> None:
        """Nothing to start."""

    async def render(self, page: Page) -> Rendered:
        """The empty document."""
        return unrendered(page)

    async def close(self) -> None:
        """Nothing to stop."""
