"""Answers with what the form became."""

import enum
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.datastructures import UploadFile

from offhook import Data, data


class Kind(enum.Enum):
    """The options of a select."""

    TEA = "tea"
    NONE = ""


class Everything(msgspec.Struct):
    """One field for each input."""

    text: str
    note: str | None
    area: Annotated[str, Meta(max_length=9)]
    number: int
    count: int | None
    slider: float
    price: Decimal
    day: date | None
    at: time | None
    when: datetime | None
    month: date | None
    week: date | None
    color: str
    agree: bool
    news: bool = True
    tags: list[str] = msgspec.field(default_factory=lambda: ["default"])
    size: Literal["s", "l"] = "s"
    kind: Kind = Kind.TEA
    many: frozenset[int] = frozenset()
    file: UploadFile | None = None
    files: list[UploadFile] = []


def action(form: Everything) -> Data:
    """Each value as Python shows it."""
    return data({name: _shown(getattr(form, name)) for name in form.__struct_fields__})


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value.filename} {value.size}" if isinstance(value, UploadFile) else repr(value)
