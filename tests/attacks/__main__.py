"""``scripts/attack [WORD...]``: all attacks, or those with such a word in the name, with real deadlines."""

import argparse
import sys
from collections.abc import Sequence

from bench.results import machine
from bench.served import allow_files
from tests.apps.target.app import app
from tests.attacks.attack import OPTIONS, Attack, Target
from tests.attacks.catalogue import ATTACKS
from tests.attacks.siege import Outcome, bystanding, outcome
from tests.servers import ROOT, Server

PAGE = ROOT / "docs" / "attacks.md"
_TITLE = "What others waited is their longest wait of all, in milliseconds.\n"
_HEAD = """\
| attack | ends with | after s | others wait ms | grows MiB | keeps MiB | tracebacks |
| --- | --- | ---: | ---: | ---: | ---: | ---: |"""


def _carry_out(attack: Attack) -> tuple[Outcome, list[str]]:
    """What comes of it against a fresh server, and which goals that misses."""
    server = Server("tests.apps.target.app:app", mode="production", options=OPTIONS)
    server.start()
    try:
        target = Target(server.port, app.limits)
        with bystanding(server.port) as others:
            found = outcome(attack, target, server, others)
    finally:
        server.stop()
    return found, found.harm(attack) + found.delay(attack, target)


def _row(name: str, found: Outcome) -> str:
    longest = f"{found.longest * 1000:.0f}"
    cells = [name, found.end, f"{found.after:.1f}", longest, f"{found.peak:.1f}", f"{found.kept:.1f}"]
    return f"| {' | '.join([*cells, str(found.tracebacks)])} |"


def _attack(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """A row for each attack that has one of *words* in its name, and what misses a goal."""
    chosen = {name: each for name, each in ATTACKS.items() if not words or any(word in name for word in words)}
    rows, missed = dict[str, str](), list[str]()
    print(_HEAD)
    for name, attack in chosen.items():
        found, misses = _carry_out(attack)
        rows[name] = _row(name, found)
        print(rows[name], flush=True)
        missed += [f"{name}: {', '.join(misses)}"] if misses else []
    return rows, missed


def _write(rows: dict[str, str]) -> None:
    """Put *rows* into the page, in the order of the catalogue, beside those that it has of other attacks."""
    text, title, table = PAGE.read_text().partition(_TITLE)
    known = {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines()} | rows
    lines = [_HEAD, *(known[name] for name in ATTACKS if name in known)]
    PAGE.write_text("\n".join([text + title, *lines, "", f"{machine()}.", ""]))


def main() -> int:
    """Attack; how many attacks miss a goal."""
    parser = argparse.ArgumentParser(prog="scripts/attack", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="those with such a word in the name")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    allow_files()
    rows, missed = _attack(asked.words)
    print("\n".join(["", *missed]) if missed else "\nAll within their goals.")
    if asked.write:
        _write(rows)
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
