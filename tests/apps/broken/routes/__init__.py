"""The route table."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/good"),
            route("loop", "routes/loop"),
            route("allocate", "routes/allocate"),
            route("throw", "routes/throw"),
        ],
    )
]
