"""Medians, ratios and goals."""

import pytest

from bench.rounds import Goal, Outcome, notes, number, table


def value(run: float) -> float:
    return run


def test_a_row_is_the_median_of_its_rounds() -> None:
    outcome = Outcome(runs={"ours": [3.0, 1.0, 2.0], "theirs": [4.0]})

    assert outcome.median("ours", value) == 2
    assert outcome.times("ours", "theirs", value) == 0.5


def test_what_was_not_measured_has_no_ratio() -> None:
    outcome = Outcome(runs={"ours": [2.0], "nothing": [0.0]})

    assert outcome.median("absent", value) is None
    assert outcome.times("ours", "absent", value) is None
    assert outcome.times("absent", "ours", value) is None
    assert outcome.times("ours", "nothing", value) is None


@pytest.mark.parametrize(
    ("goal", "row"),
    [
        (Goal("x", 1.39, 1.4), ("x", "at most 1.4", "1.39", "yes")),
        (Goal("x", 1.41, 1.4), ("x", "at most 1.4", "1.41", "no")),
        (Goal("x", 2.0, 1.4, least=True), ("x", "at least 1.4", "2.00", "yes")),
        (Goal("x", 1.0, 1.4, least=True), ("x", "at least 1.4", "1.00", "no")),
        (Goal("x", None, 1 / 3), ("x", "at most 0.333", "–", "not measured")),
    ],
)
def test_a_goal_is_reached_or_not(goal: Goal, row: tuple[str, ...]) -> None:
    assert tuple(goal.row()) == row


def test_tables_are_markdown() -> None:
    assert table(["", "a"], [["x", "1"]]) == ["|  | a |", "| --- | ---: |", "| x | 1 |"]


def test_who_has_no_row_has_a_line() -> None:
    left_out: Outcome[float] = Outcome(left_out={"x": "not there"})
    complete: Outcome[float] = Outcome()

    assert notes(left_out) == ["", "- no x: not there"]
    assert notes(complete) == []


@pytest.mark.parametrize(("measured", "text"), [(None, "–"), (1.0, "1.00"), (20.57, "20.6"), (1234.5, "1,234")])
def test_numbers_have_the_digits_that_say_something(measured: float | None, text: str) -> None:
    assert number(measured) == text
