"""The Content Security Policy of documents: markup that slipped into a page loads nothing and runs nothing.

https://www.w3.org/TR/CSP3/
"""

import re
from collections.abc import Mapping

from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming

DEFAULTS: Mapping[str, str] = {
    "default-src": "'self'",
    "base-uri": "'self'",
    "connect-src": "'self' {sockets}",
    "font-src": "'self' data:",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "script-src": "'self' {nonce}",
    "style-src": "'self' {nonce}",
    # `style={{...}}` in a view is an attribute in the document, and cannot carry a nonce.
    "style-src-attr": "'unsafe-inline'",
}
_NAME = re.compile(r"[a-z][a-z-]*")
_VALUE = re.compile(r"[\x20-\x7e]*")
_HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)


class ContentPolicy:
    """The policy of one application.

    :param changes: directives that replace those of ``DEFAULTS``; None removes one. In a value, ``{nonce}`` stands
        for what scripts of ours carry in this very document, and ``{sockets}`` for the WebSockets of the origin.
    :raises UsageError: a name or a value that cannot stand in the header.
    """

    def __init__(self, changes: Mapping[str, str | None] | None = None) -> None:
        merged = {**DEFAULTS, **(changes or {})}
        self._directives = {name: value for name, value in merged.items() if value is not None}
        for name, value in self._directives.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or "," in value or ";" in value:
                raise UsageError(
                    f"App(csp=...): {name!r}: {value!r} cannot be a directive; write sources with spaces"
                )

    def header(self, nonce: str, came: Incoming) -> str:
        """The value of the header for the document that *came* asks for."""
        said = {"{nonce}": f"'nonce-{nonce}'", "{sockets}": _sockets(came)}
        directives = (f"{name} {_filled(value, said)}".rstrip() for name, value in self._directives.items())
        return "; ".join(directives)


def _filled(value: str, said: Mapping[str, str]) -> str:
    for placeholder, text in said.items():
        value = value.replace(placeholder, text)
    return value


def _sockets(came: Incoming) -> str:
    """The origin for WebSockets, which not every browser counts as ``'self'``."""
    host = came.headers.get("host", "")
    if not _HOST.fullmatch(host):
        return ""
    # A proxy in front may speak TLS without saying so.
    return f"wss://{host}" if came.scheme == "https" else f"ws://{host} wss://{host}"
