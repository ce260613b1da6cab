"""Conditional requests: 304 for content that a client has, 412 where it expects another (RFC 9110, section 13)."""

import asyncio
import hashlib
import os
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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

    Nothing is done to an answer that may not be stored, sets a cookie, or is a stream. What gets a tag is asked
    for again each time, and stays out of shared caches, unless the application says otherwise.
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
    return precondition(response, asked) or response


def precondition(response: Response, asked: Headers) -> Response | None:
    """The answer in place of *response* to a GET or HEAD, in the order of RFC 9110, section 13.2.2; None: itself.

    :param response: with status 200 and its ``etag``; one of a file has ``last-modified`` as well.
    :param asked: the headers of the request.
    """
    tag = response.headers["etag"]
    modified = _date(response.headers.get("last-modified"))
    if "if-match" in asked:
        if not _matches(asked, "if-match", tag, strong=True):
            return Response(status_code=412)
    elif _is_later(modified, _date(asked.get("if-unmodified-since"))):
        return Response(status_code=412)
    if "if-none-match" in asked:
        is_current = _matches(asked, "if-none-match", tag, strong=False)
    else:
        since = _date(asked.get("if-modified-since"))
        is_current = modified is not None and since is not None and modified <= since
    if not is_current:
        return None
    kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Response(status_code=304, headers=kept, background=response.background)


def guarded(response: Response, *, personal: bool) -> Response:
    """*response* with the headers that keep it where it belongs, unless the application has set them.

    Without ``Cache-Control`` a cache may keep 404 and other answers by its own choice (RFC 9111, section 4.2.2).
    Errors, answers that set a cookie, and documents for a visitor who is signed in are not stored at all: a
    browser shows no page with ``no-store`` again by its Back button after the visitor has signed out. Everything
    else is asked for again each time. A redirect is left alone.

    :param personal: whether the request came with a session or an identity.
    """
    response.headers.setdefault("x-content-type-options", "nosniff")
    if 300 <= response.status_code < 400:
        return response
    stored = response.status_code < 300 and "set-cookie" not in response.headers
    stored = stored and not (personal and isinstance(response, Document))
    response.headers.setdefault("cache-control", "private, no-cache" if stored else "no-store")
    return response


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


_TAGS = re.compile(r'(?:W/)?"[^"]*"')


def _matches(asked: Headers, field: str, tag: str, *, strong: bool) -> bool:
    """Whether header *field* lists *tag*; a strong comparison finds no weak tag (RFC 9110, section 8.8.3.2)."""
    listed = ",".join(asked.getlist(field))
    if listed.strip() == "*":
        return True
    tags: list[str] = _TAGS.findall(listed)
    if strong:
        return tag in tags and not tag.startswith("W/")
    return tag.removeprefix("W/") in {each.removeprefix("W/") for each in tags}


def _date(value: str | None) -> datetime | None:
    """The time of an HTTP date; None where there is none, or the text is no date (it is ignored then)."""
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _is_later(modified: datetime | None, than: datetime | None) -> bool:
    return modified is not None and than is not None and modified > than
