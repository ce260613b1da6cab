"""The route table."""

from offhook import layout, route

routes = [layout("routes/shell", [route("form", "routes/form")])]
