"""The route table."""

from offhook import index, layout, prefix, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/home"),
            route("note", "routes/note"),
            route("saved", "routes/saved"),
            route("clock", "routes/clock"),
            route("tally", "routes/tally"),
            route("slow", "routes/slow"),
            route("long", "routes/long"),
            route("echo", "routes/echo"),
            route("brittle", "routes/brittle"),
            route("links", "routes/links"),
            route("times", "routes/times"),
            route(":lang?/about", "routes/about"),
            route("files/*", "routes/files"),
            route("kept", "routes/kept", [route(":name", "routes/kept_name")]),
            route("mail", "routes/mail", [index("routes/inbox"), route(":letter", "routes/letter")]),
            layout("routes/frame", prefix("fail", [route(":how", "routes/fail")])),
        ],
    ),
    route("gate", "routes/gate"),
]
