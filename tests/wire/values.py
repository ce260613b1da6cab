"""Random values of the wire's types, and their comparison with the messages that Google's library makes."""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st
from msgspec import Raw, Struct

PAYLOADS = [b'{"n":1}', b"[]", b'"\xc3\xa9\xf0\x9f\x8e\x88"', b"null", b"0"]
"""JSON texts."""
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


def values(made: type[Any]) -> st.SearchStrategy[Any]:
    """Instances of the struct *made* with each field from what its type allows."""
    fields = {name: _of(hint) for name, hint in get_type_hints(made).items()}
    return st.builds(made, **fields)


def _of(hint: Any) -> st.SearchStrategy[Any]:
    match get_origin(hint), get_args(hint):
        case (origin, [inner, *_]) if origin is Annotated:
            return _of(inner)
        case (origin, choices) if origin in (Union, types.UnionType):
            return st.one_of([_of(each) for each in choices])
        case (origin, [_, inner]) if origin in (dict, Mapping):
            return st.dictionaries(TEXTS, _of(inner), max_size=3)
        case (origin, [inner]) if origin is Sequence:
            return st.lists(_of(inner), max_size=3)
    if issubclass(hint, Struct):
        return values(hint)
    return _SCALARS[hint]


_SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers(0, 2**31 - 1),
    str: TEXTS,
    bytes: st.binary(max_size=12),
    Raw: st.sampled_from(PAYLOADS).map(Raw),
}


def fill(message: Any, value: Struct) -> None:
    """Set in Google's *message* whatever it has of *value*."""
    for name in message.DESCRIPTOR.fields_by_name:
        given = getattr(value, name, None)
        if isinstance(given, Struct):
            getattr(message, name).SetInParent()
            fill(getattr(message, name), given)
        elif isinstance(given, Mapping):
            for key, each in given.items():
                _put(getattr(message, name), key, each)
        elif given is not None and name != "tf":  # refused unread
            setattr(message, name, bytes(given) if isinstance(given, Raw) else given)


def _put(found: Any, key: str, value: Any) -> None:
    if isinstance(value, Struct):
        fill(found[key], value)
    else:
        found[key] = value


def assert_same(ours: Any, theirs: Any) -> None:
    """*theirs*, of Google's library, says what *ours* says; a missing field is one with a zero value."""
    if isinstance(theirs, Message):
        for field in theirs.DESCRIPTOR.fields:
            if hasattr(ours, field.name) and field.name != "tf":
                _assert_same_field(getattr(ours, field.name), theirs, field)
    elif isinstance(ours, Mapping):
        assert ours.keys() == theirs.keys()
        for key, each in ours.items():
            assert_same(each, theirs[key])
    elif isinstance(ours, (str, int)):
        assert ours == theirs
    elif isinstance(ours, Raw):
        assert bytes(ours) == theirs
    else:
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)


def _assert_same_field(ours: Any, theirs: Message, field: FieldDescriptor) -> None:
    if field.has_presence:
        assert theirs.HasField(field.name) == (ours is not None)
    if ours is not None:
        assert_same(ours, getattr(theirs, field.name))
