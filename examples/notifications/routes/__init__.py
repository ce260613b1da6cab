"""The route table: pages inside the shell, and one address for programs."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/inbox"),
            route("send", "routes/send"),
            route("sign-in", "routes/sign_in"),
            route("sign-out", "routes/sign_out"),
        ],
    ),
    route("api/notifications", "routes/api"),
]
