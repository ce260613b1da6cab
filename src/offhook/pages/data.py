"""Data requests: the outcomes of handlers as JSON, for a page that is already open."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from offhook.pages.answers import add_headers, location
from offhook.pages.outcomes import Done, Failed, Outcome, Outcomes
from offhook.pages.results import Redirect, stays
from offhook.pages.run import Passed
from offhook.pages.visit import Visit


def json_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """*content* as JSON that nobody keeps."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def reload(build: str) -> Response:
    """The browser's route table is not ours: it was built from another version. It loads the document anew."""
    return json_response({"build": build, "reload": True}, 409)


def results(outcomes: Outcomes, asked: Sequence[str]) -> dict[str, Any]:
    """The outcomes of *asked*. A failure of another route (its middleware) fails all that was asked."""
    stopped = next((each for route_id, each in outcomes.items() if route_id not in asked), None)
    found = {route_id: outcomes.get(route_id, stopped) for route_id in asked}
    return {route_id: _result(each) for route_id, each in found.items()}


def redirect_response(
    decided: Redirect | Response, visit: Visit, build: str, passes: Sequence[Passed]
) -> Response:
    """A redirect as JSON, because ``fetch`` would follow a real one by itself.

    A response that no router can show, such as a file, is fetched by the browser itself, from the page's address.
    """
    if isinstance(decided, Redirect):
        away = {"to": location(decided), "external": decided.external, "status": decided.status}
    elif 300 <= decided.status_code <= 399:
        to = decided.headers.get("location", "/")
        away = {"to": to, "external": not stays(to), "status": decided.status_code}
    else:
        away = {"to": visit.url, "external": True, "status": 303}
    said = {name: visit.fields[name] for name in ("published",) if name in visit.fields}
    response = json_response({"build": build, "redirect": away, **said})
    add_headers(response, passes, only_cookies=True)
    return response


def _result(outcome: Outcome | None) -> dict[str, Any]:
    match outcome:
        case Done(value, status, _):
            return {"data": value} if status == 200 else {"data": value, "status": status}
        case Failed(status, value, _):
            return {"error": {"status": status, "data": value}}
    return {"data": None}
