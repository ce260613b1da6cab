"""The three kinds of requests, from a visit to its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming
from offhook.base.types import Json
from offhook.pages.actions import allowed_methods
from offhook.pages.answers import add_headers, deciding
from offhook.pages.ask import Ask
from offhook.pages.assets import Assets
from offhook.pages.data import json_response, redirect_response, results
from offhook.pages.document import back_to_page, page_of, short_answer, status_of
from offhook.pages.documents import Documents
from offhook.pages.loaders import Extension
from offhook.pages.modules import RouteTable
from offhook.pages.outcomes import NOTHING, Done, Failed, Outcome
from offhook.pages.page import Page
from offhook.pages.resource import resource
from offhook.pages.results import Redirect
from offhook.pages.run import Passed, Runner
from offhook.pages.visit import Visit

_NOTHING = Passed({}, MutableHeaders())


@dataclass(frozen=True, slots=True)
class Kinds:
    """Answers visits."""

    table: RouteTable
    runner: Runner
    documents: Documents
    assets: Assets
    extensions: Sequence[Extension]

    async def page(self, visit: Visit, failure: Failed | None = None) -> Response:
        """A document; or a resource, where the leaf has no view.

        :param failure: what has failed before: no action runs, and the loaders of the routes above do.
        """
        refused = await self._before(visit) or _failed_at(visit, failure)
        answer = self._document if visit.routes[-1].view is not None else self._resource
        return self._extended(visit, await answer(visit, refused))

    async def data(self, visit: Visit, ask: Ask) -> Response:
        """The data of a page that is open already."""
        refused = await self._before(visit)
        answer = self._mutation_data if visit.action else self._loader_data
        response = await answer(visit, ask, refused)
        return self._extended(visit, response)

    async def bare(self, visit: Visit, failure: Failed) -> Response:
        """The document of *failure* at the outermost ErrorBoundary. None of the application's Python runs."""
        outcomes = {visit.routes[0].id: failure}
        if visit.routes[-1].view is None:
            return resource(Passed(outcomes, MutableHeaders()))
        page = page_of(visit.url, {}, outcomes, {})
        views = [route.view for route in visit.routes]
        response = await self.documents.show(page, views, failure.status, visit.incoming)
        add_headers(response, [Passed(outcomes, MutableHeaders())])
        return response

    async def not_found(self, url: str, came: Incoming) -> Response:
        """The 404 page for an address that no route has."""
        page = Page(url, {}, not_found=True)
        first = next((node for node in self.table.nodes if node.index or not (node.path or "").strip("/")), None)
        views = [self.table.modules[first.id].view] if first else []
        return await self.documents.show(page, views, 404, came)

    async def _document(self, visit: Visit, refused: Passed | None) -> Response:
        acted = refused or (await self.runner.act(visit) if visit.action else _NOTHING)
        if (short := short_answer([acted])) is not None:
            return short
        if visit.action and (back := back_to_page(visit, acted)) is not None:
            return back
        loaded = await self._load_after(visit, acted)
        if (short := short_answer([acted, loaded])) is not None:
            return short
        page = page_of(visit.url, acted.outcomes, loaded.outcomes, shown(visit, [loaded]))
        status = status_of(acted.outcomes, loaded.outcomes)
        response = await self.documents.show(page, [route.view for route in visit.routes], status, visit.incoming)
        add_headers(response, [acted, loaded])
        return response

    async def _load_after(self, visit: Visit, acted: Passed) -> Passed:
        """Run the document's loaders: all of them, or those above the route that has failed."""
        ids = [route.id for route in visit.routes]
        broken = next((each for each, outcome in acted.outcomes.items() if isinstance(outcome, Failed)), None)
        if broken is None:
            return await self.runner.load(visit, ids)
        above = [route.id for route in visit.routes[: ids.index(broken)] if route.loader is not None]
        return await self.runner.load(visit, above) if above else _NOTHING

    async def _resource(self, visit: Visit, refused: Passed | None) -> Response:
        leaf = visit.routes[-1]
        if visit.action is None and leaf.loader is None:
            return Response(status_code=405, headers={"allow": allowed_methods(visit.routes)})
        if refused is None:
            refused = await (self.runner.act(visit) if visit.action else self.runner.load(visit, [leaf.id]))
        return short_answer([refused]) or resource(refused)

    async def _loader_data(self, visit: Visit, ask: Ask, refused: Passed | None) -> Response:
        asked = [route.id for route in visit.routes if route.id in visit.loading]
        loaded = refused or await self.runner.load(visit, asked)
        if (decided := deciding(loaded.outcomes)) is not None:
            return redirect_response(decided, visit, self.assets.build, [loaded])
        return self._json([loaded], visit, results=results(loaded.outcomes, asked))

    async def _mutation_data(self, visit: Visit, ask: Ask, refused: Passed | None) -> Response:
        asked = [visit.action or ""]
        if visit.action_id is not None:
            visit.fields["published"] = visit.published
        acted = refused or await self.runner.act(visit)
        decided = deciding(acted.outcomes)
        if decided is not None and (isinstance(decided, Redirect) or 300 <= decided.status_code <= 399):
            return redirect_response(decided, visit, self.assets.build, [acted])
        if decided is not None:
            acted = replace(acted, outcomes={asked[0]: await self._no_response(visit)})
        content = results(acted.outcomes, asked)
        if not ask.after or any(_unsuccessful(each) for each in acted.outcomes.values()):
            return self._json([acted], visit, results=content)
        loaded = await self.runner.load(visit, ask.after)
        if deciding(loaded.outcomes) is not None:
            # The browser asks again for the loaders, and is led away then.
            return self._json([acted, loaded], visit, results=content)
        return self._json([acted, loaded], visit, results=content, after=results(loaded.outcomes, ask.after))

    async def _no_response(self, visit: Visit) -> Outcome:
        async def refuse() -> Outcome:
            raise UsageError("a page that is open cannot show a response; return data, or give the route no view")

        return await self.runner.boundary.settle(visit, f"the action of {visit.action}", refuse())

    def _json(self, passes: Sequence[Passed], visit: Visit, **content: Any) -> Response:
        response = json_response({"build": self.assets.build, "live": {}, **shown(visit, passes), **content})
        add_headers(response, passes)
        response.headers["cache-control"] = "no-store"
        return response

    async def _before(self, visit: Visit) -> Passed | None:
        """Ask the extensions. When one fails, so does the visit, before any of the application's code ran."""

        async def ask() -> Outcome:
            for extension in self.extensions:
                visit.fields.update(await extension.before(visit))
            return NOTHING

        outcome = await self.runner.boundary.settle(visit, "preparing the page", ask())
        return None if outcome is NOTHING else Passed({visit.routes[0].id: outcome}, MutableHeaders())

    def _extended(self, visit: Visit, response: Response) -> Response:
        for extension in self.extensions:
            response.headers.update(extension.headers(visit))
        return response


def _failed_at(visit: Visit, failure: Failed | None) -> Passed | None:
    """*failure* as the outcome of the visit's action, or of its leaf."""
    if failure is None:
        return None
    return Passed({visit.action or visit.routes[-1].id: failure}, MutableHeaders())


def shown(visit: Visit, passes: Sequence[Passed]) -> Mapping[str, Json]:
    """What the extensions tell the browser. What is by route is shown only of routes that let this visitor in.

    A route whose loader failed by itself (5xx) is among them: a publication makes the browser run it again.
    """
    outcomes = {route_id: outcome for each in passes for route_id, outcome in each.outcomes.items()}
    live = visit.fields.get("live")
    if not isinstance(live, dict):
        return visit.fields
    allowed = {
        route_id: entries
        for route_id, entries in live.items()
        if isinstance(outcome := outcomes.get(route_id), Done | Failed) and not 400 <= outcome.status < 500
    }
    return {**visit.fields, "live": allowed}


def _unsuccessful(outcome: Outcome) -> bool:
    return isinstance(outcome, Response) or (isinstance(outcome, Failed | Done) and outcome.status >= 400)
