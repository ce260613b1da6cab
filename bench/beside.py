"""How long a request waits on the port of a fan-out that never pauses."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import contenders
from bench.contenders import LINE, Contender
from bench.rounds import Goal, Outcome, Plan, goals, notes, number, table, take_turns
from bench.served import Failed, Load, Server

SUBSCRIBERS = 5000
SECONDS = 4.0
AHEAD = 2
"""Publications that are always under way."""


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds from a request to its answer, and how many there were."""

    p50: float
    p99: float
    max: float
    requests: float
    rate: float
    """Deliveries a second beside them."""


def report(plan: Plan) -> str:
    """The whole measurement as a table."""
    outcome = measure(contenders.taking_part("http", plan.only), plan.rounds, SUBSCRIBERS, SECONDS)
    return "\n".join(
        [
            f"One request after the other, 2 ms apart, while {SUBSCRIBERS:,} subscribers of the same server are "
            f"published to without pause for {SECONDS:g} s; medians of {plan.rounds} rounds.",
            "",
            *table(["", "p50 ms", "p99 ms", "max ms", "requests", "deliveries/s"], _rows(outcome)),
            *notes(outcome),
            *goals([Goal("line: p99 in ms", outcome.median(LINE, lambda run: run.p99), 15)]),
        ]
    )


def measure(entered: Sequence[Contender], rounds: int, subscribers: int, seconds: float) -> Outcome[Run]:
    """Each of *entered* with *subscribers* for *seconds*."""

    def run(server: Server, load: Load) -> Run:
        load.tell(f"open {subscribers}", subscribers)
        load.tell("publish 5 1 1")
        answer = load.tell(f"beside {seconds} {AHEAD}")
        if answer.http is None:
            raise Failed("no request was answered")
        milliseconds = (answer.http.p50 / 1000, answer.http.p99 / 1000, answer.http.max / 1000)
        return Run(*milliseconds, answer.http.count, answer.count / answer.seconds)

    return take_turns(entered, rounds, run)


def _rows(outcome: Outcome[Run]) -> list[list[str]]:
    return [
        [
            name,
            number(outcome.median(name, lambda run: run.p50)),
            number(outcome.median(name, lambda run: run.p99)),
            number(outcome.median(name, lambda run: run.max)),
            number(outcome.median(name, lambda run: run.requests)),
            number(outcome.median(name, lambda run: run.rate)),
        ]
        for name in outcome.runs
    ]
