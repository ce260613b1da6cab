"""Recovery decisions and the merge, as pure functions (protocol §9.2, §9.3)."""

import pytest
from hypothesis import given, strategies as st

from offhook.wire.position import Position
from offhook.wire.publication import Publication
from offhook.wire.recovery import Gap, continues, following


def _stream(*offsets: int, epoch: str = "e") -> list[Publication]:
    return [Publication(str(offset).encode(), offset, epoch) for offset in offsets]


@pytest.mark.parametrize(
    ("since", "read", "top", "expected"),
    [
        (Position(2, "e"), [3, 4], 4, True),
        (Position(2, ""), [3, 4], 4, True),
        (Position(4, "e"), [], 4, True),
        (Position(0, "e"), [], 0, True),
        (Position(2, "other"), [3, 4], 4, False),
        (Position(4, "other"), [], 4, False),
        (Position(5, "e"), [], 4, False),  # the client is ahead
        (Position(2, "e"), [], 4, False),  # everything expired
        (Position(1, "e"), [3, 4], 4, False),  # trimmed
        (Position(2, "e"), [3], 4, True),  # a page has a bound
    ],
)
def test_continues(since: Position, read: list[int], top: int, expected: bool) -> None:
    assert continues(since, _stream(*read), Position(top, "e")) is expected


@pytest.mark.parametrize(
    ("buffered", "expected"),
    [
        ([], []),
        ([4, 5], [4, 5]),
        ([5, 4, 4, 5], [4, 5]),
        ([1, 2, 3], []),
        ([2, 3, 4], [4]),
    ],
)
def test_what_follows_the_top(buffered: list[int], expected: list[int]) -> None:
    assert following(Position(3, "e"), _stream(*buffered)) == _stream(*expected)


@pytest.mark.parametrize("buffered", [[5], [4, 6], [3, 5]])
def test_a_hole_is_a_gap(buffered: list[int]) -> None:
    with pytest.raises(Gap):
        following(Position(3, "e"), _stream(*buffered))


def test_another_epoch_is_a_gap() -> None:
    with pytest.raises(Gap):
        following(Position(3, "e"), _stream(4, epoch="other"))


def test_publications_without_an_offset_pass() -> None:
    assert following(Position(3, "e"), [Publication(b"x"), *_stream(4)]) == [Publication(b"x"), *_stream(4)]


@given(top=st.integers(0, 10), buffered=st.lists(st.integers(1, 20)))
def test_the_result_continues_the_top_without_a_hole(top: int, buffered: list[int]) -> None:
    complete = set(range(top + 1, max(buffered, default=0) + 1)) <= set(buffered)
    try:
        found = [each.offset for each in following(Position(top, "e"), _stream(*buffered))]
    except Gap:
        assert not complete
        return
    assert complete
    assert found == list(range(top + 1, top + 1 + len(found)))
