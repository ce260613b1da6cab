"""What ``bench pages`` says of what it measured."""

import sys

from bench.pages import CONTENDERS, NAVIGATIONS, OURS, PEER, Run, summary
from bench.rounds import Outcome


def test_the_goals_are_ratios_of_medians() -> None:
    ours, theirs = (
        [Run(900, 6000, 120, 10_504), Run(1, 2, 3, 4), Run(901, 6001, 121, 10_504)],
        Run(600, 2000, 300, 14_185),
    )

    lines = summary(Outcome(runs={OURS: ours, PEER: [theirs]}))

    assert "| documents a second | 900 | 600 |" in lines
    assert [line.split(" | ")[2:] for line in lines[-3:]] == [
        ["1.50", "yes |"],
        ["3.00", "yes |"],
        ["0.40", "yes |"],
    ]


def test_who_has_no_row_is_named_with_the_reason() -> None:
    outcome: Outcome[Run] = Outcome(left_out={PEER: "it did not start: no"})

    assert f"- no {PEER}: it did not start: no" in summary(outcome)


def test_both_are_built_for_production_and_asked_for_the_same() -> None:
    ours, logging, theirs = (each.command(8000) for each in CONTENDERS)

    assert ours.words[0] == sys.executable
    assert [*logging.words] == [*ours.words, "--access-log"]
    assert theirs.environment["NODE_ENV"] == "production"
    assert {each.name for each in CONTENDERS} == set(NAVIGATIONS)
