"""Who is behind a proxy: its word about the client's address and scheme, if it is one that is trusted."""

import re
from collections.abc import Awaitable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from offhook.base.errors import UsageError
from offhook.base.types import AsgiApp, Receive, Scope, Send

UNIX = "unix:"
"""Whoever may write to the Unix socket."""
ANYBODY = "*"
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?")


class Proxies:
    """The peers whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed.

    :param trusted: addresses, networks (``10.0.0.0/8``), ``unix:`` for peers of a Unix socket, or ``*`` for
        everybody who connects, where nobody but a proxy can.
    :raises UsageError: one of them is none.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        names = set(trusted)
        self._anybody = ANYBODY in names
        self._unix = self._anybody or UNIX in names
        self._networks = [_network(each) for each in sorted(names - {ANYBODY, UNIX})]

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def trusts_peer(self, host: str | None) -> bool:
        """Whether the peer of a connection is one of them; None is the peer of a Unix socket."""
        if host is None:
            return self._unix
        found = _address(host)
        return self._anybody or (found is not None and self._has(found))

    def client(self, chain: str) -> tuple[str, int] | None:
        """Whom the trusted proxies saw: the rightmost address of the *chain* that is not one of theirs.

        What stands left of it is hearsay. None where that address is none, and where all are theirs.
        """
        for entry in reversed(chain.split(",")):
            found = _entry(entry.strip())
            if found is None:
                return None
            host, port = found
            if not self._has(host):
                return str(host), port
        return None

    def _has(self, host: IPv6Address | IPv4Address) -> bool:
        return any(_as_six(host) in network for network in self._networks)


class Forwarded:
    """*app*, which is told of the client and not of the proxy."""

    def __init__(self, app: AsgiApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: a request pays for one call and nothing else.
        if scope["type"] != "lifespan":
            peer = scope.get("client")
            if self._proxies.trusts_peer(peer[0] if peer else None):
                self._believe(scope)
        return self._app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        headers = scope["headers"]
        chain = b",".join(value for name, value in headers if name == b"x-forwarded-for")
        if chain:
            scope["client"] = self._proxies.client(chain.decode("latin-1")) or scope.get("client")
        schemes = [value.strip().lower() for name, value in headers if name == b"x-forwarded-proto"]
        if len(schemes) == 1 and schemes[0] in (b"http", b"https", b"ws", b"wss"):
            secure = schemes[0] in (b"https", b"wss")
            plain = "ws" if scope["type"] == "websocket" else "http"
            scope["scheme"] = f"{plain}s" if secure else plain


def _entry(text: str) -> tuple[IPv6Address | IPv4Address, int] | None:
    """An address, perhaps with a port: ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]:80``."""
    alone = _address(text)
    if alone is not None:
        return alone, 0
    found = _WITH_PORT.fullmatch(text)
    host = _address(found[1] or found[2] or "") if found else None
    return (host, int(found[3] or 0)) if found and host is not None else None


def _address(text: str) -> IPv6Address | IPv4Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _as_six(host: IPv6Address | IPv4Address) -> IPv6Address:
    """A socket for both families writes 192.0.2.1 as ::ffff:192.0.2.1; compared are these (RFC 4291, 2.5.5.2)."""
    return host if isinstance(host, IPv6Address) else IPv6Address(f"::ffff:{host}")


def _network(text: str) -> IPv6Network:
    try:
        found = ip_network(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no address that could be trusted: {error}") from None
    if isinstance(found, IPv6Network):
        return found
    return IPv6Network(f"::ffff:{found.network_address}/{96 + found.prefixlen}")
