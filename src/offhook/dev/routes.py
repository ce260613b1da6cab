"""``offhook routes``: the route table as text."""

from collections.abc import Iterator, Sequence

from offhook.pages.modules import RouteModule, RouteTable
from offhook.pages.routes import RouteNode

_HEAD = ("PATH", "ID", "PYTHON", "VIEW")
_PYTHON = ("loader", "action", "middleware", "headers", "socket")


def describe(table: RouteTable) -> str:
    """One line a route: its address, indented below its parent's; its id; what it has in Python; and its view."""
    rows = [_HEAD, *_rows(table, table.nodes, "/", 0)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _rows(table: RouteTable, nodes: Sequence[RouteNode], above: str, depth: int) -> Iterator[tuple[str, ...]]:
    for node in nodes:
        address = f"{above.rstrip('/')}/{node.path.strip('/')}" if node.path else above
        module = table.modules[node.id]
        yield "  " * depth + _label(node, address), node.id, _python(module) or "-", module.view or "-"
        yield from _rows(table, node.children, address, depth + 1)


def _label(node: RouteNode, address: str) -> str:
    if node.index:
        return f"{address} (index)"
    return "(layout)" if node.path is None else address


def _python(module: RouteModule) -> str:
    return ", ".join(name for name in _PYTHON if getattr(module, name))
