"""Little time and memory for a page, so that a test does not wait for what it shows."""

from offhook import App, Limits
from tests.apps.broken.routes import routes

app = App(routes, limits=Limits(render=3.0, render_memory=96 * 1024 * 1024))
