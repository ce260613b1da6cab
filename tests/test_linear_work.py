"""What is parsed before a peer is identified costs work that is linear in its bytes, whatever the bytes are.

Sixteen times the bytes may cost 64 times the processor time of this thread: linear work costs 16 times as much,
quadratic work 256 times. The least of several runs counts, so that a busy machine changes nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.datastructures import FormData, Headers, QueryParams
from starlette.responses import Response

from offhook.base.env import Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming, headers_of, parse_cookies
from offhook.base.limits import Limits
from offhook.base.origin import allowed
from offhook.base.sessions import SessionCookie
from offhook.pages.ask import read_ask
from offhook.pages.body import BodyRefused
from offhook.pages.conditional import precondition
from offhook.pages.fields import by_name, from_form
from offhook.pages.forms import _from_urlencoded
from offhook.pages.match import Matcher
from offhook.pages.multipart import Malformed, read_multipart
from offhook.pages.routes import layout, route
from offhook.server.forwarded import Proxies
from offhook.server.upgrade import parse
from offhook.wire.deflate import Terms, negotiate
from offhook.wire.handshake import BadHandshake, opening, parse_extensions

_SHORT, _TIMES, _MOST = 1024, 16, 64
_RUNS = 5


@dataclass
class Search:
    """What a loader may take from a query, or an action from a form."""

    q: str = ""
    tag: list[str] = field(default_factory=list)


def _filled(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    """*unit* again and again, up to a size; a number sign in it becomes a number."""

    def make(size: int) -> str:
        units = [unit.replace("#", format(number, "x")) for number in range(size // len(unit))]
        return before + "".join(units)[:size] + after

    return make


def _scope(query: str = "", **headers: str) -> dict[str, Any]:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "GET",
        "path": "/__data/a",
        "raw_path": b"/__data/a",
        "query_string": query.encode("latin-1"),
        "headers": raw,
    }


_COOKIES = SessionCookie(["k" * 16], env=Env.seeded(0, lambda: 1e9))
_MATCHER = Matcher(
    [layout("shell", [route("a/:b/c?/:d?", "one"), route("a/*", "two"), route("x/y?/z?/*", "three")])]
)
_PART = '--B\r\nContent-Disposition: form-data; name="a"'
_UPGRADE = (
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def _multipart(content_type: str, body: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096].encode("latin-1")

    async def read() -> None:
        parts = await read_multipart(content_type, chunks(), Limits(form_part_head=1 << 20))
        await FormData(parts.fields).close()

    asyncio.run(read())


def _upgrade(head: str) -> None:
    request = parse(head.encode("latin-1"))
    negotiate(opening(request.method, request.version, request.headers).offers, Terms())


def _precondition(text: str) -> None:
    asked = Headers({"if-none-match": text, "if-match": text})
    precondition(Response(headers={"etag": '"x"'}), asked)
    precondition(Response(headers={"etag": '"x"'}), Headers({"if-modified-since": text}))


def _form(text: str) -> None:
    _from_urlencoded(text.encode("latin-1"), Limits(form_parts=1 << 20)).read(Search)


Parser = Callable[[str], object]
_PARSERS: dict[str, Parser] = {
    "cookies": parse_cookies,
    "session": lambda text: _COOKIES.load(Incoming("/", headers={"cookie": text})),
    "query": lambda text: from_form(by_name(QueryParams(text).multi_items()), Search),
    "data query": lambda text: read_ask(_scope(text)),
    "form": _form,
    "multipart type": lambda text: _multipart(text, "--B\r\n\r\n"),
    "multipart": lambda text: _multipart("multipart/form-data; boundary=B", text),
    "origin": lambda text: allowed({"origin": text, "host": text}, ["http://a.example"]),
    "forwarded": Proxies(["10.0.0.0/8", "192.168.0.0/16"]).client,
    "extensions": parse_extensions,
    "upgrade": _upgrade,
    "precondition": _precondition,
    "path": _MATCHER.match,
    "repeated header": lambda text: headers_of({"headers": [(b"a", each.encode()) for each in text.split("|")]}),
}
_TEXTS: dict[str, dict[str, Callable[[int], str]]] = {
    "cookies": {
        "backslashes": _filled('a="', "\\", '"'),
        "escaped quotes": _filled('a="', '\\"', '"'),
        "octal escapes": _filled('a="', "\\012", '"'),
        "no values": _filled("", "a;"),
        "semicolons": _filled("", ";"),
        "many": _filled("", "a#=b; "),
    },
    "session": {
        "backslashes": _filled('offhook="', "\\", '"'),
        "many of ours": _filled("", "offhook=eyJ.aaaa.bbbb; "),
        "a long one": _filled("offhook=", "e", ".aaaa.bbbb"),
        "dots": _filled("offhook=", "."),
        "many that ended": _filled("offhook-ended=", "#."),
    },
    "query": {
        "many names": _filled("", "#=&"),
        "one name": _filled("", "tag=a&"),
        "percents": _filled("q=", "%"),
        "ampersands": _filled("", "&"),
        "semicolons": _filled("", "a;"),
    },
    "data query": {
        "many routes": _filled("_routes=", "#,"),
        "many lists": _filled("", "_routes=#&"),
        "actions": _filled("", "_action=#&"),
        "almost": _filled("_action=", "a", "!"),
    },
    "form": {
        "many names": _filled("", "#=&"),
        "one name": _filled("", "tag=a&"),
        "percents": _filled("q=", "%41"),
    },
    "multipart type": {
        "semicolons in quotes": _filled('multipart/form-data; boundary="', ";", '"'),
        "parameters": _filled("multipart/form-data", "; a#=b", "; boundary=B"),
        "quotes": _filled("multipart/form-data; boundary=", '"'),
        "backslashes": _filled('multipart/form-data; boundary="', "\\"),
    },
    "multipart": {
        "parts": _filled("", '--B\r\nContent-Disposition: form-data; name="#"\r\n\r\nx\r\n', "--B--\r\n"),
        "a long header": _filled("--B\r\nContent-Disposition: form-data; name=", "x"),
        "semicolons in a header": _filled(_PART, ";", "\r\n\r\nx\r\n--B--\r\n"),
        "parameters in a header": _filled(
            '--B\r\nContent-Disposition: form-data; name="a"', ";#=b", "\r\n\r\nx\r\n--B--"
        ),
        "headers": _filled("--B\r\n", "A#: b\r\n"),
        "almost boundaries": _filled('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "\r\n--"),
        "carriage returns": _filled('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "\r"),
        "a preamble": _filled("", "\r\n"),
    },
    "origin": {
        "a host": _filled("http://", "a"),
        "dots": _filled("http://", "."),
        "colons": _filled("http://[", ":", "]"),
        "ats": _filled("http://", "@"),
        "digits": _filled("http://a:", "9"),
    },
    "forwarded": {
        "trusted ones": _filled("1.1.1.1", ",10.0.0.1"),
        "commas": _filled("", ","),
        "a long one": _filled("", "1"),
        "colons": _filled("[", ":", "]:1"),
    },
    "extensions": {
        "quoted": _filled("", 'a; b="\\c",'),
        "unfinished": _filled('a; b="', "\\c"),
        "commas": _filled("", ",", "a"),
        "blanks": _filled("a", " "),
        "parameters": _filled("a", ";b"),
    },
    "upgrade": {
        "fields": _filled(_UPGRADE, "A#: b\r\n", "X: y"),
        "tokens": _filled(f"{_UPGRADE}X: ", "upgrade,"),
        "connection": _filled(_UPGRADE.replace("Connection: Upgrade", "Connection: "), "a#,", "\r\nX: y"),
        "subprotocols": _filled(f"{_UPGRADE}Sec-WebSocket-Protocol: ", "a#,", "z"),
        "offers": _filled(f"{_UPGRADE}Sec-WebSocket-Extensions: ", "permessage-deflate;a,", "z"),
        "a long method": _filled("", "A"),
    },
    "precondition": {
        "tags": _filled("", '"#",'),
        "an unfinished tag": _filled('"', "a"),
        "weak ones": _filled("", "W/"),
        "quotes": _filled("", '"'),
        "a date": _filled("Mon, ", "1 "),
        "commas": _filled("", ","),
    },
    "path": {
        "segments": _filled("/a", "/b"),
        "slashes": _filled("", "/"),
        "a long segment": _filled("/a/", "b"),
        "percents": _filled("/a/", "%2f"),
    },
    "repeated header": {"many": _filled("", "ab|"), "a long one": _filled("", "x")},
}


def _cost(parser: Parser, text: str) -> float:
    """Seconds of processor time, the least of several runs."""
    costs = []
    for _ in range(_RUNS):
        began = time.thread_time()
        with contextlib.suppress(BadHandshake, BodyRefused, Malformed, UsageError):
            parser(text)
        costs.append(time.thread_time() - began)
    return min(costs)


@pytest.mark.parametrize(("parser", "text"), [(parser, text) for parser in _TEXTS for text in _TEXTS[parser]])
def test_the_work_is_linear_in_the_bytes(parser: str, text: str) -> None:
    parse_it, make = _PARSERS[parser], _TEXTS[parser][text]
    short, long = make(_SHORT), make(_TIMES * _SHORT)

    assert _cost(parse_it, long) < _MOST * _cost(parse_it, short)
