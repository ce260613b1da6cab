"""What every renderer has to do. A renderer's test inherits from this and makes one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from offhook.pages.page import Page, RouteError
from offhook.pages.render.base import Rendered, Renderer

RAW = msgspec.Raw(b'{"text":"</script>"}')


class RendererConformance:
    """Renderers of a bundle whose outermost view renders a head and a body."""

    def make(self) -> Renderer:
        raise AssertionError("make a renderer here")

    def run(self, act: Callable[[Renderer], Awaitable[Any]]) -> Any:
        async def scenario() -> Any:
            renderer = self.make()
            await renderer.start()
            try:
                return await act(renderer)
            finally:
                await renderer.close()

        return asyncio.run(scenario())

    def test_a_page_becomes_a_document(self) -> None:
        rendered: Rendered = self.run(lambda renderer: renderer.render(Page("/", {"home": RAW})))

        assert rendered.html.startswith("<html")
        assert rendered.html.endswith("</html>")
        assert rendered.html.count("</head>") == rendered.html.count("</body>") == 1
        assert rendered.errors is None

    def test_errors_come_back_as_the_browser_revives_them(self) -> None:
        page = Page("/", {}, errors={"home": RouteError(404, msgspec.Raw(b'"gone"'))})

        rendered: Rendered = self.run(lambda renderer: renderer.render(page))

        [error] = (rendered.errors or {}).values()
        shown = msgspec.json.decode(msgspec.json.encode(error))
        assert shown["__type"] == "RouteErrorResponse"
        assert (shown["status"], shown["data"], shown["internal"]) == (404, "gone", False)

    def test_many_pages_at_once(self) -> None:
        async def act(renderer: Renderer) -> list[Rendered]:
            pages = (renderer.render(Page(f"/{number}", {"home": RAW})) for number in range(50))
            return await asyncio.gather(*pages)

        assert len(self.run(act)) == 50

    def test_it_can_be_started_again(self) -> None:
        async def act(renderer: Renderer) -> Rendered:
            await renderer.close()
            await renderer.start()
            return await renderer.render(Page("/", {}))

        assert self.run(act).html
