"""One request for a page, from the match to the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from offhook.base.incoming import Identity, Incoming
from offhook.base.sessions import Session
from offhook.base.types import Json
from offhook.pages.modules import RouteModule


@dataclass(frozen=True, slots=True)
class Visit:
    """A matched request.

    Its address is the page's also where the browser asked for data only; ``url`` is its path and query as they
    stand in the address. ``routes`` is the chain from the root to the leaf. ``loading`` names the routes whose
    loaders this request may run (after the action, if there is one), and ``action`` the route whose action it
    runs, or None. ``identities`` has what ``authenticate`` returned so far. ``action_id`` is what the browser
    calls this run of the action, and ``published`` what the action has published so far. ``fields`` is what the
    extensions tell the browser beside the data.
    """

    request: Request
    incoming: Incoming
    session: Session
    url: str
    routes: tuple[RouteModule, ...]
    params: Mapping[str, str]
    loading: frozenset[str]
    action: str | None = None
    action_id: str | None = None
    identities: list[Identity[Any]] = field(default_factory=list)
    published: list[Json] = field(default_factory=list)
    fields: dict[str, Json] = field(default_factory=dict)
