"""One publication to many subscribers: one at a time, and in bursts.

The next publish goes out when every subscriber has the one before, so nothing can be joined; of a burst it may be.
Reported is what a delivery costs the server in processor time, since that is what a core has to give. Latency is
from the publish to the receipt while one publication is under way, so it has the whole fan-out in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import contenders
from bench.contenders import LINE, RAW, Contender
from bench.rounds import Goal, Outcome, Plan, goals, notes, number, table, take_turns
from bench.served import Answer, Failed, Load, Server

SUBSCRIBERS = (1000, 5000)
BURST = 16
DELIVERIES = 150_000
"""In each phase, by whoever is done with them in time."""
SECONDS = 10.0
"""No further burst begins later."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What one way of publishing cost."""

    cpu: float
    """Microseconds of the server for one delivery."""
    rate: float
    """Deliveries a second."""
    p50: float
    """Microseconds."""
    p99: float
    """Microseconds."""
    idle: float
    """The part of the time in which the load had nothing to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    single: Phase
    burst: Phase


def report(plan: Plan) -> str:
    """The whole measurement as tables."""
    lines = [
        f"Server and load have a core each; medians of {plan.rounds} rounds, a fresh process each, in turns.",
        "CPU is the server's, in µs for one delivery; *line* and *raw* say how many times that of the row is the",
        f"one of Offhook's line and raw socket; on the right for bursts of {BURST}. Every delivery was checked;",
        "*load idle* is the part of the time in which the load had nothing to do: it is not what limits.",
    ]
    for subscribers in SUBSCRIBERS:
        entered = contenders.taking_part("fanout", plan.only)
        outcome = measure(entered, plan.rounds, subscribers, max(2 * BURST, DELIVERIES // subscribers))
        lines += ["", f"### {subscribers:,} subscribers", "", *_tables(outcome)]
    return "\n".join(lines)


def measure(entered: Sequence[Contender], rounds: int, subscribers: int, publishes: int) -> Outcome[Run]:
    """Each of *entered* with *subscribers*, and at most so many *publishes* in each phase."""

    def run(server: Server, load: Load) -> Run:
        load.tell(f"open {subscribers}", subscribers)
        load.tell("publish 5 1 1")
        return Run(phase(server, load, 1), phase(server, load, BURST))

    def phase(server: Server, load: Load, burst: int) -> Phase:
        before = server.cpu()
        answer = load.tell(f"publish {publishes} {burst} {SECONDS}")
        return _phase(answer, server.cpu() - before)

    return take_turns(entered, rounds, run)


def _phase(answer: Answer, cpu: float) -> Phase:
    if answer.latency is None:
        raise Failed("nothing was delivered")
    rate = answer.count / answer.seconds
    return Phase(cpu / answer.count * 1e6, rate, answer.latency.p50, answer.latency.p99, answer.idle)


def _single(run: Run) -> float:
    return run.single.cpu


def _burst(run: Run) -> float:
    return run.burst.cpu


def _tables(outcome: Outcome[Run]) -> list[str]:
    head = ["", "CPU", "min–max", "line", "raw", "deliveries/s", "p50 ms", "p99 ms", "load idle"]
    head += [f"CPU, {BURST}", "line", "raw"]
    rows = [_row(outcome, name) for name in outcome.runs]
    return [*table(head, rows), *notes(outcome), *goals(_goals(outcome))]


def _row(outcome: Outcome[Run], name: str) -> list[str]:
    single = [_single(run) for run in outcome.runs[name]]
    return [
        name,
        number(outcome.median(name, _single)),
        f"{number(min(single))}–{number(max(single))}",
        *(number(outcome.times(ours, name, _single)) for ours in (LINE, RAW)),
        number(outcome.median(name, lambda run: run.single.rate)),
        number(outcome.median(name, lambda run: run.single.p50 / 1000)),
        number(outcome.median(name, lambda run: run.single.p99 / 1000)),
        number(outcome.median(name, lambda run: run.single.idle)),
        number(outcome.median(name, _burst)),
        *(number(outcome.times(ours, name, _burst)) for ours in (LINE, RAW)),
    ]


def _goals(outcome: Outcome[Run]) -> list[Goal]:
    asked = [
        (contenders.C_LOOP, 1.4),
        (contenders.PICOWS, 1.25),
        (contenders.STARLETTE, 0.5),
        (contenders.PYTHON_SOCKETIO, 1 / 3),
    ]
    single = [
        Goal(f"line: CPU of {name}, times", outcome.times(LINE, name, _single), most) for name, most in asked
    ]
    burst = outcome.times(LINE, contenders.SOCKETIFY, _burst)
    return [*single, Goal(f"line: CPU of {contenders.SOCKETIFY} in bursts, times", burst, 1.2)]
