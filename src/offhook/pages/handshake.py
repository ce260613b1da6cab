"""Middleware around the upgrade to a route's own socket: the same guards as in front of its page."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from offhook.base.incoming import Identity, Incoming
from offhook.base.sessions import Session, SessionCookie, opened
from offhook.base.types import Scope
from offhook.pages.context import Context
from offhook.pages.modules import RouteMatch
from offhook.pages.outcomes import Failed, Outcome
from offhook.pages.run import Runner
from offhook.pages.visit import Visit


class TurnedAway(Exception):
    """Middleware answered in place of the socket, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Handshakes:
    """Lets sockets in.

    Middleware sees the handshake and nothing of what follows: ``call_next`` returns before the socket begins. What
    it provides is there for the socket. A session may be read; no cookie can be set by an upgrade.
    """

    runner: Runner
    sessions: SessionCookie | None = None

    async def admit(
        self, scope: Scope, came: Incoming, match: RouteMatch, identity: Identity[Any] | None
    ) -> Context:
        """Run the middleware of *match*.

        :raises TurnedAway: it refused, redirected, responded or failed.
        """
        session = await self.sessions.read(came) if self.sessions else Session()
        seen = opened(came, session)
        request = Request({**scope, "type": "http", "method": "GET", "scheme": _web(came.scheme)})
        visit = Visit(request, seen, session, came.path, match.routes, match.params, frozenset())
        outcomes, context = await self.runner.greet(visit, identity)
        for outcome in outcomes.values():
            raise TurnedAway(_status(outcome))
        return context


def _web(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _status(outcome: Outcome) -> int:
    """The status of a refusal. A redirect is one too: no browser follows it from an upgrade."""
    status = outcome.status if isinstance(outcome, Failed) else 403
    status = outcome.status_code if isinstance(outcome, Response) else status
    return status if status >= 400 else 403
