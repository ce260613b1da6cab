"""What an upgrade says as ASGI's websocket scope, and the heads of the answers to it."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from offhook.base.types import Scope
from offhook.wire.handshake import BadHandshake

Headers = Iterable[tuple[bytes, bytes]]

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LINE = re.compile(rb"([A-Z]+) ([\x21-\x7e]+) HTTP/(\d\.\d)")


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request. The names of ``headers`` are in lower case."""

    method: str
    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]


def parse(head: bytes) -> Request:
    """The request in *head*, which ends before the empty line.

    :raises BadHandshake: it is none.
    """
    first, *lines = head.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise BadHandshake("no request")
    method, target, version = line.groups()
    return Request(method.decode(), target, version.decode(), [_header(each) for each in lines])


def named(head: bytes) -> tuple[str, bytes]:
    """Method and target in *head*, which may be no request at all; a dash and nothing then."""
    line = _LINE.fullmatch(head.partition(b"\r\n")[0])
    return (line[1].decode(), line[2]) if line else ("-", b"")


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
        raise BadHandshake("a header cannot be read")
    return name.lower(), value.strip(b" \t")


def scope(
    request: Request,
    subprotocols: Iterable[str],
    transport: asyncio.Transport,
    config: Config,
    state: Mapping[str, Any],
    extensions: Mapping[str, object],
) -> Scope:
    """ASGI's websocket scope of *request*.

    :raises BadHandshake: its target is no address.
    """
    try:
        url = httptools.parse_url(request.target)
    except httptools.HttpParserInvalidURLError:
        raise BadHandshake("the target is no address") from None
    raw_path = without_prefix(url.path or b"/", config.root_path.encode())
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": request.version,
        "scheme": "wss" if is_ssl(transport) else "ws",
        "server": get_local_addr(transport),
        "client": get_remote_addr(transport),
        "root_path": config.root_path,
        "path": config.root_path + unquote(raw_path.decode("ascii")),
        "raw_path": config.root_path.encode("ascii") + raw_path,
        "query_string": url.query or b"",
        "headers": request.headers,
        "subprotocols": list(subprotocols),
        "state": dict(state),
        "extensions": dict(extensions),
    }


def without_prefix(target: bytes, prefix: bytes) -> bytes:
    """*target* without *prefix*, where the application is mounted, if a proxy in front has left that in it."""
    if not prefix or not target.startswith(prefix):
        return target
    rest = target[len(prefix) :]
    if not rest or rest.startswith(b"?"):
        return b"/" + rest
    return rest if rest.startswith(b"/") else target


def answer(status: int, headers: Headers) -> bytes:
    """The head of a response.

    :raises RuntimeError: the application gave a status or a header that cannot be sent.
    """
    lines = [b"HTTP/1.1 %d %s" % (status, _phrase(status))]
    for name, value in headers:
        if not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            raise RuntimeError(f"the header {name!r} cannot be sent")
        lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def refusal(status: int, text: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """A whole response after which the connection is closed."""
    body = (text or _phrase(status).decode()).encode()
    given = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return answer(status, given + ends(given) + described(body)) + body


def described(body: bytes) -> list[tuple[bytes, bytes]]:
    """What a head says about a *body* that is plain text."""
    return [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]


def ends(headers: Headers) -> list[tuple[bytes, bytes]]:
    """What tells that nothing follows the response, unless *headers* say something about that."""
    return [] if any(name.lower() == b"connection" for name, _ in headers) else [(b"connection", b"close")]


def _phrase(status: int) -> bytes:
    if not 100 <= status < 600:
        raise RuntimeError(f"{status!r} is no HTTP status")
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
