"""Rendering in V8: pages that throw, run for ever or allocate without end, while others are rendered."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from offhook.base.limits import Limits
from offhook.pages.assets import Assets
from offhook.pages.handler import PagesHandler
from offhook.pages.page import Page
from offhook.pages.render import v8
from offhook.pages.render.base import Rendered, Renderer, RenderError
from offhook.pages.render.v8 import V8Renderer
from offhook.pages.routes import route

from ..support import Exchange, table
from .conformance import RendererConformance

BUNDLE = """
var OFFHOOK = (function () {
  "use strict";
  var kept = 0;
  function render(text) {
    var page = JSON.parse(text);
    if (page.url === "/throw") throw new Error("the view broke");
    if (page.url === "/loop") for (;;);
    if (page.url === "/deep") return (function down() { return down() + 1; })();
    if (page.url === "/allocate") for (var all = []; ; ) all.push(new Array(1e5).fill(all.length));
    if (page.url === "/nonsense") return "<html>";
    if (page.url === "/nothing") return undefined;
    kept += 1;
    var errors = null;
    Object.keys(page.errors || {}).forEach(function (id) {
      var shown = { status: page.errors[id].status, statusText: "", data: page.errors[id].data };
      errors = { root: Object.assign(shown, { internal: false, __type: "RouteErrorResponse" }) };
    });
    var body = page.url === "/echo" ? text.replace(/</g, "&lt;") : page.url + " " + kept;
    var html = "<html><head></head><body>" + body + "</body></html>";
    return JSON.stringify({ html: html, errors: errors, varies: page.url.startsWith("/varies") });
  }
  return { render: render };
})();
"""
LIMITS = Limits(render=0.5, render_memory=64 * 1024 * 1024)
PATIENT = replace(LIMITS, render=20.0)
"""For pages that fail by themselves, however busy the machine is."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "server.js"
    path.write_text(BUNDLE, "utf-8")
    return path


def run(
    bundle: Path,
    act: Callable[[V8Renderer], Awaitable[Any]],
    size: int = 1,
    fresh: bool = False,
    limits: Limits = LIMITS,
) -> Any:
    async def scenario() -> Any:
        renderer = V8Renderer(bundle, limits, size=size, fresh=fresh)
        await renderer.start()
        try:
            return await act(renderer)
        finally:
            await renderer.close()

    return asyncio.run(scenario())


class TestV8Renderer(RendererConformance):
    @pytest.fixture(autouse=True)
    def _bundle(self, bundle: Path) -> None:
        self.bundle = bundle

    def make(self) -> Renderer:
        return V8Renderer(self.bundle, LIMITS)


def test_what_the_bundle_gets(bundle: Path) -> None:
    value = {"__proto__": 1, "text": "\u2028</script>ä😀", "number": 1.5}
    page = Page("/echo", {"home": msgspec.Raw(msgspec.json.encode(value))}, {"home": msgspec.Raw(b"1")})

    html = run(bundle, lambda renderer: renderer.render(page)).html
    text = html.removeprefix("<html><head></head><body>").removesuffix("</body></html>")

    assert json.loads(text.replace("&lt;", "<")) == {
        "url": "/echo",
        "loaderData": {"home": value},
        "actionData": {"home": 1},
        "errors": None,
        "notFound": False,
        "nonce": None,
        "root": "",
    }


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/throw", "the view broke"),
        ("/deep", "call stack"),
        ("/loop", "longer than 0.5 s"),
        ("/allocate", "more than 67108864 bytes"),
        ("/nonsense", "did not answer with a page"),
        ("/nothing", "did not answer with a page"),
    ],
)
def test_a_page_that_fails_leaves_the_next_one_alone(bundle: Path, url: str, said: str) -> None:
    async def act(renderer: V8Renderer) -> Rendered:
        with pytest.raises(RenderError, match=said):
            await renderer.render(Page(url, {}))
        return await renderer.render(Page("/good", {}))

    limits = LIMITS if url == "/loop" else PATIENT
    assert "/good" in run(bundle, act, limits=limits).html


def test_twenty_others_are_rendered_beside_the_bad_ones(bundle: Path) -> None:
    async def act(renderer: V8Renderer) -> list[Any]:
        urls = ["/loop", "/allocate", "/throw", *(f"/{number}" for number in range(20)), "/loop", "/allocate"]
        pages = (renderer.render(Page(url, {})) for url in urls)
        return await asyncio.gather(*pages, return_exceptions=True)

    results = run(bundle, act, size=2)

    assert sum(isinstance(each, Rendered) for each in results) == 20
    assert sum(isinstance(each, RenderError) for each in results) == 5


def test_the_loop_runs_while_v8_works(bundle: Path) -> None:
    async def act(renderer: V8Renderer) -> int:
        ticks = 0
        rendering = asyncio.create_task(renderer.render(Page("/loop", {})))
        while not rendering.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert isinstance(rendering.exception(), RenderError)
        return ticks

    assert run(bundle, act) >= 10


def test_a_stopped_isolate_and_one_that_worked_long_enough_are_replaced(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(renderer: V8Renderer) -> list[str]:
        monkeypatch.setattr(v8, "RENDERS", 3)
        first = [(await renderer.render(Page("/a", {}))).html[25:29] for _ in range(4)]
        with pytest.raises(RenderError):
            await renderer.render(Page("/loop", {}))
        return [*first, (await renderer.render(Page("/a", {}))).html[25:29]]

    assert run(bundle, act) == ["/a 1", "/a 2", "/a 3", "/a 1", "/a 1"]


def test_a_request_that_is_cancelled_gives_its_place_back(bundle: Path) -> None:
    async def act(renderer: V8Renderer) -> Rendered:
        rendering = asyncio.create_task(renderer.render(Page("/loop", {})))
        waiting = asyncio.create_task(renderer.render(Page("/waiting", {})))
        await asyncio.sleep(0.05)
        rendering.cancel()
        waiting.cancel()
        await asyncio.gather(rendering, waiting, return_exceptions=True)
        return await renderer.render(Page("/good", {}))

    assert "/good" in run(bundle, act).html


@pytest.mark.parametrize("text", [None, "throw new Error('no')", "(", "var OTHER;"])
def test_a_bundle_that_does_not_load(bundle: Path, text: str | None) -> None:
    bundle.unlink()
    if text is not None:
        bundle.write_text(text)

    async def act(renderer: V8Renderer) -> None: ...

    with pytest.raises(RenderError, match=r"server\.js does not load"):
        run(bundle, act)


@pytest.mark.parametrize("text", [None, "throw new Error('no')"])
def test_a_bundle_that_is_built_anew_at_any_time_need_not_load_yet(bundle: Path, text: str | None) -> None:
    good = bundle.read_text()
    bundle.unlink()
    if text is not None:
        bundle.write_text(text)

    async def act(renderer: V8Renderer) -> Rendered:
        with pytest.raises(RenderError, match=r"server\.js does not load"):
            await renderer.render(Page("/good", {}))
        await asyncio.to_thread(bundle.write_text, good)
        return await renderer.render(Page("/good", {}))

    assert "/good" in run(bundle, act, fresh=True).html


def test_a_bundle_that_vanished_leaves_the_others_at_work(bundle: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def act(renderer: V8Renderer) -> Rendered:
        await asyncio.to_thread(bundle.unlink)
        with pytest.raises(RenderError):
            await renderer.render(Page("/loop", {}))
        return await renderer.render(Page("/good", {}))

    assert "/good" in run(bundle, act, size=2).html


def test_a_pool_that_lost_an_isolate_is_whole_again_when_the_bundle_is_back(bundle: Path) -> None:
    text = bundle.read_text()

    async def act(renderer: V8Renderer) -> Rendered:
        await asyncio.to_thread(bundle.unlink)
        for _ in range(2):
            with pytest.raises(RenderError):
                await renderer.render(Page("/loop", {}))
        await asyncio.to_thread(bundle.write_text, text)
        return await renderer.render(Page("/good", {}))

    assert "/good" in run(bundle, act, size=2).html


def test_a_page_that_waits_is_rendered_when_the_bundle_is_back(bundle: Path) -> None:
    text = bundle.read_text()

    async def act(renderer: V8Renderer) -> Rendered:
        await asyncio.to_thread(bundle.write_text, "half of a bun")
        with pytest.raises(RenderError):
            await renderer.render(Page("/loop", {}))
        page = asyncio.create_task(renderer.render(Page("/good", {})))
        while not renderer._making:
            await asyncio.sleep(0)
        await asyncio.gather(*renderer._making)
        await asyncio.to_thread(bundle.write_text, text)
        return await page

    assert "/good" in run(bundle, act).html


def test_a_bundle_that_was_built_anew_is_used_where_somebody_develops(bundle: Path) -> None:
    mended = bundle.read_text().replace("<body>", "<body>new ")

    async def scenario() -> list[str]:
        renderer = V8Renderer(bundle, LIMITS, fresh=True)
        await renderer.start()
        try:
            html = [(await renderer.render(Page("/a", {}))).html]
            for text in ("broken(", mended):
                await asyncio.to_thread(bundle.write_text, text)
                with contextlib.suppress(RenderError):
                    html.append((await renderer.render(Page("/a", {}))).html)
            return html
        finally:
            await renderer.close()

    before, after = asyncio.run(scenario())
    assert ("new" in before, "new" in after) == (False, True)


def test_a_page_that_varies_is_logged_without_its_query(bundle: Path, caplog: pytest.LogCaptureFixture) -> None:
    html = run(bundle, lambda renderer: renderer.render(Page("/varies?token=1", {}))).html

    assert "/varies" in html
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("rendering /varies twice makes two documents: ")


def test_a_page_that_does_not_render_is_left_to_the_browser(
    bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def loader() -> str:
        return "data"

    async def scenario() -> Exchange:
        app = PagesHandler(
            table([route("*", "any")], any={"loader": loader}), V8Renderer(bundle, LIMITS), Assets()
        )
        await app.start()
        exchange = Exchange("GET", "/throw")
        await exchange.run(app)
        await app.close()
        return exchange

    caplog.set_level(logging.WARNING)
    reply = asyncio.run(scenario()).reply

    assert (reply.status, reply.page["loaderData"]) == (200, {"any": "data"})
    [record] = caplog.records
    assert record.getMessage().startswith("rendering /throw failed: ")
    assert "the view broke" in record.getMessage()
