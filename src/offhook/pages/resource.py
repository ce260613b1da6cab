"""Resource requests: a route without a view answers with what its handler returned."""

from starlette.responses import Response

from offhook.pages.answers import add_headers
from offhook.pages.outcomes import Done, Failed, Outcome
from offhook.pages.run import Passed


def resource(passed: Passed) -> Response:
    """The answer of a resource route: plain values as JSON, failures as JSON with their status."""
    failure = next((each for each in passed.outcomes.values() if isinstance(each, Failed)), None)
    outcome: Outcome | None = failure or next(iter(passed.outcomes.values()), None)
    content, status = b"null", 200
    if isinstance(outcome, Done | Failed):
        content, status = bytes(outcome.value), outcome.status
    response = Response(content, status, media_type="application/json")
    add_headers(response, [passed])
    return response
