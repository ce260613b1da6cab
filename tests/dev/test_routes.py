"""The route table as text."""

from offhook.dev.routes import describe
from offhook.pages.modules import RouteModule, RouteTable
from offhook.pages.routes import index, layout, route


def test_the_table_is_printed_with_addresses_and_what_each_route_has() -> None:
    nodes = [
        layout(
            "routes/shell", [index("routes/home"), route("rooms/:id", "routes/room", [route("log", "routes/log")])]
        )
    ]
    modules = {node.id: RouteModule(node, view=f"{node.id}.tsx") for root in nodes for node in root.walk()}
    room = modules["routes/room"].node
    modules["routes/room"] = RouteModule(room, loader=print, action=print, view="routes/room.tsx")
    modules["routes/log"] = RouteModule(modules["routes/log"].node, socket=print)

    assert describe(RouteTable(nodes, modules)).splitlines() == [
        "PATH                ID            PYTHON          VIEW",
        "(layout)            routes/shell  -               routes/shell.tsx",
        "  / (index)         routes/home   -               routes/home.tsx",
        "  /rooms/:id        routes/room   loader, action  routes/room.tsx",
        "    /rooms/:id/log  routes/log    socket          -",
    ]


def test_an_empty_table() -> None:
    assert describe(RouteTable([], {})) == "PATH  ID  PYTHON  VIEW"
