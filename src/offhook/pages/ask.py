"""What the browser asks for: a document or a resource at an address, or only the data of that page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_plus

from offhook.base.types import Scope

DATA = "/__data"
"""Before the path of a page: its data. A path of its own keeps JSON out of caches and of the Back button."""
_KEPT = 512
"""Characters of a list of route ids, as a browser sends it again and again."""
_OURS = ("_routes", "_after")
_ACTION = re.compile(r"_action=([\w-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``scope`` has the address of the page, also for a data request.

    :param path: the page's path as it stands in the address.
    :param routes: whose loaders, or which route's action, a data request is for; None: not said.
    :param after: whose loaders run after the action.
    :param action_id: what the browser calls this run of the action.
    """

    scope: Scope
    method: str
    path: str
    query: str
    data: bool
    routes: tuple[str, ...] | None = None
    after: tuple[str, ...] = ()
    action_id: str | None = None

    @property
    def url(self) -> str:
        """The page's path and query as they stand in the address."""
        return f"{self.path}?{self.query}" if self.query else self.path


def is_data(scope: Scope) -> bool:
    """Whether a request is for data."""
    path = _raw_path(scope)
    return path == DATA or path.startswith(f"{DATA}/")


def read_ask(scope: Scope) -> Ask:
    """The request of an ASGI ``http`` scope."""
    path, query = _raw_path(scope), scope.get("query_string", b"").decode("latin-1")
    method = scope["method"]
    if not is_data(scope):
        return Ask(scope, method, path, query, data=False)
    path = path.removeprefix(DATA) or "/"
    pairs = query.split("&")
    action_id = _action_id(pairs) if method != "GET" else None
    kept = "&".join(pair for pair in pairs if pair.partition("=")[0] not in _OURS)
    raw_path, raw_query = path.encode("latin-1"), kept.encode("latin-1")
    page = {**scope, "path": unquote(path), "raw_path": raw_path, "query_string": raw_query}
    routes, after = _ids(query, "_routes"), _ids(query, "_after") or ()
    return Ask(page, method, path, kept, data=True, routes=routes, after=after, action_id=action_id)


def _action_id(pairs: list[str]) -> str | None:
    """Take the action's id out of *pairs*. Ours come last: an ``_action`` before them is the application's."""
    for place in reversed(range(len(pairs))):
        if found := _ACTION.fullmatch(pairs[place]):
            del pairs[place]
            return found[1]
        if pairs[place].startswith("_routes="):
            break
    return None


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"])


def _ids(query: str, name: str) -> tuple[str, ...] | None:
    values = [value for key, value in _pairs(query) if key == name]
    if not values:
        return None
    return tuple(dict.fromkeys(each for value in values for each in _listed(value)))


def _listed(value: str) -> tuple[str, ...]:
    # A peer can send any value: what is kept for the next request is bounded in number and in length.
    return _kept_list(value) if len(value) <= _KEPT else _split_list(value)


def _split_list(value: str) -> tuple[str, ...]:
    return tuple(each for each in unquote_plus(value).split(",") if each)


_kept_list = lru_cache(512)(_split_list)


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        yield key, value
