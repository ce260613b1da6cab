"""From an address to the chain of routes that it leads to, with the ranking of React Router's ``matchRoutes``.

The browser matches every address again, so both must agree to the letter: ``tests/corpus/matching.json`` runs
through this module and through React Router. The steps are therefore React Router's:

1. Each optional segment (``:lang?``, ``draft?``) is written out, once present and once absent.
2. Each route that has a path, or is an index, gives a *branch*: its chain of ancestors with their patterns.
3. Branches are ranked: more and more static segments first, a splat last; siblings keep their order.
4. The first branch whose patterns take the whole path, one after another, is the match.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache
from urllib.parse import unquote_to_bytes

from offhook.base.errors import UsageError
from offhook.pages.routes import RouteNode

_REMEMBERED, _SHORT = 1024, 256
"""So many addresses are matched once only, if they have no more characters than that (``bench pages``)."""
_PARAM = re.compile(r":([\w-]+)", re.ASCII)
_LINE = r"[^\n\r\u2028\u2029]"
"""JavaScript's ``.``"""
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# What a segment is worth (React Router's numbers; only their order matters).
_STATIC, _PARTIAL, _DYNAMIC, _INDEX, _EMPTY, _SPLAT = 10.0, 3.5, 3.0, 2.0, 1.0, -2.0


@dataclass(frozen=True, slots=True)
class Found:
    """The chain of nodes, root first, and the decoded values of the path's parameters (``*``: the splat)."""

    nodes: tuple[RouteNode, ...]
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    """One route of a branch, with one way of writing out its optional segments."""

    node: RouteNode
    position: int
    path: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Branch:
    path: str
    steps: tuple[_Step, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(step.position for step in self.steps)

    @property
    def addresses(self) -> tuple[str, bool]:
        """Equal for two branches that fit the same addresses with the same rank."""
        bare = "/".join(map(_nameless, self.path.lower().split("/")))
        return bare.rstrip("/"), self.steps[-1].node.index

    def score(self) -> float:
        segments = self.path.split("/")
        splat = _SPLAT if "*" in segments else 0.0
        index = _INDEX if self.steps[-1].node.index else 0.0
        return len(segments) + splat + index + sum(_worth(segment) for segment in segments if segment != "*")


class Matcher:
    """All branches of one route table, best first.

    :raises UsageError: a path that no address can ever match, or that React Router reads differently.
    """

    def __init__(self, nodes: Sequence[RouteNode]) -> None:
        for root in nodes:
            for node in root.walk():
                _check(node)
        self._branches = sorted(_branches(nodes), key=cmp_to_key(_rank))
        self._remembered = lru_cache(_REMEMBERED)(self._find)

    def match(self, path: str) -> Found | None:
        """The best match for *path*, which is absolute and percent-encoded."""
        # The same few addresses are asked for again and again; what a stranger sends does not fill the memory.
        return self._remembered(path) if len(path) <= _SHORT else self._find(path)

    def _find(self, path: str) -> Found | None:
        decoded = _decode(path or "/")
        return next((found for branch in self._branches if (found := _take(branch, decoded)) is not None), None)

    def unreachable(self) -> Iterator[tuple[RouteNode, RouteNode]]:
        """Routes that no address leads to, each with one that fits the same addresses, with the same rank, first.

        A route with children is not meant: it may be there for them alone.
        """
        first: dict[tuple[str, bool], RouteNode] = {}
        shadowed: dict[RouteNode, RouteNode] = {}
        reached: set[RouteNode] = set()
        for branch in self._branches:
            node = branch.steps[-1].node
            if (other := first.setdefault(branch.addresses, node)) is node:
                reached.add(node)
            elif not node.children:
                shadowed.setdefault(node, other)
        yield from ((node, other) for node, other in shadowed.items() if node not in reached)


def _check(node: RouteNode) -> None:
    path = node.path or ""
    segments = path.split("/")
    if any("?" in segment.removesuffix("?") for segment in segments):
        raise UsageError(f"{node.source}: in {path!r}, '?' may stand only at the end of a segment")
    if any("*" in segment for segment in segments[:-1]) or ("*" in segments[-1] and segments[-1] != "*"):
        raise UsageError(f"{node.source}: in {path!r}, '*' may stand only as the last segment")
    if any(segment.startswith(":") and not _PARAM.match(segment) for segment in segments):
        raise UsageError(f"{node.source}: in {path!r}, a ':' needs a name")
    if node.index and node.children:
        raise UsageError(f"{node.source}: an index route cannot have children")


# Branches


def _branches(
    nodes: Sequence[RouteNode], above: tuple[_Step, ...] = (), base: str = "", optional: bool = False
) -> Iterator[_Branch]:
    for position, node in enumerate(nodes):
        written = _write_out(node.path or "")
        for path in written:
            yield from _below(node, position, path, above, base, optional or len(written) > 1)


def _below(
    node: RouteNode, position: int, path: str, above: tuple[_Step, ...], base: str, optional: bool
) -> Iterator[_Branch]:
    if path.startswith("/"):
        if not path.startswith(base):
            if optional:
                return
            raise UsageError(f"{node.source}: the path {path!r} does not start with that of its parents, {base!r}")
        path = path[len(base) :]
    steps = (*above, _step(node, position, path, end=not node.children))
    joined = _join(base, path)
    yield from _branches(node.children, steps, joined, optional)
    if node.path is not None or node.index:
        yield _Branch(joined, (*above, _step(node, position, path, end=True)))


def _write_out(path: str) -> list[str]:
    """*path* with every choice of its optional segments, the fullest first."""
    return _choices(path) if "?" in path else [path]


def _choices(path: str) -> list[str]:
    # Step for step as in React Router: what becomes of empty segments beside optional ones counts for the rank.
    first, slash, rest = path.partition("/")
    present = first.removesuffix("?")
    below = _choices(rest) if slash else [""]
    choices = [f"{present}/{each}" if each else present for each in below]
    if present != first:
        choices += below
    return [each or "/" for each in choices] if path.startswith("/") else choices


def param_names(path: str | None) -> tuple[str, ...]:
    """The names of the parameters in *path*, in its order; ``*`` for a splat."""
    segments = (path or "").split("/")
    names = tuple(found[1] for segment in segments if (found := _PARAM.match(segment)))
    return (*names, "*") if segments[-1] == "*" else names


def _step(node: RouteNode, position: int, path: str, *, end: bool) -> _Step:
    return _Step(node, position, path, re.compile(_regex(path, end)), param_names(path))


def _regex(path: str, end: bool) -> str:
    body = re.sub(r"/*\*?\Z", "", path).lstrip("/")
    source = "/" + "/".join(_segment(segment) for segment in body.split("/"))
    if path.endswith("*"):
        return source + (rf"({_LINE}*)\Z" if path in ("*", "/*") else rf"(?:/({_LINE}+)|/*)\Z")
    if end:
        return source + r"/*\Z"
    return source + (r"(?=/|\Z)" if path not in ("", "/") else "")


def _segment(segment: str) -> str:
    param = _PARAM.match(segment)
    if param is None:
        return _literal(segment)
    return "([^/]+)" + _literal(segment[param.end() :])


def _literal(text: str) -> str:
    """*text* in either case, as JavaScript's ``i`` sees it: no letter beyond ASCII equals one of ASCII."""
    return "".join(
        f"[{char.lower()}{char.upper()}]"
        if char.isascii() and char.isalpha()
        else (re.escape(char) if char.isascii() else f"(?i:{char})")
        for char in text
    )


# Ranking


def _worth(segment: str) -> float:
    if segment == "":
        return _EMPTY
    param = _PARAM.match(segment)
    if param is None:
        return _STATIC
    return _DYNAMIC if param.end() == len(segment) else _PARTIAL


def _rank(one: _Branch, other: _Branch) -> int:
    if one.score() != other.score():
        return 1 if other.score() > one.score() else -1
    *parents, last = one.positions
    *other_parents, other_last = other.positions
    return last - other_last if parents == other_parents else 0


def _nameless(segment: str) -> str:
    param = _PARAM.match(segment)
    return segment if param is None else ":" + segment[param.end() :]


# Matching


def _decode(path: str) -> str:
    """*path* decoded segment by segment, in which an encoded slash stays ``%2F``; as it was if it is malformed."""
    if _BAD_PERCENT.search(path):
        return path
    try:
        return "/".join(unquote_to_bytes(part).decode().replace("/", "%2F") for part in path.split("/"))
    except UnicodeDecodeError:
        return path


def _take(branch: _Branch, path: str) -> Found | None:
    taken = "/"
    params: dict[str, str] = {}
    for step in branch.steps:
        rest = path if taken == "/" else path[len(taken) :] or "/"
        found = step.pattern.match(rest)
        if found is None:
            return None
        values = [value or "" for value in found.groups()]
        params.update(zip(step.names, (value.replace("%2F", "/") for value in values), strict=True))
        base = _base(found[0], values[-1] if step.path.endswith("*") else "")
        if base != "/":
            taken = _join(taken, base)
    return Found(tuple(step.node for step in branch.steps), params)


def _base(matched: str, splat: str) -> str:
    """What a step took for good: without its splat, which its children match again, and without a last slash."""
    kept = matched[: len(matched) - len(splat)]
    return kept[:1] + kept[1:].rstrip("/")


def _join(base: str, path: str) -> str:
    return re.sub(r"[\\/]{2,}", "/", f"{base}/{path}")
