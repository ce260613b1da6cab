"""The words of the route table, those of React Router's ``routes.ts``.

A table is a list of nodes. A module name such as ``routes/room`` is relative to the application's folder and means
``routes/room.py`` and ``routes/room.tsx``; it is also the route's id.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RouteNode:
    """One line of the table.

    ``path`` is relative to the parent's; None for a layout that adds nothing to the address. ``source`` is the
    file and line where the node was written, for error messages.
    """

    id: str
    module: str
    path: str | None = None
    index: bool = False
    children: tuple["RouteNode", ...] = ()
    source: str = ""

    def walk(self) -> Iterator["RouteNode"]:
        """This node and everything below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def route(path: str, module: str, children: Sequence[RouteNode] = (), *, id: str | None = None) -> RouteNode:  # noqa: A002
    """A route at *path*: static segments, ``:param``, ``:param?``, ``segment?``, and ``*`` at the end."""
    return RouteNode(id or module, module, path, children=tuple(children), source=_caller())


def index(module: str, *, id: str | None = None) -> RouteNode:  # noqa: A002
    """What stands at the parent's own address."""
    return RouteNode(id or module, module, index=True, source=_caller())


def layout(module: str, children: Sequence[RouteNode], *, id: str | None = None) -> RouteNode:  # noqa: A002
    """A route that wraps its children and adds nothing to their addresses."""
    return RouteNode(id or module, module, children=tuple(children), source=_caller())


def prefix(path: str, children: Sequence[RouteNode]) -> list[RouteNode]:
    """*children*, each at an address below *path*, without a route of its own: ``*prefix("admin", [...])``."""
    return [_below(path, child) for child in children]


def _below(path: str, node: RouteNode) -> RouteNode:
    if node.path is None and not node.index:
        return replace(node, children=tuple(_below(path, child) for child in node.children))
    joined = "/".join(part.strip("/") for part in (path, node.path or "") if part.strip("/"))
    return replace(node, path=joined)


def _caller() -> str:
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
