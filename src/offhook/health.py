"""``/healthz``, ``/readyz`` and ``/metrics``: what those who run the process want to know of it.

Health says that the event loop answers. Readiness says that the engine runs and its broker does too, with the loop
that hears announcements; a balancer takes a process that is not ready out of service. Metrics want a key, because
they tell how much an application is used.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from offhook.base.errors import UsageError
from offhook.base.incoming import headers_of
from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.realtime.engine import Engine

_SHORTEST_KEY: Final = 16
_TEXT: Final = "text/plain; charset=utf-8"

_Answer: TypeAlias = tuple[int, str, bytes]
"""Status, content type, body."""


def probes(engine: Engine) -> Mapping[str, AsgiApp]:
    """The two probes, by path. They tell nothing but yes and no, and need no key."""

    async def alive(headers: Mapping[str, str]) -> _Answer:
        return 200, _TEXT, b"ok\n"

    async def ready(headers: Mapping[str, str]) -> _Answer:
        if not engine.accepting:
            return 503, _TEXT, b"the engine does not run\n"
        if not engine.broker.ready:
            return 503, _TEXT, b"the broker is not ready\n"
        return 200, _TEXT, b"ok\n"

    return {"/healthz": _Page(alive), "/readyz": _Page(ready)}


def metrics(engine: Engine, key: str) -> Mapping[str, AsgiApp]:
    """The metrics in Prometheus' text format, for ``Authorization: Bearer <key>``.

    :raises UsageError: the key is too short to be a secret, or ``prometheus-client`` is missing.
    """
    if len(key) < _SHORTEST_KEY:
        raise UsageError(f"metrics_key needs at least {_SHORTEST_KEY} characters; take a long random text")
    try:
        from offhook.prometheus import CONTENT_TYPE, exposition
    except ImportError:
        raise UsageError("metrics need prometheus-client: install offhook[metrics]") from None
    expected = f"Bearer {key}".encode()

    async def read(headers: Mapping[str, str]) -> _Answer:
        if not hmac.compare_digest(headers.get("authorization", "").encode("latin-1"), expected):
            return 401, _TEXT, b"the key is missing or wrong\n"
        return 200, CONTENT_TYPE, exposition(engine)

    return {"/metrics": _Page(read)}


class _Page:
    """One address that is only read."""

    def __init__(self, answer: Callable[[Mapping[str, str]], Awaitable[_Answer]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            status, kind, body = await self._answer(headers_of(scope))
        else:
            status, kind, body = 405, _TEXT, b"only GET\n"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *([(b"allow", b"GET, HEAD")] if status == 405 else []),
            *([(b"www-authenticate", b"Bearer")] if status == 401 else []),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
