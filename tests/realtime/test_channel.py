"""Channel declarations."""

import datetime
import decimal
import enum
import types
import uuid
from typing import Any, ClassVar, Literal

import msgspec
import pytest

from offhook.base.errors import UsageError
from offhook.base.schema import Mismatch
from offhook.brokers.base import History
from offhook.realtime.channel import Channel


class Message(msgspec.Struct):
    text: str


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 2


class Everything(Channel["Message | None"], pattern="{s}:{i}:{b}:{u}:{d}:{c}:{n}:{k}:{m}"):
    label: ClassVar[str] = "not a variable"

    s: str
    i: int
    b: bool
    u: uuid.UUID
    d: datetime.date
    c: Colour
    n: Level
    k: Literal["x", "y"]
    m: decimal.Decimal


class Room(Channel[Message], pattern="room:{room_id}", history=History(5, "1m"), presence=True, join_leave=True):
    room_id: int


class Plain(Channel[int], pattern="plain"):
    pass


EVERYTHING = Everything(
    s="a:b/%é ",
    i=-3,
    b=False,
    u=uuid.UUID(int=7),
    d=datetime.date(2026, 1, 2),
    c=Colour.RED,
    n=Level.HIGH,
    k="y",
    m=decimal.Decimal("1.50"),
)


def test_an_address_leads_to_a_name_and_back() -> None:
    name = EVERYTHING.format()

    assert name == f"a%3Ab%2F%25%C3%A9%20:-3:false:{uuid.UUID(int=7)}:2026-01-02:red:2:y:1.50"
    assert Everything.parse(name) == EVERYTHING
    assert Room.parse("room:5") == Room(room_id=5)


def test_an_address_is_a_value() -> None:
    assert {Room(room_id=1), Room(room_id=1), Room(room_id=2)} == {Room(room_id=1), Room(room_id=2)}
    with pytest.raises(AttributeError):
        Room(room_id=1).room_id = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["room:x", "room:", "room:05", "room:+5", "room: 5", "room:5.0", "other", "room:%35"]
)
def test_one_channel_has_one_name(name: str) -> None:
    assert Room.parse(name) is None


def test_what_was_declared() -> None:
    assert (Room.pattern, Room.history, Room.presence, Room.join_leave) == (
        "room:{room_id}",
        History(5, "1m"),
        True,
        True,
    )
    assert (Plain.history, Plain.presence, Plain.join_leave) == (None, False, False)
    assert (Room.variables, Plain.variables) == ({"room_id": int}, {})
    assert (Room.publication_type(), Everything.publication_type()) == (Message, Message | None)


def test_an_address_from_text_takes_what_it_needs() -> None:
    assert Room.of({"room_id": "5", "other": "x"}) == Room(room_id=5)
    with pytest.raises(Mismatch):
        Room.of({"room_id": "five"})


def test_a_variable_of_another_type_has_no_name() -> None:
    with pytest.raises(UsageError, match="room_id"):
        Room(room_id="5").format()  # type: ignore[arg-type]


def _declare(
    annotations: dict[str, Any],
    payload: Any = int,
    *,
    bases: Any = None,
    pattern: str = "x:{a}",
    defaults: dict[str, Any] | None = None,
) -> Any:
    body = {"__annotations__": annotations, "__module__": __name__} | (defaults or {})
    return types.new_class(
        "X", bases or (Channel[payload],), {"pattern": pattern}, lambda names: names.update(body)
    )


@pytest.mark.parametrize(
    ("annotations", "options", "complaint"),
    [
        ({}, {}, "declare the type of {a}"),
        ({"a": int, "b": int}, {}, "lacks the variable {b}"),
        ({"a": list[int]}, {}, "a variable is text"),
        ({"a": float}, {}, "a variable is text"),
        ({"a": object()}, {}, "a variable is text"),
        ({"a": "Missing"}, {}, "cannot be resolved"),
        ({"format": int}, {"pattern": "{format}"}, "every channel has that attribute"),
        ({"_a": int}, {"pattern": "{_a}"}, "every channel has that attribute"),
        ({"a": int}, {"defaults": {"a": 1}}, "no default"),
        ({"a": int}, {"bases": (Channel,)}, r"write Channel\[...\]"),
    ],
)
def test_a_declaration_that_does_not_fit(
    annotations: dict[str, Any], options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        _declare(annotations, **options)


@pytest.mark.parametrize(
    ("payload", "complaint"), [("Missing", "cannot be resolved"), (complex, "cannot be sent"), (object, "object")]
)
def test_a_payload_that_cannot_be_sent(payload: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        _declare({"a": int}, payload).publication_type()


@pytest.mark.parametrize(
    ("keywords", "complaint"),
    [
        ({"recovery": "none"}, "recovery is one of 'stream', 'cache'"),
        ({"slow": "wait"}, "slow is one of 'disconnect', 'resync', 'latest', 'drop_oldest'"),
        ({"delta": True}, "need the past"),
        ({"recovery": "cache"}, "need the past"),
        ({"slow": "latest", "history": History(5, 60)}, "the channel promises all of them"),
        ({"slow": "drop_oldest", "history": History(5, 60)}, "the channel promises all of them"),
    ],
)
def test_what_is_delivered_has_to_fit_what_is_promised(keywords: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):

        class Wrong(Channel[int], pattern="wrong", **keywords):
            pass


@pytest.mark.parametrize(
    "keywords",
    [
        {"slow": "latest"},
        {"slow": "drop_oldest"},
        {"slow": "resync"},
        {"slow": "resync", "history": History(5, 60), "delta": True},
        {"slow": "latest", "history": History(5, 60), "recovery": "cache", "delta": True},
    ],
)
def test_what_goes_together(keywords: dict[str, Any]) -> None:
    class Right(Channel[int], pattern="right", **keywords):
        pass

    assert Right.slow == keywords["slow"]


class Card(msgspec.Struct, tag=True):
    id: int
    revision: int = 0


class Moved(msgspec.Struct, tag=True, rename="camel"):
    id: int
    to_column: str


def test_what_says_which_row_a_publication_is_about() -> None:
    class Cards(Channel[Card | Moved], pattern="cards", key="id"):
        pass

    class Versions(Channel[Card], pattern="versions:{key}", key="id", version="revision"):
        key: str

    assert (Cards.key_field, Cards.version_field) == ("id", None)
    assert (Versions(key="a").key_field, Versions.version_field) == ("id", "revision")
    assert Cards.publication_type() == Card | Moved
    assert (Message.__struct_fields__, Plain.key_field) == (("text",), None)


@pytest.mark.parametrize(
    ("payload", "names", "complaint"),
    [
        (Card | Moved, {"key": "id", "version": "revision"}, "version='revision' has to be .*; Moved lacks it"),
        (Moved, {"key": "to_column"}, "key='to_column' has to be a field of everything that is published"),
        (Card | None, {"key": "id"}, "none lacks it"),
        (int, {"version": "id"}, "int lacks it"),
    ],
)
def test_a_row_that_cannot_be_told(payload: Any, names: dict[str, str], complaint: str) -> None:
    channel = types.new_class("X", (Channel[payload],), {"pattern": "x", **names})

    with pytest.raises(UsageError, match=complaint):
        channel.publication_type()  # type: ignore[attr-defined]
