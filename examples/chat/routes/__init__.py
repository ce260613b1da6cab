"""The route table. A name is a module and a view beside it: ``routes/room`` is ``room.py`` and ``room.tsx``."""

from offhook import index, layout, route

routes = [
    layout(
        "routes/shell",
        [
            index("routes/home"),
            route("sign-in", "routes/sign_in"),
            route("sign-out", "routes/sign_out"),
            route("rooms/:room_id", "routes/room"),
        ],
    ),
]
