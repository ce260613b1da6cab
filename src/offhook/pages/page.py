"""The page: the one value between loaders and renderers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from offhook.base.types import Json


@dataclass(frozen=True, slots=True)
class RouteError:
    """What an ErrorBoundary is told."""

    status: int
    data: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Page:
    """All that a document shows.

    Values of loaders and actions are JSON already: they were encoded while the handler's resources were open.
    ``errors`` has the route that failed; which boundary shows it is the view's business. ``fields`` is what the
    extensions add for the browser. ``nonce`` is what scripts in the document have to carry; empty: nothing.
    ``root`` is where the application is mounted; ``url`` is below it.
    """

    url: str
    loader_data: Mapping[str, msgspec.Raw]
    action_data: Mapping[str, msgspec.Raw] | None = None
    errors: Mapping[str, RouteError] | None = None
    not_found: bool = False
    fields: Mapping[str, Json] = field(default_factory=dict)
    nonce: str = ""
    root: str = ""

    def error_responses(self) -> Mapping[str, Any] | None:
        """The errors as the browser's router revives them, each with the route that failed."""
        return {
            route_id: {
                "status": error.status,
                "statusText": "",
                "data": error.data,
                "internal": False,
                "__type": "RouteErrorResponse",
            }
            for route_id, error in (self.errors or {}).items()
        } or None

    def for_renderer(self) -> bytes:
        """The argument of ``OFFHOOK.render``, as JSON."""
        return msgspec.json.encode(
            {
                "url": self.url,
                "loaderData": self.loader_data,
                "actionData": self.action_data,
                "errors": self.errors,
                "notFound": self.not_found,
                "nonce": self.nonce or None,
                "root": self.root,
            }
        )
