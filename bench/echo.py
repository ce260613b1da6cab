"""Texts that come back: every connection sends the next one when it has the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import contenders
from bench.contenders import RAW, Contender
from bench.rounds import Goal, Outcome, Plan, goals, notes, number, table, take_turns
from bench.served import Failed, Load, Server

CONNECTIONS = 100
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    cpu: float
    """Microseconds of the server for one text."""
    rate: float
    """Texts a second."""
    p50: float
    """Microseconds."""
    p99: float
    """Microseconds."""

    @property
    def per_core(self) -> float:
        """Texts that a second of a core is enough for."""
        return 1e6 / self.cpu


def report(plan: Plan) -> str:
    """The whole measurement as a table."""
    outcome = measure(contenders.taking_part("echo", plan.only), plan.rounds, CONNECTIONS, SECONDS)
    head = ["", "CPU µs", "texts/s of a core", "raw", "texts/s", "p50 µs", "p99 µs"]
    return "\n".join(
        [
            f"{CONNECTIONS} connections and 128 bytes, server and load with a core each; medians of {plan.rounds} "
            f"rounds of {SECONDS:g} s, a fresh process each, in turns. *raw* says how many times the texts a core "
            "of the row Offhook's raw socket has.",
            "",
            *table(head, [_row(outcome, name) for name in outcome.runs]),
            *notes(outcome),
            *goals(_goals(outcome)),
        ]
    )


def measure(entered: Sequence[Contender], rounds: int, connections: int, seconds: float) -> Outcome[Run]:
    """Each of *entered* with *connections* for *seconds*."""

    def run(server: Server, load: Load) -> Run:
        load.tell(f"open {connections}", connections)
        load.tell(f"echo {seconds / 6}")
        before = server.cpu()
        answer = load.tell(f"echo {seconds}")
        cpu = server.cpu() - before
        if answer.latency is None:
            raise Failed("nothing came back")
        rate = answer.count / answer.seconds
        return Run(cpu / answer.count * 1e6, rate, answer.latency.p50, answer.latency.p99)

    return take_turns(entered, rounds, run, _talk)


def _talk(contender: Contender) -> Mapping[str, str]:
    return {**contender.talk, **(contender.echo or {})}


def _per_core(run: Run) -> float:
    return run.per_core


def _row(outcome: Outcome[Run], name: str) -> list[str]:
    return [
        name,
        number(outcome.median(name, lambda run: run.cpu)),
        number(outcome.median(name, _per_core)),
        number(outcome.times(RAW, name, _per_core)),
        number(outcome.median(name, lambda run: run.rate)),
        number(outcome.median(name, lambda run: run.p50)),
        number(outcome.median(name, lambda run: run.p99)),
    ]


def _goals(outcome: Outcome[Run]) -> list[Goal]:
    asked = [(contenders.SOCKETIFY, 1.4), (contenders.WEBSOCKETS, 2.0), (contenders.NODE_WS, 1.2)]
    return [
        Goal(f"raw: texts a core of {name}, times", outcome.times(RAW, name, _per_core), least, least=True)
        for name, least in asked
    ]
