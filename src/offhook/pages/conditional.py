"""Answers that the browser has already: 304 in place of the same content again (RFC 9110, section 13)."""

import asyncio
import hashlib
import os

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response

_KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")
"""What a 304 repeats (RFC 9110, section 15.4.5). Not the policy: the stored document has the nonces of its own."""


class Document(HTMLResponse):
    """A document. ``nonce`` stands in it wherever a script does, and differs each time."""

    def __init__(self, html: str, status: int = 200, *, nonce: str = "") -> None:
        super().__init__(html, status)
        self.nonce = nonce


async def conditional(response: Response, asked: Headers) -> Response:
    """*response* to a GET or HEAD with its entity tag, or 304 when the browser has just that.

    Nothing is done to an answer that may not be stored (live pages), sets a cookie, or is a stream. What gets a
    tag is asked for again each time, and stays out of shared caches, unless the application says otherwise.
    """
    said = response.headers.get("cache-control", "")
    if response.status_code != 200 or "no-store" in said or "set-cookie" in response.headers:
        return response
    if isinstance(response, FileResponse):
        await _look(response)
    elif type(response).__call__ is not Response.__call__:
        return response
    tag = response.headers.get("etag") or _tag(response)
    response.headers["etag"] = tag
    response.headers.setdefault("cache-control", "private, no-cache")
    if not _matches(asked.get("if-none-match", ""), tag):
        return response
    kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Response(status_code=304, headers=kept, background=response.background)


async def _look(file: FileResponse) -> None:
    """Learn the file's tag now, and not when the answer has begun.

    :raises OSError: there is no such file.
    """
    if file.stat_result is None:
        file.stat_result = await asyncio.to_thread(os.stat, file.path)
        file.set_stat_headers(file.stat_result)


def _tag(response: Response) -> str:
    body = bytes(response.body)
    if isinstance(response, Document) and response.nonce:
        body = body.replace(response.nonce.encode(), b"")
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def _matches(wanted: str, tag: str) -> bool:
    """Whether *tag* is among those of an ``If-None-Match``, by weak comparison (RFC 9110, section 8.8.3.2)."""
    if wanted.strip() == "*":
        return True
    return tag.removeprefix("W/") in {each.strip().removeprefix("W/") for each in wanted.split(",")}
