"""The words of the route table."""

from offhook.pages.routes import index, layout, prefix, route


def test_a_table_in_the_words_of_react_router() -> None:
    [shell] = [layout("routes/shell", [index("routes/home"), route("rooms/:room_id", "routes/room")])]

    assert [(node.id, node.path, node.index) for node in shell.walk()] == [
        ("routes/shell", None, False),
        ("routes/home", None, True),
        ("routes/room", "rooms/:room_id", False),
    ]


def test_a_node_knows_where_it_was_written() -> None:
    assert route("a", "routes/a").source.rpartition(":")[0] == __file__


def test_an_id_of_its_own_lets_two_routes_share_a_module() -> None:
    assert route("b", "routes/a", id="b").id == "b"


def test_prefix_puts_a_path_before_routes_without_a_route_of_its_own() -> None:
    nodes = prefix("admin", [index("i"), route("users", "u"), layout("l", [route("x", "x"), index("j")])])

    assert [(node.id, node.path) for root in nodes for node in root.walk()] == [
        ("i", "admin"),
        ("u", "admin/users"),
        ("l", None),
        ("x", "admin/x"),
        ("j", "admin"),
    ]
