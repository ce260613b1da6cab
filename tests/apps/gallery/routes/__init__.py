"""The route table."""

from offhook import index, layout, prefix, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/photos"),
            route("photos/:name", "routes/photo"),
            route("sign-in", "routes/sign_in"),
            layout("routes/guard", prefix("admin", [index("routes/admin"), route("log", "routes/log")])),
        ],
    ),
    route("feed.xml", "routes/feed"),
    route("hooks/payment", "routes/payment"),
]
