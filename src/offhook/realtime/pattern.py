"""Channel patterns such as ``room:{room_id}``: from variables to a name and back."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias
from urllib.parse import quote, unquote

from offhook.base.errors import UsageError

_PIECE = re.compile(r"\{(\w*)\}|([^{}]+)|[{}]")
_IN_VALUE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
"""The characters of a percent-encoded value (RFC 3986, section 2.3)."""

Token: TypeAlias = "str | None"
"""One character of a pattern, or None for a variable."""


class Pattern:
    """A pattern, taken apart.

    :raises UsageError: it has a stray brace, the same variable twice, or variables that could not be told apart.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: list[str] = []
        self.tokens: list[Token] = []
        expression = ""
        for piece in _PIECE.finditer(text):
            if piece[1]:
                expression += f"(?P<{piece[1]}>[{re.escape(''.join(sorted(_IN_VALUE)))}]*)"
                self._add_variable(piece[1])
            elif piece[2]:
                expression += re.escape(piece[2])
                self._add_literal(piece[2])
            else:
                raise UsageError(f"pattern {text!r}: a variable is written {{name}}")
        if not text:
            raise UsageError("a channel's pattern is empty; write a name such as 'news' or 'room:{room_id}'")
        self._expression = re.compile(expression)

    def _add_variable(self, name: str) -> None:
        if name in self.variables:
            raise UsageError(f"pattern {self.text!r}: the variable {name!r} stands in it twice")
        if self.tokens and self.tokens[-1] is None:
            raise UsageError(f"pattern {self.text!r}: put something such as ':' between two variables")
        self.variables.append(name)
        self.tokens.append(None)

    def _add_literal(self, literal: str) -> None:
        if self.variables and literal[0] in _IN_VALUE:
            # A value may contain the same character, and nobody could tell where it ends.
            raise UsageError(
                f"pattern {self.text!r}: what follows a variable begins with a character such as ':' or '/' "
                f"that is encoded inside of values, not with {literal[0]!r}"
            )
        self.tokens += literal

    def format(self, values: Mapping[str, str]) -> str:
        """The name with *values* in it, percent-encoded."""
        pieces = (quote(values[each[1]], safe="") if each[1] else each[2] for each in _PIECE.finditer(self.text))
        return "".join(pieces)

    def parse(self, name: str) -> dict[str, str] | None:
        """The values in *name*, or None when it is not of this pattern, or its values are not encoded UTF-8."""
        found = self._expression.fullmatch(name)
        try:
            return found and {key: unquote(value, errors="strict") for key, value in found.groupdict().items()}
        except UnicodeDecodeError:
            return None

    def overlaps(self, other: "Pattern") -> bool:
        """Whether one name could be of both patterns."""
        return _meet(tuple(self.tokens), tuple(other.tokens))


def _meet(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(left) and j == len(right):
            return True
        if i < len(left) and left[i] is None and (meet(i + 1, j) or (_takes(right, j) and meet(i, j + 1))):
            return True
        if j < len(right) and right[j] is None and (meet(i, j + 1) or (_takes(left, i) and meet(i + 1, j))):
            return True
        return i < len(left) and j < len(right) and left[i] == right[j] is not None and meet(i + 1, j + 1)

    return meet(0, 0)


def _takes(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether a variable can stand for what is at *place*."""
    return place < len(tokens) and (tokens[place] is None or tokens[place] in _IN_VALUE)
