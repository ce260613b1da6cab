"""Connections that come all at once: a crowd after a deploy.

A connection counts when its subscriber is ready: upgraded, and for a line connected and subscribed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import contenders
from bench.contenders import RAW, Contender
from bench.rounds import Goal, Outcome, Plan, goals, notes, number, table, take_turns
from bench.served import Load, Server

CONNECTIONS = 2000
WARM = 200


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    rate: float
    """Connections a second."""
    cpu: float
    """Microseconds of the server for one."""


def report(plan: Plan) -> str:
    """The whole measurement as a table."""
    outcome = measure(contenders.taking_part("connect", plan.only), plan.rounds, WARM, CONNECTIONS)
    rows = [
        [
            name,
            number(outcome.median(name, lambda run: run.cpu)),
            number(outcome.times(RAW, name, _cpu)),
            number(outcome.median(name, lambda run: run.rate)),
        ]
        for name in outcome.runs
    ]
    return "\n".join(
        [
            f"{CONNECTIONS:,} connections, 64 at a time, after the first {WARM}; medians of {plan.rounds} rounds. "
            "*raw* says how many times as much CPU Offhook's raw socket needs as the row.",
            "",
            *table(["", "CPU µs a connection", "raw", "connections/s"], rows),
            *notes(outcome),
            *goals(_goals(outcome)),
        ]
    )


def measure(entered: Sequence[Contender], rounds: int, warm: int, connections: int) -> Outcome[Run]:
    """Each of *entered* with *connections*, after *warm* others."""

    def run(server: Server, load: Load) -> Run:
        load.tell(f"open {warm}", warm)
        before = server.cpu()
        answer = load.tell(f"open {connections}", connections)
        return Run(connections / answer.seconds, (server.cpu() - before) / connections * 1e6)

    return take_turns(entered, rounds, run)


def _cpu(run: Run) -> float:
    return run.cpu


def _goals(outcome: Outcome[Run]) -> list[Goal]:
    classes = (contenders.STARLETTE, contenders.STARLETTE_WEBSOCKETS, contenders.STARLETTE_WSPROTO)
    return [Goal(f"raw: CPU of {name}, times", outcome.times(RAW, name, _cpu), 1) for name in classes]
