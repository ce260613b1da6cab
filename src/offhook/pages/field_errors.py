"""What is wrong with one field of a form: a code and its parameters for the view, and a text in plain English."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from offhook.base.types import Json

WHOLE_FORM = ""
"""The key of errors that belong to no field in particular."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error. A view that speaks another language than English looks at ``code`` and ``params``."""

    code: str
    text: str
    params: Mapping[str, Json] = field(default_factory=dict)


class Invalid(Exception):
    """The form cannot be taken as it is: status 422, and what was typed is kept.

    An action raises it for rules that no type can say: ``raise Invalid({"name": FieldError("taken", "...")})``.
    """

    def __init__(self, errors: Mapping[str, FieldError]) -> None:
        self.errors = errors
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in errors.items()))


REQUIRED = FieldError("required", "This field is required.")

# How msgspec says it, and how we say it. The parameter is the first group.
_NUMBER = r"Expected `(?:int|float|decimal)` "
_RULES: tuple[tuple[re.Pattern[str], str, str, str], ...] = tuple(
    (re.compile(pattern), code, parameter, text)
    for pattern, code, parameter, text in (
        (r"Expected `str` of length >= (\d+)", "min_length", "min", "Use at least {} characters."),
        (r"Expected `str` of length <= (\d+)", "max_length", "max", "Use at most {} characters."),
        (r"Expected `array` of length >= (\d+)", "min_length", "min", "Choose at least {}."),
        (r"Expected `array` of length <= (\d+)", "max_length", "max", "Choose at most {}."),
        (_NUMBER + r">= ([\d.eE+-]+)", "ge", "min", "Must be {} or more."),
        (_NUMBER + r"> ([\d.eE+-]+)", "gt", "min", "Must be more than {}."),
        (_NUMBER + r"<= ([\d.eE+-]+)", "le", "max", "Must be {} or less."),
        (_NUMBER + r"< ([\d.eE+-]+)", "lt", "max", "Must be less than {}."),
        (_NUMBER + r"that's a multiple of ([\d.eE+-]+)", "multiple_of", "step", "Must be a multiple of {}."),
        (r"Expected `str` matching regex '(.*)'", "pattern", "pattern", "This does not have the right form."),
        (r"Object missing required field `(.*)`", "required", "field", "{} is required."),
        (r"Invalid enum value", "choice", "", "Choose one of the given values."),
        (r"Expected `([^`]+)`", "type", "expected", "This is not a valid {}."),
        (r"Invalid (?:RFC3339 encoded )?(\w+)", "type", "expected", "This is not a valid {}."),
    )
)


def explain(text: str) -> FieldError:
    """The error that msgspec describes with *text*; an application's own words stay as they are."""
    plain = re.sub(r" - at `[^`]*`$", "", text)
    for pattern, code, parameter, words in _RULES:
        if found := pattern.match(plain):
            value = found[1] if parameter else ""
            return FieldError(code, words.format(value), {parameter: _number(value)} if parameter else {})
    return FieldError("invalid", plain)


def _number(text: str) -> Json:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text
