"""The route table."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/home"),
            route("list", "routes/list"),
            route("polled", "routes/polled"),
            route("noted", "routes/noted"),
            route("clear", "routes/clear"),
        ],
    )
]
