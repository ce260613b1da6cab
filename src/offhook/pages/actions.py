"""Which route a mutation is for."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from offhook.pages.modules import RouteModule

MUTATIONS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def action_route(routes: Sequence[RouteModule], query: str) -> RouteModule:
    """The route whose action answers, by React Router's rule.

    An index route and its layout share an address: ``?index`` means the index route. Otherwise it is the deepest
    route that contributes to the path; layouts without a path never do, save the root.
    """
    leaf = routes[-1]
    if leaf.node.index and ("index", "") in parse_qsl(query, keep_blank_values=True):
        return leaf
    return next((route for route in reversed(routes[1:]) if route.node.path), routes[0])


def allowed_methods(routes: Sequence[RouteModule]) -> str:
    """The ``Allow`` header (RFC 9110, section 10.2.1) of the address of *routes*."""
    leaf = routes[-1]
    methods = ["OPTIONS"]
    if leaf.view is not None or leaf.loader is not None:
        methods += ["GET", "HEAD"]
    if any(route.action is not None for route in routes):
        methods += sorted(MUTATIONS)
    return ", ".join(sorted(methods))
