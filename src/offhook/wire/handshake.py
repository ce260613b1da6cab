"""The opening handshake: what a client's request has to say, and the answer to its key (RFC 6455, section 4)."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Headers = Iterable[tuple[bytes, bytes]]
"""Names in lower case with their values, as in an ASGI scope."""

VERSION = "13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LETTER = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_ONE_TOKEN = re.compile(f"{_LETTER}+")
# RFC 6455, section 9.1: what is left of a quoted value without quotes and backslashes must be a token as well.
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*({_LETTER}+)(?:[ \t]*=[ \t]*({_LETTER}+|"(?:\\?{_LETTER})+"))?')
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)+|[ \t]*\Z")


class BadHandshake(ValueError):
    """The request opens no WebSocket: it is answered with ``status``, and ``headers`` beside the usual ones."""

    def __init__(self, reason: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Offer:
    """An extension that the client would like to use; a parameter without a value has None."""

    name: str
    parameters: Sequence[tuple[str, str | None]] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What a valid request says. ``accept`` is the value of ``Sec-WebSocket-Accept`` in the answer to it."""

    accept: str
    subprotocols: Sequence[str] = ()
    offers: Sequence[Offer] = ()


def accept_key(key: str) -> str:
    """The answer to ``Sec-WebSocket-Key`` (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode("latin-1") + _GUID).digest()).decode()


def opening(method: str, http_version: str, headers: Headers) -> Opening:
    """What the request asks for (section 4.2.1). Of subprotocols, an empty list offers none.

    :raises BadHandshake: it is not one that opens a WebSocket of version 13.
    """
    given = _Given(headers)
    if method != "GET":
        raise BadHandshake("the method must be GET", 405, {"Allow": "GET"})
    if http_version != "1.1" or len(given.fields("host")) != 1:
        raise BadHandshake("an upgrade needs HTTP/1.1 and one Host")
    if not given.has_token("upgrade", "websocket") or not given.has_token("connection", "upgrade"):
        raise BadHandshake("no upgrade to a WebSocket", 426, {"Upgrade": "websocket", "Connection": "Upgrade"})
    if given.fields("sec-websocket-version") != [VERSION]:
        raise BadHandshake("the version must be 13", 426, {"Sec-WebSocket-Version": VERSION})
    return Opening(
        accept_key(_key(given.fields("sec-websocket-key"))),
        tuple(_subprotocols(given.elements("sec-websocket-protocol"))),
        tuple(parse_extensions(", ".join(given.fields("sec-websocket-extensions")))),
    )


class _Given:
    """The header fields of a request, by name."""

    def __init__(self, headers: Headers) -> None:
        self._headers: dict[str, list[str]] = {}
        for name, value in headers:
            self._headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1").strip(" \t"))

    def fields(self, name: str) -> list[str]:
        """The values of all fields of that name."""
        return self._headers.get(name, [])

    def elements(self, name: str) -> Iterator[str]:
        """The elements of a list, which may stand in several fields and have empty elements."""
        parts = (part.strip(" \t") for value in self.fields(name) for part in value.split(","))
        return (part for part in parts if part)

    def has_token(self, name: str, token: str) -> bool:
        """Whether *token* is in the list, in any case."""
        return token in (part.lower() for part in self.elements(name))


def _key(given: Sequence[str]) -> str:
    """The one key, which is sixteen bytes in base 64."""
    try:
        [key] = given
        valid = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        valid = False
    if not valid:
        raise BadHandshake("Sec-WebSocket-Key must be sixteen bytes in base 64")
    return key


def _subprotocols(given: Iterable[str]) -> Sequence[str]:
    names = list(dict.fromkeys(given))
    if not all(map(_ONE_TOKEN.fullmatch, names)):
        raise BadHandshake("a subprotocol must be a token")
    return names


def parse_extensions(value: str) -> list[Offer]:
    """The offers in ``Sec-WebSocket-Extensions``, in the client's order; its fields are joined with commas.

    :raises BadHandshake: it is against the grammar (RFC 6455, section 9.1).
    """
    found: list[Offer] = []
    at = len(value) - len(value.lstrip(" \t,"))
    while at < len(value):
        name = _ONE_TOKEN.match(value, at)
        parameters, at = _parameters(value, name.end() if name else at)
        separator = _SEPARATOR.match(value, at)
        if name is None or separator is None:
            raise BadHandshake("Sec-WebSocket-Extensions cannot be read")
        found.append(Offer(name[0], parameters))
        at = separator.end()
    return found


def _parameters(value: str, at: int) -> tuple[Sequence[tuple[str, str | None]], int]:
    """The parameters that stand at *at*, and where they end."""
    found: list[tuple[str, str | None]] = []
    while parameter := _PARAMETER.match(value, at):
        name, text = parameter.groups()
        found.append((name, text and text.strip('"').replace("\\", "")))
        at = parameter.end()
    return tuple(found), at
