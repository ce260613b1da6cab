"""The same, rendered in the browser alone: ``offhook serve tests.apps.views.unrendered:app``."""

from tests.apps.views.app import views

app = views(render="none")
