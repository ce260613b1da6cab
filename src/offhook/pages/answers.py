"""What every kind of answer shares: which outcome decides, and which headers go along."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from offhook.base.errors import UsageError
from offhook.pages.outcomes import Outcome, Outcomes
from offhook.pages.results import Redirect
from offhook.pages.run import Passed

_BREAKS = re.compile(rb"[\r\n\0]")
_NOT_OURS = frozenset({"content-length", "content-type", "transfer-encoding"})


def deciding(outcomes: Outcomes) -> Redirect | Response | None:
    """The outcome that is the whole answer: the first redirect or response, from the root down."""
    return next((each for each in outcomes.values() if isinstance(each, Redirect | Response)), None)


def location(away: Redirect) -> str:
    """Where *away* leads, with every character that an address cannot carry encoded."""
    return quote(away.to, safe=":/%#?=@[]!$&'()*+,;~-._")


def add_headers(response: Response, passes: Sequence[Passed], *, only_cookies: bool = False) -> None:
    """Add what handlers and middleware set, root first. Of one name the last value counts, of cookies all do."""
    for name, value in _headers(passes, response):
        if name == "set-cookie":
            response.headers.append(name, value)
        elif not only_cookies and name not in _NOT_OURS:
            response.headers[name] = value


def complete(response: Response, passes: Sequence[Passed]) -> None:
    """Add to a response of the application's all cookies, and what middleware and ``headers`` say beside it."""
    add_headers(response, passes, only_cookies=True)
    beside = {name: value for passed in passes for name, value in _lower(passed.headers)}
    for name, value in beside.items():
        if name != "set-cookie" and name not in _NOT_OURS:
            response.headers.setdefault(name, value)


def checked(response: Response) -> Response:
    """*response*, none of whose headers is more than one (RFC 9110, section 5.5).

    :raises UsageError: a value that came from outside would begin another line.
    """
    for name, value in response.raw_headers:
        if _BREAKS.search(name) or _BREAKS.search(value):
            raise UsageError(f"the header {name.decode('latin-1')!r} of an answer has a line break or a NUL in it")
    return response


def _headers(passes: Sequence[Passed], response: Response) -> Iterator[tuple[str, str]]:
    for passed in passes:
        for outcome in passed.outcomes.values():
            if outcome is not response:
                yield from _headers_of(outcome)
        yield from _lower(passed.headers)


def _headers_of(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Those of a response belong to its content, and only its cookies go elsewhere."""
    lower = _lower(outcome.headers)
    return (each for each in lower if each[0] == "set-cookie") if isinstance(outcome, Response) else lower


def _lower(headers: Mapping[str, str] | MutableHeaders) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        yield name.lower(), value
