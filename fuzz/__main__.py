"""``python -m fuzz [SECONDS]``: try random inputs on all targets, for ten minutes in all."""

import argparse
import time

from fuzz.targets import TARGETS, Target
from offhook.base.env import SYSTEM

_BATCH = 500
"""Inputs between two looks at the clock."""


def main() -> None:
    """Fuzz what was asked for; the first input that is not harmless ends it."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=600.0)
    parser.add_argument("--target", choices=TARGETS, help="this one alone")
    parser.add_argument("--seed", type=int, help="repeat a run")
    asked = parser.parse_args()
    seed = int(SYSTEM.jitter(0, 2**31)) if asked.seed is None else asked.seed
    chosen = {asked.target: TARGETS[asked.target]} if asked.target else TARGETS
    print(f"seed {seed}")
    for name, target in chosen.items():
        tried = _spend(target, seed, asked.seconds / len(chosen))
        print(f"{name}: {tried:,} inputs, all harmless", flush=True)


def _spend(target: Target, seed: int, seconds: float) -> int:
    end, batches = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        target.fuzz(seed + batches, _BATCH)
        batches += 1
    return batches * _BATCH


if __name__ == "__main__":
    main()
