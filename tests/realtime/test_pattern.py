"""Patterns: names there and back, and which ones could be confused."""

import pytest
from hypothesis import given, strategies as st

from offhook.base.errors import UsageError
from offhook.realtime.pattern import Pattern


@given(a=st.text(), b=st.text())
def test_a_name_leads_back_to_its_values(a: str, b: str) -> None:
    pattern = Pattern("x:{a}:y/{b}")
    if any("\ud800" <= each <= "\udfff" for each in a + b):
        return

    assert pattern.parse(pattern.format({"a": a, "b": b})) == {"a": a, "b": b}


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("news", "news", {}),
        ("news", "newsx", None),
        ("a.b", "axb", None),
        ("room:{id}", "room:a%20b%3A%C3%A9", {"id": "a b:é"}),
        ("room:{id}", "room:", {"id": ""}),
        ("room:{id}", "room:a:b", None),
        ("room:{id}", "room:a b", None),
        ("room:{id}", "room:\n", None),
        ("room:{id}", "room:%FF", None),
        ("{a}:{b}", "1:2", {"a": "1", "b": "2"}),
    ],
)
def test_parse(text: str, name: str, values: dict[str, str] | None) -> None:
    assert Pattern(text).parse(name) == values


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("a{", "{name}"),
        ("a}", "{name}"),
        ("a{}", "{name}"),
        ("a{b c}", "{name}"),
        ("{a}:{a}", "twice"),
        ("{a}{b}", "between two variables"),
        ("{a}-{b}", "'-'"),
        ("{a}x", "'x'"),
    ],
)
def test_a_pattern_that_could_not_be_read_back(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Pattern(text)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("room:{id}", "room:{name}", True),
        ("room:{id}", "room:lobby", True),
        ("room:{id}", "room", False),
        ("room:{id}", "room:", True),
        ("room:{id}", "room:{id}:typing", False),
        ("room:{id}", "rooms:{id}", False),
        ("{kind}:1", "room:{id}", True),
        ("{kind}:x", "room:{id}:y", False),
        ("{a}:{b}", "{c}", False),
        ("{a}:{b}", "x:{c}", True),
        ("room:{id}", "room:a b", False),
    ],
)
def test_overlaps(one: str, other: str, expected: bool) -> None:
    assert Pattern(one).overlaps(Pattern(other)) is expected
    assert Pattern(other).overlaps(Pattern(one)) is expected
