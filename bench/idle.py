"""What a connection that nothing happens on keeps of memory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import contenders
from bench.contenders import LINE, RAW, Contender
from bench.rounds import Goal, Outcome, Plan, goals, notes, number, table, take_turns
from bench.served import Load, Server

CONNECTIONS = 5000
_SETTLING = 1.0
"""Seconds from the last handshake to the look at the memory."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process kept."""

    memory: float
    """KiB, resident, for one connection."""
    before: float
    """KiB, resident, before the first connection."""


def report(plan: Plan) -> str:
    """The whole measurement as a table."""
    outcome = measure(contenders.taking_part("idle", plan.only), plan.rounds, CONNECTIONS, _SETTLING)
    rows = [
        [name, number(outcome.median(name, _memory)), number(outcome.median(name, lambda run: run.before / 1024))]
        for name in outcome.runs
    ]
    return "\n".join(
        [
            f"{CONNECTIONS:,} connections, each as a subscriber of `fanout`; resident memory of the server, "
            f"without what the kernel keeps for a socket; medians of {plan.rounds} rounds.",
            "",
            *table(["", "KiB a connection", "MiB before the first"], rows),
            *notes(outcome),
            *goals(
                [
                    Goal("raw: KiB a connection", outcome.median(RAW, _memory), 5),
                    Goal("line, subscribed: KiB a connection", outcome.median(LINE, _memory), 10),
                ]
            ),
        ]
    )


def measure(entered: Sequence[Contender], rounds: int, connections: int, settling: float) -> Outcome[Run]:
    """Each of *entered* with *connections*, *settling* seconds after the last of them came."""

    def run(server: Server, load: Load) -> Run:
        before = server.resident()
        load.tell(f"open {connections}", connections)
        time.sleep(settling)
        return Run((server.resident() - before) / connections, before)

    return take_turns(entered, rounds, run)


def _memory(run: Run) -> float:
    return run.memory
