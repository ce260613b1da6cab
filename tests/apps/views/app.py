"""The views as one ASGI application: ``offhook serve tests.apps.views.app:app``."""

from typing import Literal

from offhook import App
from tests.apps.views.channels import Ticks
from tests.apps.views.routes import routes


def views(render: Literal["v8", "none"] = "v8") -> App:
    """The application."""
    return App(routes, channels=[Ticks], render=render, module=__name__)


app = views()
