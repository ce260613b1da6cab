"""The route table of the walk-through."""

from offhook import index, layout, route

routes = [
    layout("routes/shell", [index("routes/walkthrough")]),
    route("echo", "routes/echo"),
    route("runs/:run", "routes/run"),
]
