"""From a route's path and the values of its parameters to an address: the way back of ``pages.match``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from urllib.parse import quote
from uuid import UUID

import msgspec

from offhook.base.errors import UsageError
from offhook.pages.routes import RouteNode

Value: TypeAlias = str | int | float | Decimal | UUID | date | Enum
"""What a parameter may be; a handler that declares the same type gets the same value."""

_PARAM = re.compile(r":([\w-]+)", re.ASCII)
_UNRESERVED = "!*'()"
"""What JavaScript's ``encodeURIComponent`` leaves besides letters, digits and ``-_.~``."""
_LINE_ENDS = re.compile("[\n\r\u2028\u2029]")
_NO_SEGMENTS = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class PathParam:
    """A parameter in the path of a route; ``*`` is the splat's name."""

    name: str
    optional: bool

    @property
    def keyword(self) -> str:
        """What Python calls it."""
        return "splat" if self.name == "*" else self.name


def href(path: str, /, **params: Value | None) -> str:
    """The address of a route: ``href("/rooms/:room_id", room_id=1)``; a splat is called ``splat``.

    Values are encoded so that the route gets them back as they were. None is an optional parameter that is not
    there; optional segments without a parameter are written out.

    :param path: the whole path, from the root on, as ``offhook routes`` prints it.
    :raises UsageError: a parameter is missing, there is no such parameter, or no address can have its value.
    """
    if not path.startswith("/"):
        raise UsageError(f"href({path!r}): a path begins with '/'")
    known = path_params(path)
    texts = {name: _text(path, name, value) for name, value in params.items() if value is not None}
    if unknown := params.keys() - {each.keyword for each in known}:
        raise UsageError(f"href({path!r}): it has no parameter {min(unknown)!r}")
    if missing := [each.keyword for each in known if not each.optional and each.keyword not in texts]:
        raise UsageError(f"href({path!r}): pass {missing[0]}=...")
    written = [text for segment in path[1:].split("/") if (text := _segment(segment, texts)) is not None]
    return "/" + "/".join(written)


def path_params(path: str) -> Sequence[PathParam]:
    """The parameters of a whole path, each once; one that stands there twice is optional if it is so twice."""
    found: dict[str, bool] = {}
    for segment in path.split("/"):
        name = "*" if segment == "*" else match[1] if (match := _PARAM.match(segment)) else None
        if name is not None:
            found[name] = found.get(name, True) and (name == "*" or segment.endswith("?"))
    return [PathParam(name, optional) for name, optional in found.items()]


def addresses(nodes: Sequence[RouteNode], above: str = "") -> Iterator[str]:
    """The whole paths of all routes that have an address, each once."""
    yield from dict.fromkeys(_addresses(nodes, above))


def _addresses(nodes: Sequence[RouteNode], above: str) -> Iterator[str]:
    for node in nodes:
        path = node.path or ""
        whole = path if path.startswith("/") else f"{above}/{path}"
        whole = re.sub("/{2,}", "/", whole).rstrip("/") or "/"
        if node.path is not None or node.index:
            yield whole
        yield from _addresses(node.children, whole.removesuffix("*"))


def _segment(segment: str, texts: Mapping[str, str]) -> str | None:
    """*segment* with its value, encoded; None if it is not there."""
    if segment == "*":
        tail = texts.get("splat")
        return None if tail is None else "/".join(quote(part, safe=_UNRESERVED) for part in tail.split("/"))
    kept = segment.removesuffix("?")
    if (param := _PARAM.match(kept)) is None:
        return quote(kept, safe=_UNRESERVED)
    value = texts.get(param[1])
    return None if value is None else quote(value + kept[param.end() :], safe=_UNRESERVED)


def _text(path: str, name: str, value: Value) -> str:
    plain = msgspec.to_builtins(value)
    text = ("false", "true")[plain] if isinstance(plain, bool) else str(plain)
    fits = _is_tail if name == "splat" and path.endswith("*") else _is_segment
    if not isinstance(plain, str | int | float) or not fits(text):
        raise UsageError(f"href({path!r}): no address can have {value!r} for {name}")
    return text


def _is_segment(text: str) -> bool:
    # React Router takes "%2F" for a slash also after it has decoded a segment, and so do we.
    return (
        text not in _NO_SEGMENTS and "%2F" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
    )


def _is_tail(text: str) -> bool:
    """Whether a splat can be this: segments, of which the last may be empty; it ends at the end of a line."""
    segments = text.removesuffix("/").split("/")
    return text == "" or (all(map(_is_segment, segments)) and not _LINE_ENDS.search(text))
