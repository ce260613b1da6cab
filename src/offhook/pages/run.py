"""Running the application's code for one visit."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import msgspec
from starlette.datastructures import MutableHeaders

from offhook.base.errors import UsageError
from offhook.base.incoming import Authenticate, Identity
from offhook.pages.boundary import Boundary
from offhook.pages.calls import Call, Handler
from offhook.pages.context import Context, Next
from offhook.pages.handlers import RouteHandlers
from offhook.pages.loaders import Extension
from offhook.pages.middleware import Layer, through
from offhook.pages.modules import RouteModule
from offhook.pages.outcomes import NOTHING, Done, Outcome, Outcomes, failed
from offhook.pages.visit import Visit

Answering: TypeAlias = Coroutine[Any, Any, Outcome]


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass through the middleware brought: outcomes by route, and the headers of the middleware."""

    outcomes: Outcomes
    headers: MutableHeaders


@dataclass(frozen=True, slots=True)
class Runner:
    """Authenticates, goes through the middleware, and runs an action or loaders.

    An action and the loaders after it are two passes, as if the browser had asked twice: nothing that was injected
    into the action, the user and what middleware provided included, reaches a loader.
    """

    handlers: Mapping[str, RouteHandlers]
    boundary: Boundary
    authenticate: Authenticate[Any] | None
    extensions: Sequence[Extension]

    async def act(self, visit: Visit) -> Passed:
        """Run the action of ``visit.action``; a route without one is a failure with status 405."""
        route_id = visit.action or visit.routes[-1].id
        action = self.handlers[route_id].action
        if action is None:
            refused = failed(405, {"detail": "Method Not Allowed"}, {"allow": "GET, HEAD, OPTIONS"})
            return Passed({route_id: refused}, MutableHeaders())

        async def core(call: Call) -> Outcomes:
            return {route_id: await self._settled(call, f"the action of {route_id}", action)}

        return await self._pass(visit, core)

    async def load(self, visit: Visit, ids: Collection[str]) -> Passed:
        """Run the loaders of *ids*, all at once. The session may have been changed by an action before."""
        came = replace(visit.incoming, session=dict(visit.session))
        fresh = replace(visit, incoming=came, action_id=None)
        loaders = {
            route.id: loader
            for route in visit.routes
            if route.id in ids and (loader := self.handlers[route.id].loader) is not None
        }

        async def core(call: Call) -> Outcomes:
            loading = [self._settled(call, f"the loader of {each}", loaders[each]) for each in loaders]
            outcomes = await _together(loading)
            await self._declare_headers(call)
            return dict(zip(loaders, outcomes, strict=True))

        return await self._pass(fresh, core, self._identified)

    async def greet(self, visit: Visit, identity: Identity[Any] | None) -> tuple[Outcomes, Context]:
        """Go through the middleware around nothing, for somebody who is known already."""
        context = Context()

        async def nothing() -> Outcomes:
            return {}

        return await through(list(self._layers(Call(visit, identity, context))), nothing), context

    async def _declare_headers(self, call: Call) -> None:
        """Add the headers that the route modules declare; the leaf has the last word."""
        for route in call.visit.routes:
            declared = self.handlers[route.id].headers
            if isinstance(declared, Handler):
                made = await self._settled(call, f"headers of {route.id}", declared)
                declared = msgspec.json.decode(made.value, type=dict[str, str]) if isinstance(made, Done) else {}
            call.context.headers.update(declared)

    async def _identified(self, call: Call) -> Outcome:
        for extension in self.extensions:
            call.visit.fields.update(await extension.identified(call.visit, call.identity))
        return NOTHING

    async def _pass(
        self,
        visit: Visit,
        core: Callable[[Call], Awaitable[Outcomes]],
        prepare: Callable[[Call], Awaitable[Outcome]] | None = None,
    ) -> Passed:
        context = Context()
        identity, refused = await self._identify(visit)
        call = Call(visit, identity, context)
        if prepare is not None and refused is NOTHING:
            refused = await self.boundary.settle(visit, "preparing the page", prepare(call))
        if refused is not NOTHING:
            return Passed({visit.routes[0].id: refused}, context.headers)
        return Passed(await through(list(self._layers(call)), lambda: core(call)), context.headers)

    async def _identify(self, visit: Visit) -> tuple[Identity[Any] | None, Outcome]:
        seen: list[Identity[Any] | None] = [None]

        async def look() -> Outcome:
            if self.authenticate is not None:
                seen[0] = await self.authenticate(visit.incoming)
            return NOTHING

        refused = await self.boundary.settle(visit, "authenticate", look())
        visit.identities.extend(each for each in seen if each is not None)
        return seen[0], refused

    def _layers(self, call: Call) -> Iterator[Layer]:
        for route in call.visit.routes:
            for handler in self.handlers[route.id].middleware:
                yield self._owner(call.visit, route), partial(self._layer, call, route.id, handler)

    def _owner(self, visit: Visit, route: RouteModule) -> str:
        """Whose failure it is when middleware of *route* fails: where no loader has run, the views that need
        their data cannot stand around the ErrorBoundary."""
        above = visit.routes[: visit.routes.index(route)]
        return next((each.id for each in above if each.loader is not None), route.id)

    async def _layer(self, call: Call, route_id: str, handler: Handler, call_next: Next) -> Outcome:
        async def answer() -> Outcome:
            outcome = await handler(replace(call, call_next=call_next))
            if isinstance(outcome, Done) and outcome is not NOTHING:
                raise UsageError("middleware returns nothing, a redirect or a response; data comes from a loader")
            return outcome

        return await self.boundary.settle(call.visit, f"middleware of {route_id}", answer())

    def _settled(self, call: Call, who: str, handler: Handler) -> Answering:
        return self.boundary.settle(call.visit, who, handler(call))


async def _together(answers: Sequence[Answering]) -> list[Outcome]:
    """All at once. What ends the whole request (see ``Boundary.settle``) ends the others too."""
    if len(answers) == 1:
        return [await answers[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(answer) for answer in answers]
    except ExceptionGroup as ended:
        raise ended.exceptions[0] from None
    return [task.result() for task in tasks]
