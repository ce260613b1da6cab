"""The immutable view of a request or an upgrade, and the identity that ``authenticate`` finds in it.

Every server in front of an application bounds the size of a head; the work here is linear in that size, whatever
the head contains, because it is done before the peer has been identified (``tests/test_linear_work.py``).
"""

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Generic, TypeAlias, TypeVar

from offhook.base.mounting import root_of
from offhook.base.types import Json, Scope

User = TypeVar("User")

_BREAK = "\n"
_BLANKS = " \t"


class Headers(Mapping[str, str]):
    """Header fields by lower-case name, kept as one text: every open line and socket has those of its upgrade.

    As a dict they would take three times the memory. A value has no line break (RFC 9110, section 5.5).
    """

    __slots__ = ("_text",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        lines = [f"{name}:{value.replace(_BREAK, ' ')}" for name, value in fields.items()]
        self._text = _BREAK.join(["", *lines, ""])

    @property
    def size(self) -> int:
        """Bytes of names and values, about."""
        return len(self._text)

    def __getitem__(self, name: str) -> str:
        start = -1 if ":" in name or _BREAK in name else self._text.find(f"{_BREAK}{name}:")
        if start < 0:
            raise KeyError(name)
        start += len(name) + 2
        return self._text[start : self._text.index(_BREAK, start)]

    def __iter__(self) -> Iterator[str]:
        return (line.partition(":")[0] for line in self._text.split(_BREAK)[1:-1])

    def __len__(self) -> int:
        return self._text.count(_BREAK) - 1

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True, slots=True)
class Incoming:
    """What ``authenticate`` sees: the same for a page, for the line and for a refresh.

    ``headers`` has lower-case names. ``session`` is the verified cookie session ({} without one) and
    ``session_expires`` the second since 1970 at which its cookie runs out. ``session_id`` is the public name of
    the sign-in that the cookie session stands for.
    """

    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"
    client: str | None = None
    session: Mapping[str, Json] = field(default_factory=dict)
    session_expires: float = math.inf
    session_id: str = ""
    root: str = ""
    """Where the application is mounted (``root_path``); ``path`` is below it."""

    @property
    def is_secure(self) -> bool:
        """Whether the peer's connection is TLS: its own, or that of a trusted proxy's client."""
        return self.scheme in ("https", "wss")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, parsed at each access; see ``parse_cookies``."""
        return parse_cookies(self.headers.get("cookie", ""))

    def cookie_values(self, name: str) -> list[str]:
        """The values of all cookies called *name*, in the browser's order."""
        header = self.headers.get("cookie", "")
        return [value for found, value in _cookie_pairs(header) if found == name] if name in header else []


def parse_cookies(header: str) -> dict[str, str]:
    """The ``Cookie`` header (RFC 6265, section 4.2) by name.

    Of several cookies with one name the first one counts: a browser sends the cookie with the longest path first,
    and of equal paths the oldest (section 5.4). A part without a name or without ``=`` is left out. Quotes around
    a value are removed; nothing in it is unescaped.
    """
    found: dict[str, str] = {}
    for name, value in _cookie_pairs(header):
        found.setdefault(name, value)
    return found


def _cookie_pairs(header: str) -> Iterator[tuple[str, str]]:
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        name, value = name.strip(_BLANKS), value.strip(_BLANKS)
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if name and equals:
            yield name, value


def headers_of(scope: Scope) -> Headers:
    """The headers of an ASGI scope by lower-case name; repeated ones are joined (RFC 9110, section 5.3)."""
    found: dict[str, list[str]] = {}
    for raw_name, raw_value in scope["headers"]:
        found.setdefault(raw_name.decode("latin-1").lower(), []).append(raw_value.decode("latin-1"))
    return Headers({name: ("; " if name == "cookie" else ", ").join(values) for name, values in found.items()})


def incoming(scope: Scope) -> Incoming:
    """The view of an ASGI ``http`` or ``websocket`` scope, without a session."""
    client = scope.get("client")
    return Incoming(
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers_of(scope),
        scheme=scope.get("scheme", "http"),
        client=client[0] if client else None,
        root=root_of(scope),
    )


def network_of(address: str | None) -> str | None:
    """What counts as one address in a limit: of IPv6 the /64 network, which one host has as a whole (RFC 6177).

    An IPv4 address that is mapped into IPv6 is the IPv4 address. None, the peer of a Unix socket, stays None.
    """
    if address is None or ":" not in address:
        return address
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> 64 << 64))


@dataclass(frozen=True, slots=True)
class Identity(Generic[User]):
    """Somebody whom the application knows.

    :param id: the user's id, a non-empty string; lines and presence are grouped by it.
    :param user: the application's own object; handlers receive it as ``user``.
    :param info: what others may see in presence and in publications.
    :param expires: second since 1970 at which the line closes with 3005. A session cookie that runs out
        earlier ends the line earlier.
    :param session: which sign-in of the user this is, so that ``line.revoke(session=...)`` ends its lines alone.
    """

    id: str
    user: User
    info: Json = None
    expires: float = math.inf
    session: str = ""


Authenticate: TypeAlias = Callable[[Incoming], Awaitable[Identity[User] | None]]
"""The application's one function for page, line and refresh; None means nobody."""
