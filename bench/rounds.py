"""Rounds of one measurement, in which all servers take turns; and the tables of what came out."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bench.contenders import Contender
from bench.programs import Missing
from bench.served import Failed, Load, Server, loading, served

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    :param rounds: fresh processes of each server.
    :param only: words; a server whose name has none of them is left out, unless there are none.
    """

    rounds: int = 5
    only: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What each server did in each round, and why others have no row."""

    runs: dict[str, list[T]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def median(self, name: str, value: Callable[[T], float]) -> float | None:
        """Of all rounds; None without a row."""
        return statistics.median(map(value, self.runs[name])) if name in self.runs else None

    def times(self, name: str, other: str, value: Callable[[T], float]) -> float | None:
        """How many times the *other*; None unless both have a row."""
        ours, theirs = self.median(name, value), self.median(other, value)
        return None if ours is None or not theirs else ours / theirs


def take_turns(
    contenders: Sequence[Contender],
    rounds: int,
    measure: Callable[[Server, Load], T],
    talk: Callable[[Contender], Mapping[str, str]] = lambda contender: contender.talk,
) -> Outcome[T]:
    """*measure* each of *contenders* in each round, with a process and a load of its own."""

    def run(server: Server, contender: Contender) -> T:
        with loading(server, talk(contender)) as load:
            return measure(server, load)

    return in_turns(contenders, rounds, run)


def in_turns(
    contenders: Sequence[Contender], rounds: int, measure: Callable[[Server, Contender], T]
) -> Outcome[T]:
    """*measure* each of *contenders* in each round, with a process of its own. Who fails once has no row."""
    outcome: Outcome[T] = Outcome()
    for _ in range(rounds):
        for contender in contenders:
            if contender.name in outcome.left_out:
                continue
            try:
                with served(contender) as server:
                    outcome.runs.setdefault(contender.name, []).append(measure(server, contender))
            except (Missing, Failed) as reason:
                outcome.left_out[contender.name] = str(reason)
                outcome.runs.pop(contender.name, None)
    return outcome


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown; all columns but the first are numbers."""
    marks = ["---", *("---:" for _ in head[1:])]
    return ["".join(f"| {cell} " for cell in row) + "|" for row in (head, marks, *rows)]


def notes(outcome: Outcome[T]) -> list[str]:
    """One line for each server that has no row."""
    lines = [f"- no {name}: {reason}" for name, reason in outcome.left_out.items()]
    return ["", *lines] if lines else []


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of what has to be reached.

    :param value: what was measured; None if one of the rows is missing.
    :param least: whether *bound* is the least that is good, and not the most.
    """

    text: str
    value: float | None
    bound: float
    least: bool = False

    def row(self) -> Sequence[str]:
        """For the table."""
        asked = f"at {'least' if self.least else 'most'} {self.bound:.3g}"
        if self.value is None:
            return self.text, asked, "–", "not measured"
        met = self.value >= self.bound if self.least else self.value <= self.bound
        return self.text, asked, number(self.value), "yes" if met else "no"


def goals(each: Sequence[Goal]) -> list[str]:
    """The table of goals."""
    return ["", *table(["goal", "asked", "measured", "reached"], [goal.row() for goal in each])]


def number(value: float | None) -> str:
    """With two digits behind the point where they say something."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 20 else f"{value:.2f}"
