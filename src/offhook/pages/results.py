"""What a loader or an action may answer besides plain data.

Each may be returned or raised. Raising unwinds the handler's resources like any exception (a transaction rolls
back); returning closes them in order (it commits). Raised ``data`` goes to the nearest ErrorBoundary.
"""

import re
from collections.abc import Mapping

from starlette.responses import Response

from offhook.base.errors import UsageError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LEAVES = re.compile(r"/(?:\.{1,2}/)*[/\\]")
"""What a browser reads as another host, dot segments included."""


class Redirect(Exception):
    """Go elsewhere."""

    def __init__(self, to: str, status: int, headers: Mapping[str, str], external: bool) -> None:
        self.to = to
        self.status = status
        self.headers = headers
        self.external = external
        super().__init__(f"{status} {to}")


class Data(Exception):
    """A value with a status and headers."""

    def __init__(self, value: object, status: int, headers: Mapping[str, str]) -> None:
        self.value = value
        self.status = status
        self.headers = headers
        super().__init__(f"{status}")


class Answer(Exception):
    """A response of Starlette's, raised."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(f"{response.status_code}")


def redirect(
    to: str, status: int = 303, *, headers: Mapping[str, str] | None = None, external: bool = False
) -> Redirect:
    """Go to *to*, a path on this origin; with ``external=True`` to any http(s) address.

    :raises UsageError: *to* leaves the origin, or cannot be an address at all.
    """
    if not 300 <= status <= 399:
        raise UsageError(f"a redirect has a status from 300 to 399, not {status}")
    if external and not (to.startswith(("https://", "http://")) and not _CONTROL.search(to)):
        raise UsageError("an external redirect goes to an address that begins with https:// or http://")
    if not external and not stays(to):
        raise UsageError(
            "a redirect stays on the origin: it begins with one '/'; pass external=True for an address of "
            "your own choice, and never for one out of the request"
        )
    return Redirect(to, status, headers or {}, external)


def stays(to: str) -> bool:
    """Whether *to* is a path on this origin, as a ``?next=`` out of the request has to be."""
    return to.startswith("/") and not _LEAVES.match(to) and not _CONTROL.search(to)


def data(value: object, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Data:
    """*value* with a status and headers."""
    return Data(value, status, headers or {})


def respond(response: Response) -> Answer:
    """*response* as something that can be raised; a handler may also return it as it is."""
    return Answer(response)
