"""From a page to its document: rendered, with the build's tags and the policy that goes with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from offhook.base.env import SYSTEM, Env
from offhook.base.incoming import Incoming
from offhook.base.observe import PAGES
from offhook.pages.assets import Assets
from offhook.pages.conditional import Document
from offhook.pages.csp import ContentPolicy
from offhook.pages.document import document
from offhook.pages.page import Page
from offhook.pages.render.base import Renderer, RenderError, unrendered


@dataclass(frozen=True, slots=True)
class Documents:
    """Makes documents.

    :param policy: what their scripts and styles may be; None: anything.
    """

    renderer: Renderer
    assets: Assets
    policy: ContentPolicy | None = None
    env: Env = SYSTEM

    async def show(self, page: Page, views: Sequence[str | None], status: int, came: Incoming) -> Document:
        """The document of *page*, which *came* asks for."""
        nonce = self.env.uuid() if self.policy else ""
        html = await self._render(replace(page, nonce=nonce, root=came.root), [view for view in views if view])
        response = Document(html, status, nonce=nonce)
        response.headers["x-content-type-options"] = "nosniff"
        if self.policy:
            response.headers["content-security-policy"] = self.policy.header(nonce, came)
        return response

    async def _render(self, page: Page, views: Sequence[str]) -> str:
        """A page that does not render here is rendered by the browser, from the same data."""
        build, head = self.assets.build, self.assets.head(views, page.nonce, page.root)
        try:
            return document(await self.renderer.render(page), page, build, head)
        except RenderError as error:
            PAGES.error("rendering %s failed: %s", page.url.partition("?")[0], error)
            return document(unrendered(page), page, build, head)
