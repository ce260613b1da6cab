"""The route table."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/board"),
            route("sign-in", "routes/sign_in"),
            route("sign-out", "routes/sign_out"),
        ],
    ),
]
