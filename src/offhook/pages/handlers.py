"""The handlers of every route, with their parameters planned once, when the application is built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from offhook.base.inject import Source
from offhook.base.limits import Limits
from offhook.pages import sources
from offhook.pages.calls import Call, Handler, Injection, Provider
from offhook.pages.match import param_names
from offhook.pages.modules import Function, RouteModule, RouteTable


@dataclass(frozen=True, slots=True)
class RouteHandlers:
    """What can be called of one route. ``headers`` may also be fixed."""

    loader: Handler | None
    action: Handler | None
    middleware: tuple[Handler, ...]
    headers: Handler | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Providers:
    """What the application adds to the parameters of its handlers."""

    sources: Sequence[Source[Call]] = ()
    resources: Mapping[Any, Provider] | None = None
    session: bool = False
    limits: Limits = field(default_factory=Limits)


def plan_handlers(table: RouteTable, providers: Providers) -> dict[str, RouteHandlers]:
    """The handlers by route id.

    :raises UsageError: a handler asks for something that nobody provides.
    """
    return {module.id: _plan(table.chain(module.id), providers) for module in table.modules.values()}


def _plan(chain: Sequence[RouteModule], providers: Providers) -> RouteHandlers:
    *above, module = chain
    wrapped = any(route.middleware for route in chain)
    usual = _sources(chain, providers, wrapped)

    def ready(function: Function | None, *, form: bool = False) -> Handler | None:
        if function is None:
            return None
        limits = providers.limits if form else None
        return Handler(function, Injection(usual, providers.resources or {}, limits, sources.KNOWN))

    def middleware(function: Function, position: int) -> Handler:
        inside = position > 0 or any(route.middleware for route in above)
        around = (sources.call_next, *_sources(chain, providers, inside))
        return Handler(function, Injection(around, providers.resources or {}, known=sources.KNOWN))

    headers = module.headers or {}
    return RouteHandlers(
        loader=ready(module.loader),
        action=ready(module.action, form=True),
        middleware=tuple(middleware(function, number) for number, function in enumerate(module.middleware)),
        headers=headers
        if isinstance(headers, Mapping)
        else Handler(headers, Injection(usual, known=sources.KNOWN)),
    )


def _sources(chain: Sequence[RouteModule], providers: Providers, wrapped: bool) -> tuple[Source[Call], ...]:
    """In the order in which they are asked. Parameters of the routes below are known too: they may be there."""
    names = {name for route in chain for name in param_names(route.node.path)}
    names |= {name for node in chain[-1].node.walk() for name in param_names(node.path)}
    found = [sources.path_params(names), sources.query, sources.user, sources.identity, sources.visited]
    if providers.session:
        found.append(sources.session)
    found += providers.sources
    if wrapped:
        found.append(sources.from_middleware)
    return tuple(found)
