"""The route table."""

from offhook import index, layout

routes = [layout("routes/shell", [index("routes/home")])]
