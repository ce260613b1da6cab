"""No rendering on the server."""

from offhook.pages.render.base import Renderer
from offhook.pages.render.none import NoRenderer

from .conformance import RendererConformance


class TestNoRenderer(RendererConformance):
    def make(self) -> Renderer:
        return NoRenderer()
