"""``python -m bench NAME``: run one measurement and print its table; ``--write`` puts it into RESULTS.md.

``--rounds`` and ``--only`` are for the measurements against others (fanout, echo, idle, connect, http, pages).
"""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping

from bench import beside, connect, echo, engine, fanout, idle, live, pages, results
from bench.rounds import Plan

AGAINST_OTHERS: Mapping[str, Callable[[Plan], str]] = {
    "fanout": fanout.report,
    "echo": echo.report,
    "idle": idle.report,
    "connect": connect.report,
    "http": beside.report,
    "pages": pages.report,
}
OTHERS: Mapping[str, Callable[[], str]] = {"engine": engine.report, "live": live.report}


def main() -> None:
    """Run what was asked for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and no server stays behind
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*OTHERS, *AGAINST_OTHERS])
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="fresh processes of each server")
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="WORD", help="servers with one of these in the name"
    )
    asked = parser.parse_args()
    plan = Plan(asked.rounds, asked.only)
    table = AGAINST_OTHERS[asked.name](plan) if asked.name in AGAINST_OTHERS else OTHERS[asked.name]()
    print(table)
    if asked.write:
        results.write(asked.name, table)


main()
