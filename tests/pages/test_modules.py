"""Loading what stands behind each line of the table."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.pages.modules import load_routes, route_manifest
from offhook.pages.routes import RouteNode, index, layout, route


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application's folder: the package ``market`` on the path."""
    home = tmp_path / "market"
    (home / "routes").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield home
    for name in [name for name in sys.modules if name == "market" or name.startswith("market.")]:
        del sys.modules[name]


def test_both_files_of_a_route(folder: Path) -> None:
    (folder / "routes/room.py").write_text(
        "def loader(): return 1\ndef action(): return 2\nasync def socket(ws): ...\n"
        "def guard(): ...\nmiddleware = [guard]\nheaders = {'x-a': '1'}\n"
    )
    (folder / "routes/room.tsx").touch()

    room = load_routes([route("rooms/:id", "routes/room")], folder, "market").modules["routes/room"]

    assert room.loader
    assert room.loader() == 1
    assert room.action
    assert room.action() == 2
    assert room.socket
    assert [each.__name__ for each in room.middleware] == ["guard"]
    assert room.headers == {"x-a": "1"}
    assert room.view == "routes/room.tsx"


def test_either_file_may_be_missing(folder: Path) -> None:
    (folder / "routes/about.tsx").touch()
    (folder / "routes/feed.py").write_text("def loader(): return 1\nmiddleware = loader\n")

    table = load_routes([route("about", "routes/about"), route("feed", "routes/feed")], folder, "market")

    assert table.modules["routes/about"].loader is None
    assert table.modules["routes/feed"].view is None
    assert len(table.modules["routes/feed"].middleware) == 1


def test_two_routes_for_the_same_addresses_are_told_with_both_places(folder: Path) -> None:
    for name in ("room", "chat"):
        (folder / f"routes/{name}.tsx").touch()
    nodes = [
        route("rooms/:room_id", "routes/room"),
        route("rooms/:id", "routes/chat"),
    ]

    with pytest.raises(UsageError) as refused:
        load_routes(nodes, folder, "market")

    first, second = (node.source for node in nodes)
    assert str(refused.value).startswith(
        f"{second}: no address leads to 'routes/chat', because 'routes/room' at {first}"
    )
    assert int(second.rpartition(":")[2]) == int(first.rpartition(":")[2]) + 1


def test_a_folder_on_the_path_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pages_of_this_test.py").write_text("def loader(): return 1\n")
    monkeypatch.syspath_prepend(str(folder))

    assert load_routes([index("pages_of_this_test")], folder).modules["pages_of_this_test"].loader


@pytest.mark.parametrize(
    ("node", "file", "text", "said"),
    [
        (
            route("a", "routes/missing"),
            "x.py",
            "",
            "neither routes/missing.py nor routes/missing.tsx exists",
        ),
        (route("a", "routes/a.py"), "a.py", "", "'routes/a.py' is no module name"),
        (route("a", "../secret"), "a.py", "", "is no module name"),
        (route("a", "routes/[id]"), "a.py", "", "is no module name"),
        (route("a", "routes/a"), "a.py", "x = 1", "has no loader, action or socket"),
        (route("a", "routes/a"), "a.py", "loader = 3", "loader of routes/a.py is not a function"),
        (route("a", "routes/a"), "a.py", "class loader: ...", "loader of routes/a.py is not a function"),
        (route("a", "routes/a"), "a.py", "async def action(): yield 1", "action of routes/a.py has a `yield`"),
        (route("a", "routes/a"), "a.py", "def loader(): yield 1", "loader of routes/a.py has a `yield`"),
        (route("a", "routes/a"), "a.py", "async def socket(ws): yield 1", "socket of routes/a.py has a `yield`"),
        (
            route("a", "routes/a"),
            "a.py",
            "def loader(): ...\nasync def middleware(call_next): yield 1",
            "middleware of routes/a.py has a `yield`",
        ),
        (route("a", "routes/a", id="a,b"), "a.tsx", "", "'a,b' is no id"),
        (
            route("a", "routes/a", [route("b", "routes/a")]),
            "a.tsx",
            "",
            "the route id 'routes/a' is used already at",
        ),
    ],
)
def test_mistakes_are_told_with_file_and_line(
    folder: Path, node: RouteNode, file: str, text: str, said: str
) -> None:
    (folder / "routes" / file).write_text(text)

    with pytest.raises(UsageError) as raised:
        load_routes([node], folder, "market")

    assert said in str(raised.value)
    assert str(raised.value).startswith(f"{__file__}:")


def test_an_import_error_in_a_route_module_stays_what_it_is(folder: Path) -> None:
    (folder / "routes/a.py").write_text("import no_such_module_at_all\n")

    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        load_routes([route("a", "routes/a")], folder, "market")


def test_the_table_for_the_browser(folder: Path) -> None:
    (folder / "routes/shell.tsx").touch()
    (folder / "routes/room.tsx").touch()
    (folder / "routes/room.py").write_text("def loader(): return 1\n")
    nodes = [layout("routes/shell", [route("rooms/:id", "routes/room")])]

    assert route_manifest(load_routes(nodes, folder, "market")) == {
        "routes": [
            {
                "id": "routes/shell",
                "path": None,
                "index": False,
                "view": "routes/shell.tsx",
                "loader": False,
                "action": False,
                "children": [
                    {
                        "id": "routes/room",
                        "path": "rooms/:id",
                        "index": False,
                        "view": "routes/room.tsx",
                        "loader": True,
                        "action": False,
                        "children": [],
                    }
                ],
            }
        ]
    }


def test_chains_and_parameters(folder: Path) -> None:
    (folder / "routes/a.tsx").touch()
    nodes = [route("shops/:market", "routes/a", [route(":item?/*", "routes/a", id="item")])]
    table = load_routes(nodes, folder, "market")

    assert [each.id for each in table.chain("item")] == ["routes/a", "item"]
    assert table.parameters("item") == {"market", "item", "*"}
    assert table.match("/elsewhere") is None
