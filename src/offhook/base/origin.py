"""The same-origin check (RFC 6455, section 10.2): on the upgrade, the HTTP fallback and every action.

An origin is a scheme, a host and a port (RFC 6454), and all three count, with one exception: a page with ``https``
may reach a server that sees plain HTTP, because a proxy that was not named to the server may end TLS. The reverse
is refused: a page without TLS is not the site that the server serves with TLS.

A page cannot set or remove ``Origin`` and ``Sec-Fetch-Site``; a program that is not a browser can, but has no
visitor's cookies. What the two headers say decides, and nothing else (``Referer`` may be absent at any time):

| Origin | Sec-Fetch-Site | |
| --- | --- | --- |
| one of ``App(origins=...)`` | any, or none | accepted |
| the server's own (scheme, host, port) | any, or none | accepted |
| ``null`` | ``same-origin`` | accepted: a page under ``Referrer-Policy: no-referrer`` hides its own origin |
| ``null`` | another value, or none | refused: a sandboxed frame, a file, a redirect of another site |
| any other | any, or none | refused |
| none | ``same-origin``, ``none``, or none at all | accepted |
| none | ``same-site``, ``cross-site`` | refused |

Browsers send ``Sec-Fetch-Site`` only to https and to localhost.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_OPAQUE = "null"


def _authority(scheme: str, netloc: str) -> tuple[str, int] | None:
    """Host and port; None: it is malformed."""
    try:
        parts = urlsplit(f"//{netloc}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "@" in netloc:
        return None
    return parts.hostname, port or _PORTS[scheme]


def allowed(headers: Mapping[str, str], origins: Collection[str] = (), *, secure: bool = False) -> bool:
    """Whether a request with these headers comes from one of our own pages, or from no page at all.

    A browser always names the page's origin on an upgrade and on a POST, and no page can forge it; a program that
    is not a browser names none and carries no cookies of a visitor. A page whose policy hides the origin
    (``Referrer-Policy: no-referrer``) sends ``null``; then ``Sec-Fetch-Site`` decides, which no page can forge.

    :param headers: by lower-case name.
    :param origins: further origins that are welcome, such as ``https://admin.example.com``.
    :param secure: whether the request came over TLS.
    """
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    if origin is None:
        return site in (None, "same-origin", "none")
    if origin == _OPAQUE:
        return site == "same-origin"
    if origin in origins:
        return True
    scheme, separator, netloc = origin.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PORTS or (secure and scheme == "http"):
        return False
    # Without a port in Host the request went to the default port of the scheme that the browser used.
    here = _authority(scheme, headers.get("host", ""))
    return here is not None and here == _authority(scheme, netloc)
