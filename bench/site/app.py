"""A shell, a list of fifty items, and one item in it: a loader each."""

from bench.site.routes import routes
from offhook import App

app = App(routes)
