"""What HTML's inputs send, in the shape that declared types are read from.

A plain and an enhanced form send the same entry list (HTML, section 4.10.21.4), so one table of rules serves both:

- An unchecked box, a group of radio buttons without a choice, an empty list and an empty file input send nothing.
- An empty input sends an empty text. It counts as a value only for a field that can hold an empty text.
- ``datetime-local`` and ``time`` leave out seconds that are zero; ``month`` and ``week`` name a first day.
- A line break is one LF.
- Numbers are texts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from msgspec import inspect

Submitted: TypeAlias = Mapping[str, Sequence[Any]]
"""What came, by name: texts and uploads in the order of the form."""

_MANY = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType)
_NO_SECONDS = re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_WEEK = re.compile(r"(\d{4})-W(\d\d)")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a declared type.

    :param required: it has no default.
    :param kinds: the types that one of its values may have.
    :param many: it takes several values.
    :param nullable: None is a value of it.
    :param empty: an empty text is a value of it.
    :param names: all names that it may have, this one among them; the first is its own.
    """

    name: str
    annotation: Any
    required: bool
    kinds: frozenset[type[inspect.Type]]
    many: bool
    nullable: bool
    empty: bool
    names: Sequence[str]

    @property
    def checkbox(self) -> bool:
        """Whether it is yes or no."""
        return inspect.BoolType in self.kinds and not self.many


def field(name: str, annotation: Any, shape: inspect.Type, *, required: bool, names: Sequence[str] = ()) -> Field:
    """The field *name*, whose type is described by *shape*."""
    members = [*_members(shape)]
    items = [item for member in members for item in _items(member)]
    return Field(
        name,
        annotation,
        required,
        kinds=frozenset(map(type, items or members)),
        many=bool(items),
        nullable=any(isinstance(member, inspect.NoneType) for member in members),
        empty=any(map(_takes_empty, items or members)),
        names=names or (name,),
    )


def text(sent: str) -> str:
    """A text as its input has it. A form writes CR LF for each line break (HTML, section 4.10.21.4), the enhanced
    form sometimes LF; HTML's ``maxlength`` counts one character, and so does the declared length."""
    return sent.replace("\r\n", "\n").replace("\r", "\n")


def present(submitted: Submitted, fields: Sequence[Field], *, is_query: bool) -> Iterator[tuple[str, Any]]:
    """The values that count as sent, in the shape that their fields have.

    :param is_query: what is absent was not asked for, and has its default; in a form it is unchecked, or empty.
    """
    for each in fields:
        sent = [_completed(value, each) for value in submitted.get(each.name, ()) if value != "" or each.empty]
        if each.nullable and not each.many and sent[-1:] == [""]:
            sent = []
        if each.many and sent:
            yield each.name, sent
        elif sent:
            yield each.name, True if each.checkbox and sent[-1] == "on" else sent[-1]
        elif (each.required or not is_query) and _is_absent(submitted, each):
            yield from _nothing(each, emptied=each.name in submitted)


def _is_absent(submitted: Submitted, each: Field) -> bool:
    """Whether the form has no value under any name of the field, of which this one stands for all."""
    return each.name in submitted or (each.name == each.names[0] and submitted.keys().isdisjoint(each.names))


def _nothing(each: Field, *, emptied: bool) -> Iterator[tuple[str, Any]]:
    """What a form means that sent no value for a field.

    :param emptied: an input is there, and it is empty.
    """
    if each.nullable and (each.required or emptied):
        yield each.name, None
    elif each.many and not each.nullable:
        yield each.name, []
    elif each.checkbox and not each.nullable:
        yield each.name, False


def _completed(value: Any, each: Field) -> Any:
    """A time of HTML's in RFC 3339's form; month and week as their first day, as HTML's ``valueAsDate`` has it."""
    if not isinstance(value, str):
        return value
    if each.kinds & {inspect.DateTimeType, inspect.TimeType} and _NO_SECONDS.fullmatch(value):
        return f"{value}:00"
    if inspect.DateType in each.kinds and _MONTH.fullmatch(value):
        return f"{value}-01"
    if inspect.DateType in each.kinds and (week := _WEEK.fullmatch(value)):
        return _monday(int(week[1]), int(week[2])) or value
    return value


def _monday(year: int, week: int) -> str:
    try:
        return date.fromisocalendar(year, week, 1).isoformat()
    except ValueError:
        return ""


def _takes_empty(shape: inspect.Type) -> bool:
    match shape:
        case inspect.StrType() | inspect.AnyType():
            return True
        case inspect.LiteralType(values=values):
            return "" in values
        case inspect.EnumType(cls=cls):
            return any(member.value == "" for member in cls)
    return False


def _members(shape: inspect.Type) -> Iterator[inspect.Type]:
    match shape:
        case inspect.Metadata():
            yield from _members(shape.type)
        case inspect.UnionType():
            for member in shape.types:
                yield from _members(member)
        case _:
            yield shape


def _items(shape: inspect.Type) -> Iterator[inspect.Type]:
    """The types of the items of a list; none for what is no list."""
    if isinstance(shape, inspect.TupleType):
        for item in shape.item_types:
            yield from _members(item)
    elif isinstance(shape, _MANY):
        yield from _members(shape.item_type)
