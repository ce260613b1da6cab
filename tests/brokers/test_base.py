"""Durations and histories."""

import pytest

from offhook.base.errors import UsageError
from offhook.brokers.base import History, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604800), (5, 5), (0.5, 0.5), ("1.5m", 90), ("20", 20)],
)
def test_durations(text: str | float, expected: float) -> None:
    assert seconds(text) == expected
    assert History(1, text).seconds == expected


@pytest.mark.parametrize("text", ["", "m", "10 m", "10x", "-1", "0", 0, -5, "1e3", "nan", float("inf")])
def test_no_durations(text: str | float) -> None:
    with pytest.raises(UsageError, match="10m"):
        seconds(text)


def test_a_history_keeps_something() -> None:
    with pytest.raises(UsageError, match="at least one"):
        History(0, "1m")
    with pytest.raises(UsageError, match="no duration"):
        History(5, "soon")
