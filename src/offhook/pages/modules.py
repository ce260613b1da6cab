"""Route modules: what stands behind each line of the route table."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from offhook.base.errors import UsageError
from offhook.pages.match import Matcher, param_names
from offhook.pages.routes import RouteNode

Function: TypeAlias = Callable[..., Any]
_ID = re.compile(r"[\w/.:-]+", re.ASCII)
_MODULE_NAME = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class RouteModule:
    """One route: its Python functions and its view.

    ``view`` is the path of the ``.tsx`` file below the application's folder. A route without one is a resource
    route when it is the last of a match, and otherwise shows its children only.
    """

    node: RouteNode
    loader: Function | None = None
    action: Function | None = None
    middleware: tuple[Function, ...] = ()
    headers: Mapping[str, str] | Function | None = None
    socket: Function | None = None
    view: str | None = None

    @property
    def id(self) -> str:
        """The route's id, the same in Python and in the browser."""
        return self.node.id


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """What an address leads to: the chain from the root to the leaf, and the values in the address."""

    routes: tuple[RouteModule, ...]
    params: Mapping[str, str]


class RouteTable:
    """The application's routes, loaded.

    :param nodes: the route table as the application wrote it.
    :param modules: a module for each id.
    """

    def __init__(self, nodes: Sequence[RouteNode], modules: Mapping[str, RouteModule]) -> None:
        self.nodes = tuple(nodes)
        self.modules = dict(modules)
        self._matcher = Matcher(self.nodes)

    @property
    def has_views(self) -> bool:
        """Whether any route has a page to show; without one there is nothing to build and to render."""
        return any(module.view is not None for module in self.modules.values())

    def match(self, path: str) -> RouteMatch | None:
        """The routes at *path*, an absolute path as it stands in the address (percent-encoded)."""
        found = self._matcher.match(path)
        if found is None:
            return None
        return RouteMatch(tuple(self.modules[node.id] for node in found.nodes), dict(found.params))

    def check(self) -> None:
        """Refuse a table with a route that no address leads to.

        :raises UsageError: two routes fit the same addresses with the same rank.
        """
        for node, other in self._matcher.unreachable():
            raise UsageError(
                f"{node.source}: no address leads to {node.id!r}, because {other.id!r} at {other.source} fits the "
                f"same ones; change the path of one of them, or remove it"
            )

    def chain(self, route_id: str) -> tuple[RouteModule, ...]:
        """The routes from the root down to *route_id*."""
        return next(chain for chain in self._chains(self.nodes) if chain[-1].id == route_id)

    def parameters(self, route_id: str) -> frozenset[str]:
        """The names of the parameters in the address of *route_id*."""
        return frozenset(name for route in self.chain(route_id) for name in param_names(route.node.path))

    def _chains(
        self, nodes: Sequence[RouteNode], above: tuple[RouteModule, ...] = ()
    ) -> "list[tuple[RouteModule, ...]]":
        found = []
        for node in nodes:
            chain = (*above, self.modules[node.id])
            found += [chain, *self._chains(node.children, chain)]
        return found


def load_routes(nodes: Sequence[RouteNode], folder: Path, package: str = "") -> RouteTable:
    """Import the module and find the view of every line of the table.

    :param folder: the application's folder, in which the names of the table are looked up.
    :param package: the dotted name of that folder as a package; empty when it stands on ``sys.path`` itself.
    :raises UsageError: a name without files, an id used twice, a pattern that cannot match, a route that no
        address leads to.
    """
    modules: dict[str, RouteModule] = {}
    for root in nodes:
        for node in root.walk():
            if (other := modules.get(node.id)) is not None:
                raise UsageError(
                    f"{node.source}: the route id {node.id!r} is used already at {other.node.source}; "
                    f"pass another one: id='...'"
                )
            modules[node.id] = _load(node, folder, package)
    table = RouteTable(nodes, modules)
    table.check()
    return table


def _load(node: RouteNode, folder: Path, package: str) -> RouteModule:
    if not _MODULE_NAME.fullmatch(node.module):
        raise UsageError(
            f"{node.source}: {node.module!r} is no module name; write it like 'routes/room', without an ending"
        )
    if not _ID.fullmatch(node.id):
        raise UsageError(f"{node.source}: {node.id!r} is no id; use letters, digits and the signs / . : - _")
    view = f"{node.module}.tsx" if (folder / f"{node.module}.tsx").is_file() else None
    if not _python_file(folder / node.module):
        if view is None:
            raise UsageError(
                f"{node.source}: neither {node.module}.py nor {node.module}.tsx exists in {folder.name}/"
            )
        return RouteModule(node, view=view)
    return _from_module(node, import_module(_dotted(package, node.module)), view)


def _from_module(node: RouteNode, module: ModuleType, view: str | None) -> RouteModule:
    loader, action, socket = (_function(node, module, name) for name in ("loader", "action", "socket"))
    if view is None and not node.children and (loader, action, socket) == (None, None, None):
        raise UsageError(
            f"{node.source}: {node.module}.py has no loader, action or socket, and there is no {node.module}.tsx"
        )
    middleware = getattr(module, "middleware", ())
    middleware = (middleware,) if callable(middleware) else tuple(middleware)
    for function in middleware:
        _check(node, "middleware", function)
    return RouteModule(
        node,
        loader=loader,
        action=action,
        middleware=middleware,
        headers=getattr(module, "headers", None),
        socket=socket,
        view=view,
    )


def _function(node: RouteNode, module: ModuleType, name: str) -> Function | None:
    found: Function | None = getattr(module, name, None)
    if found is not None:
        _check(node, name, found)
    return found


def _check(node: RouteNode, name: str, handler: object) -> None:
    """Refuse what can be called and would fail at every request.

    :raises UsageError: *handler* is no function, or a generator.
    """
    where = f"{node.source}: {name} of {node.module}.py"
    if not callable(handler) or inspect.isclass(handler):
        raise UsageError(f"{where} is not a function")
    function = inspect.unwrap(handler)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise UsageError(
            f"{where} has a `yield`; a handler returns its answer as a whole: return a list, or publish each part "
            f"to a channel"
        )


def _python_file(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _dotted(package: str, module: str) -> str:
    return ".".join(part for part in (package, module.replace("/", ".")) if part)


def route_manifest(table: RouteTable) -> dict[str, Any]:
    """The table for the Vite plugin (``.offhook/routes.json``)."""
    return {"routes": [_manifest_entry(table, node) for node in table.nodes]}


def _manifest_entry(table: RouteTable, node: RouteNode) -> dict[str, Any]:
    module = table.modules[node.id]
    return {
        "id": node.id,
        "path": node.path,
        "index": node.index,
        "view": module.view,
        "loader": module.loader is not None,
        "action": module.action is not None,
        "children": [_manifest_entry(table, child) for child in node.children],
    }
