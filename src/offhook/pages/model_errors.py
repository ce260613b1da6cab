"""What a model of pydantic's finds wrong with a form, as the errors of its fields.

The rules that msgspec has as well get the codes, parameters and texts that they have there; pydantic's other rules
keep their own names.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from offhook.base.models import Flaw
from offhook.base.schema import Mismatch
from offhook.base.types import Json
from offhook.pages.field_errors import REQUIRED, WHOLE_FORM, FieldError, explain

# How pydantic calls a rule, and how msgspec says it.
_RULES = {
    "string_too_short": "Expected `str` of length >= {min_length}",
    "string_too_long": "Expected `str` of length <= {max_length}",
    "too_short": "Expected `array` of length >= {min_length}",
    "too_long": "Expected `array` of length <= {max_length}",
    "greater_than_equal": "Expected `float` >= {ge}",
    "greater_than": "Expected `float` > {gt}",
    "less_than_equal": "Expected `float` <= {le}",
    "less_than": "Expected `float` < {lt}",
    "multiple_of": "Expected `float` that's a multiple of {multiple_of}",
    "string_pattern_mismatch": "Expected `str` matching regex '{pattern}'",
    "finite_number": "Expected `float`",
    "enum": "Invalid enum value",
    "literal_error": "Invalid enum value",
    "union_tag_invalid": "Invalid enum value",
    "union_tag_not_found": "Invalid enum value",
}
_TYPE = re.compile(
    r"(int|float|bool|string|bytes|decimal|date|datetime|time|uuid|list|dict)_(\w+_)?(type|parsing)"
)
_TYPES = {"string": "str", "list": "array", "dict": "object"}


def field_errors(mismatch: Mismatch, names: Collection[str]) -> Mapping[str, FieldError]:
    """The errors by field, one each; what belongs to none of *names* belongs to the whole form."""
    errors: dict[str, FieldError] = {}
    for flaw in mismatch.flaws:
        errors.setdefault(_field(flaw, names), _error(flaw))
    return errors or {WHOLE_FORM: explain(str(mismatch))}


def _field(flaw: Flaw, names: Collection[str]) -> str:
    steps = (str(each) for each in flaw.where)
    tag = (str(flaw.facts[name]).strip("'") for name in ("discriminator",) if name in flaw.facts)
    return next((each for each in (*steps, *tag) if each in names), WHOLE_FORM)


def _error(flaw: Flaw) -> FieldError:
    if flaw.kind == "missing":
        return REQUIRED
    if found := _TYPE.fullmatch(flaw.kind):
        return explain(f"Expected `{_TYPES.get(found[1], found[1])}`")
    if flaw.kind in _RULES:
        return explain(_RULES[flaw.kind].format_map(flaw.facts))
    if flaw.kind in ("value_error", "assertion_error"):
        return FieldError("invalid", str(flaw.facts.get("error", flaw.text)))
    return FieldError(flaw.kind, flaw.text, dict(_plain(flaw.facts)))


def _plain(facts: Mapping[str, object]) -> Iterator[tuple[str, Json]]:
    for name, value in facts.items():
        if isinstance(value, str | int | float | bool | None):
            yield name, value
