"""The walk-through as an application: ``offhook serve examples.hello.app:app --port 8080``."""

from examples.hello.routes import routes
from examples.hello.runs import Run
from offhook import App

app = App(routes, channels=[Run])
