"""The pages as an ASGI application: exactly three kinds of requests, for a document, for data, for a resource."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from offhook.base.env import SYSTEM, Env
from offhook.base.incoming import Authenticate, Incoming, incoming
from offhook.base.inject import Source
from offhook.base.limits import Limits
from offhook.base.mounting import root_of, with_root, with_root_again
from offhook.base.observe import PAGES
from offhook.base.origin import allowed
from offhook.base.sessions import Session, SessionCookie, opened
from offhook.base.types import AsgiMessage, Receive, Scope, Send
from offhook.pages.actions import MUTATIONS, action_route, allowed_methods
from offhook.pages.answers import checked
from offhook.pages.ask import Ask, is_data, read_ask
from offhook.pages.assets import Assets
from offhook.pages.body import Body, BodyTooLarge, body_of
from offhook.pages.boundary import Boundary
from offhook.pages.calls import Call, Provider
from offhook.pages.conditional import conditional, guarded
from offhook.pages.csp import ContentPolicy
from offhook.pages.data import json_response, reload
from offhook.pages.documents import Documents
from offhook.pages.handlers import Providers, plan_handlers
from offhook.pages.handshake import Handshakes
from offhook.pages.kinds import Kinds
from offhook.pages.loaders import Extension
from offhook.pages.modules import RouteMatch, RouteTable
from offhook.pages.outcomes import Failed, failed
from offhook.pages.render.base import Renderer
from offhook.pages.repeats import Repeats, submission
from offhook.pages.run import Runner
from offhook.pages.visit import Visit

_READS = frozenset({"GET", "HEAD"})


class PagesHandler:
    """Answers requests for pages. An ASGI application for the http scope.

    ``handshakes`` lets routes' own sockets pass the same middleware.

    :param table: the application's routes (``load_routes``).
    :param authenticate: who is it? Asked once before an action and once before loaders.
    :param sessions: the cookie session; without it no handler can ask for one.
    :param extensions: look at each visit before any of the application's code runs.
    :param sources: further parameters of handlers.
    :param provide: types whose values are opened for one call of a handler and closed right after it.
    :param origins: further origins whose pages may send mutations.
    :param sign_in: the page where somebody goes who has to sign in first.
    :param csp: what scripts and styles of a document may be; None: anything.
    :param debug: show the text of unexpected exceptions.
    """

    def __init__(
        self,
        table: RouteTable,
        renderer: Renderer,
        assets: Assets,
        *,
        authenticate: Authenticate[Any] | None = None,
        sessions: SessionCookie | None = None,
        extensions: Sequence[Extension] = (),
        sources: Sequence[Source[Call]] = (),
        provide: Mapping[Any, Provider] | None = None,
        limits: Limits | None = None,
        origins: Collection[str] = (),
        sign_in: str | None = None,
        csp: ContentPolicy | None = None,
        debug: bool = False,
        env: Env = SYSTEM,
    ) -> None:
        self._table = table
        self._renderer = renderer
        self._assets = assets
        self._sessions = sessions
        self._limits = limits or Limits()
        self._repeats = Repeats()
        self._origins = origins
        providers = Providers(sources, provide, session=sessions is not None, limits=self._limits)
        self._handlers = handlers = plan_handlers(table, providers)
        self._runner = runner = Runner(handlers, Boundary(sign_in, debug), authenticate, extensions)
        unsigned = replace(runner, boundary=Boundary(None, debug))  # an upgrade leads nobody to a sign-in page
        self.handshakes = Handshakes(unsigned, sessions)
        self._kinds = Kinds(table, runner, Documents(renderer, assets, csp, env), assets, extensions)

    async def start(self) -> None:
        """Read the build and start the renderer.

        :raises UsageError: there is no build.
        """
        self._assets.load()
        await self._renderer.start()

    async def close(self) -> None:
        """Stop the renderer."""
        await self._renderer.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose path is below the place where the application is mounted."""
        body = body_of(receive, self._limits)
        try:
            file = self._assets.respond(scope)
            response = guarded(file, personal=False) if file else await self._safely(scope, body)
            if "location" in response.headers:
                response.headers["location"] = with_root(root_of(scope), response.headers["location"])
            await response(scope, body.receive, _bodiless(send) if scope["method"] == "HEAD" else send)
        except ClientDisconnect:
            return

    async def _safely(self, scope: Scope, body: Body) -> Response:
        """The answer, also when the answer itself cannot be made."""
        try:
            return checked(guarded(await self._respond(scope, body), personal=False))
        except ClientDisconnect:
            raise
        except Exception:
            PAGES.exception("answering a request failed")
            return guarded(_refused(scope, 500, "Unexpected Server Error"), personal=False)

    async def _respond(self, scope: Scope, body: Body) -> Response:
        ask = read_ask(scope)
        came = incoming(ask.scope)
        is_foreign = ask.method in MUTATIONS and not allowed(came.headers, self._origins, secure=came.is_secure)
        match = self._table.match(ask.path)
        if is_foreign:
            return await self._foreign(scope, ask, came, match)
        if match is None:
            if ask.data:
                return reload(self._assets.build)
            has_page = self._table.has_views
            return await self._kinds.not_found(ask.url, came) if has_page else _refused(scope, 404, "Not Found")
        if ask.method not in MUTATIONS | _READS:
            allow = {"allow": allowed_methods(match.routes)}
            return Response(status_code=204 if ask.method == "OPTIONS" else 405, headers=allow)
        return await self._visit(ask, came, match, body)

    async def _foreign(self, scope: Scope, ask: Ask, came: Incoming, match: RouteMatch | None) -> Response:
        """The answer to a mutation that a page of another site sent: 403, before any code of the application."""
        detail = "A page of another site sent this."
        if ask.data or match is None:
            return _refused(scope, 403, detail)
        visit = Visit(
            Request(with_root_again(ask.scope)), came, Session(), ask.url, match.routes, match.params, frozenset()
        )
        return await self._kinds.bare(visit, failed(403, {"detail": detail}))

    async def _visit(self, ask: Ask, came: Incoming, match: RouteMatch, body: Body) -> Response:
        session = await self._sessions.read(came) if self._sessions else Session()
        request = Request(with_root_again(ask.scope), body.receive)
        visit = _visit(ask, request, opened(came, session), session, match)
        if visit is None:
            return reload(self._assets.build)
        try:
            self._expect(body, visit)
            repeatable = await submission(request) if visit.action and not ask.data else None
            response = await self._repeats.once(repeatable, lambda: self._answered(visit, ask))
        except ClientDisconnect:
            raise
        except Exception as error:
            response = await self._failed(visit, ask, self._runner.boundary.failure(error))
        finally:
            await request.close()  # uploads
        guarded(response, personal=bool(visit.incoming.session or visit.identities))
        return response if ask.data or visit.action else await conditional(response, request.headers)

    async def _answered(self, visit: Visit, ask: Ask) -> Response:
        """The answer, with the cookies that bring the visitor's copy of the session up to date."""
        response = await (self._kinds.data(visit, ask) if ask.data else self._kinds.page(visit))
        https = visit.incoming.is_secure
        for cookie in await self._sessions.write(visit.session, https=https) if self._sessions else ():
            response.headers.append("set-cookie", cookie)
        return checked(response)

    async def _failed(self, visit: Visit, ask: Ask, failure: Failed) -> Response:
        """The answer where the answer could not be made: its session does not fit into a cookie, for example.

        The page stands around the ErrorBoundary, with the session as it came. If that cannot be made either, the
        boundary stands alone.
        """
        if ask.data:
            return Response(bytes(failure.value), failure.status, failure.headers, media_type="application/json")
        came = visit.incoming
        session = Session(came.session, expires=came.session_expires, name=came.session_id)
        try:
            return checked(await self._kinds.page(replace(visit, session=session, fields={}), failure))
        except ClientDisconnect:
            raise
        except Exception:
            return checked(await self._kinds.bare(visit, failure))

    def _expect(self, body: Body, visit: Visit) -> None:
        action = self._handlers[visit.action].action if visit.action else None
        if action is not None and action.takes_uploads:
            body.limit = self._limits.uploads
        if _announced(visit.incoming) > body.limit:
            raise BodyTooLarge


def _visit(ask: Ask, request: Request, came: Incoming, session: Session, match: RouteMatch) -> Visit | None:
    """The visit that *ask* is about; None when it names a route that is not part of the match."""
    ids = [route.id for route in match.routes]
    asked = ids if ask.routes is None else list(ask.routes)
    if not set(asked) | set(ask.after) <= set(ids):
        return None
    action, loading = None, asked
    if ask.method in MUTATIONS:
        named = asked if ask.routes is not None else [action_route(match.routes, ask.query).id]
        if len(named) != 1:
            return None
        action, loading = named[0], list(ask.after) if ask.data else ids
    loads = frozenset(loading)
    return Visit(request, came, session, ask.url, match.routes, match.params, loads, action, ask.action_id)


def _refused(scope: Scope, status: int, detail: str) -> Response:
    """The answer where there is no page to show, in the form that was asked for."""
    return json_response({"detail": detail}, status) if is_data(scope) else PlainTextResponse(detail, status)


def _announced(came: Incoming) -> int:
    length = came.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else 0


def _bodiless(send: Send) -> Send:
    """*send* for an answer to HEAD: the headers of GET, and no content (RFC 9110, section 9.3.2)."""

    async def send_headers(message: AsgiMessage) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers
