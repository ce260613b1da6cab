"""Every input of HTML, and what it becomes. ``offhook serve tests.apps.inputs.app:app``."""

from offhook import App
from tests.apps.inputs.routes import routes

app = App(routes, module=__name__)
