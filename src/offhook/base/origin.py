"""The same-origin check (RFC 6455, section 10.2): on the upgrade, the HTTP fallback and every action."""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_DEFAULT_PORTS = {80, 443}


def _host(netloc: str) -> str:
    """Host and port, without a default port: behind a TLS proxy the schemes of both sides differ."""
    try:
        parts = urlsplit(f"//{netloc}")
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    return host if port is None or port in _DEFAULT_PORTS else f"{host}:{port}"


def allowed(headers: Mapping[str, str], origins: Collection[str] = ()) -> bool:
    """Whether a request with these headers comes from one of our own pages, or from no page at all.

    A browser always names the page's origin on an upgrade and on a POST, and no page can forge it; a program
    that is not a browser names none and carries no stranger's cookies.

    :param headers: by lower-case name.
    :param origins: further origins that are welcome, such as ``https://admin.example.com``.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    if origin in origins:
        return True
    return _host(origin.partition("://")[2]) == _host(headers.get("host", "")) != ""
