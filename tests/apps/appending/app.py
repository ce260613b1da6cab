"""The list as one ASGI application: ``offhook serve tests.apps.appending.app:app``."""

from offhook import App
from tests.apps.appending.channels import Notes
from tests.apps.appending.routes import routes

app = App(routes, channels=[Notes])
