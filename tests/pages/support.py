"""A site out of functions, and a client that sends exactly the bytes that a test names."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from offhook.base.types import AsgiMessage
from offhook.pages.assets import Assets
from offhook.pages.handler import PagesHandler
from offhook.pages.modules import RouteModule, RouteTable
from offhook.pages.render.none import NoRenderer
from offhook.pages.routes import RouteNode

FORM = "application/x-www-form-urlencoded"


def table(nodes: Sequence[RouteNode], **functions: Mapping[str, Any]) -> RouteTable:
    """A route table whose modules have these functions, by id. Without ``view=None`` a route has a view."""
    modules = {
        node.id: RouteModule(node, **{"view": f"routes/{node.id}.tsx", **functions.get(node.id, {})})
        for root in nodes
        for node in root.walk()
    }
    return RouteTable(nodes, modules)


def site(nodes: Sequence[RouteNode], options: Mapping[str, Any] | None = None, **functions: Any) -> PagesHandler:
    """Pages with these functions, not rendered on the server."""
    return PagesHandler(table(nodes, **functions), NoRenderer(), Assets(), **(options or {}))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``page`` is what a document carries for the browser."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def page(self) -> Any:
        found = re.search(
            r'<script type="application/json" id="offhook-page"[^>]*>(.*?)</script>', self.text, re.DOTALL
        )
        assert found, self.text
        return json.loads(found[1])

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass(slots=True)
class Exchange:
    """One request over ASGI. Without ``leaves`` the body arrives whole; with it the client is gone after it."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] = (b"",)
    leaves: bool = False
    scheme: str = "http"
    sent: list[AsgiMessage] = field(default_factory=list)
    _at: int = 0

    async def run(self, app: Callable[..., Any]) -> None:
        path, _, query = self.target.partition("?")
        headers = {"host": "site.test", **self.headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": self.method,
            "scheme": self.scheme,
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        await app(scope, self._receive, self._send)

    async def _receive(self) -> AsgiMessage:
        if self._at >= len(self.chunks):
            return {"type": "http.disconnect"}
        chunk, self._at = self.chunks[self._at], self._at + 1
        return {"type": "http.request", "body": chunk, "more_body": self.leaves or self._at < len(self.chunks)}

    async def _send(self, message: AsgiMessage) -> None:
        self.sent.append(message)

    @property
    def reply(self) -> Reply:
        start, *rest = self.sent
        headers = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
        return Reply(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


def ask(app: PagesHandler, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
    """One request and its answer. Header names are written with underscores."""
    return _exchange(app, method, target, body, headers)


def _exchange(app: PagesHandler, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = Exchange(method, target, named, [body])
    asyncio.run(exchange.run(app))
    return exchange.reply


def get(app: PagesHandler, target: str, **headers: str) -> Reply:
    """A GET."""
    return _exchange(app, "GET", target, b"", headers)


def post(app: PagesHandler, target: str, body: str = "", **headers: str) -> Reply:
    """A form's POST from one of our own pages."""
    sent = {"content_type": FORM, "origin": "http://site.test", **headers}
    return _exchange(app, "POST", target, body.encode(), sent)
