"""TypeScript's words: unions, lists, literals, names."""

import json
import re
import types
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args, get_origin

Mode: TypeAlias = Literal["output", "input"]

SAFE = 2**53 - 1
"""The largest whole number that JavaScript has exactly (``Number.MAX_SAFE_INTEGER``)."""


class Inexpressible(ValueError):
    """A type that JSON, or TypeScript, has no words for. The text names the field."""


@dataclass(frozen=True, slots=True)
class Member:
    """One property of an object, or one element of a labelled tuple."""

    name: str
    optional: bool
    type: str

    def __str__(self) -> str:
        return f"{property_name(self.name)}{'?' if self.optional else ''}: {self.type}"


def union(members: Iterable[str]) -> str:
    """One of *members*, each named once, null and undefined last; the type of nothing is ``never``."""
    unique = dict.fromkeys(members)
    if "unknown" in unique:
        return "unknown"
    return " | ".join(sorted(unique, key=lambda member: member in ("null", "undefined"))) or "never"


def array(item: str) -> str:
    """A list of *item*."""
    return f"Array<{item}>" if " | " in item else f"{item}[]"


def literal(value: object) -> str:
    """A literal type. JSON's literals are TypeScript's."""
    unsafe(value)
    return json.dumps(value, ensure_ascii=False)


def unsafe(value: object, where: str = "") -> None:
    """Warn of a whole number that JavaScript cannot have, which a type allows.

    :param where: the field that has it.
    """
    if isinstance(value, int) and abs(value) > SAFE:
        place = f"{where}: " if where else ""
        warnings.warn(
            f"{place}{value} is more than JavaScript's numbers can tell apart (2**53); send such numbers as text",
            stacklevel=2,
        )


def property_name(name: str) -> str:
    """*name* as a key of an object type, quoted where it must be."""
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name, re.ASCII) else literal(name)


def comment(text: str | None) -> str:
    """*text* as a comment that stands above a declaration; nothing without one."""
    if not text:
        return ""
    lines = text.strip().replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    body = "".join(f" * {line.strip()}".rstrip() + "\n" for line in lines)
    return f"/**\n{body} */\n"


def type_name(annotation: Any) -> str:
    """A name for a class: its own, and those of its arguments behind it (``Page[Message]`` is ``PageMessage``)."""
    if isinstance(annotation, types.UnionType):
        return "Or".join(map(type_name, get_args(annotation)))
    origin = get_origin(annotation)
    if origin is not None:
        return type_name(origin) + "".join(map(type_name, get_args(annotation)))
    name = "None" if annotation is types.NoneType else getattr(annotation, "__name__", str(annotation))
    words = re.findall(r"\w+", name)
    return "".join(word[0].upper() + word[1:] for word in words)
