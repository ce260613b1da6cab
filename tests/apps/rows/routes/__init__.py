"""The route table."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/home"),
            route("folded", "routes/folded"),
            route("reloaded", "routes/reloaded"),
            route("slow", "routes/slow"),
            route("burst", "routes/burst"),
        ],
    )
]
