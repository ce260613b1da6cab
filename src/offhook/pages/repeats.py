"""A form that is sent twice by one double click: the second request gets the answer of the first.

Without JavaScript a browser that submits a form again gives up waiting for the first answer, but the server has
the request, and its action runs. While it does, the same submission (address, cookies and body, as a navigation of
a browser) joins it. Afterwards it is a submission of its own: whether a repetition is meant, only the application
can know then. The registry is one process's.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

Key: TypeAlias = bytes


async def submission(request: Request) -> Key | None:
    """What two submissions have in common that are the same; None for what is no plain form without files.

    :raises BodyRefused, ClientDisconnect: from the body.
    """
    headers = request.headers
    if headers.get("sec-fetch-mode") != "navigate" or "multipart/" in headers.get("content-type", ""):
        return None
    who = [headers.get(name) for name in ("content-type", "cookie", "authorization")]
    return hashlib.sha256(repr((request.method, str(request.url), who)).encode() + await request.body()).digest()


class Repeats:
    """The submissions that are being answered, each with the answer to come."""

    def __init__(self) -> None:
        self._running: dict[Key, asyncio.Future[Response | None]] = {}

    async def once(self, key: Key | None, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer of *answer*, or the one that the same submission is getting already."""
        if key is None:
            return await answer()
        if (running := self._running.get(key)) is not None:
            # Its request may be cancelled with its connection; this one then answers by itself.
            joined = await asyncio.shield(running)
            return joined if joined is not None else await answer()
        self._running[key] = result = asyncio.get_running_loop().create_future()
        response: Response | None = None
        try:
            response = await answer()
            return response
        finally:
            del self._running[key]
            # A stream can be sent once.
            shared = response is not None and type(response).__call__ is Response.__call__
            result.set_result(response if shared else None)
