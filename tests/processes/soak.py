"""``scripts/soak``: one fault after the other, in an order that the seed gives, with a check after each world."""

import asyncio
import random
import signal
import sys
import time

from tests.processes.machines import Machines, machines

_FAULTS_A_WORLD = 5
_LINK = ("cut", "drop", "freeze", "strand")
_KILL = (signal.SIGTERM, signal.SIGKILL)


async def _fault(chance: random.Random, found: Machines) -> str:
    """Break something, and repair it."""
    kind, how = chance.choice([*_LINK, "first", "redis"]), chance.choice(_KILL)
    if kind in _LINK:
        getattr(found.link, kind)()
        await asyncio.sleep(chance.uniform(0.1, 4))
        found.link.heal()
        return kind
    await asyncio.to_thread(getattr(found, kind).restart, how)
    return f"{kind} {how.name}"


async def _world(chance: random.Random, found: Machines) -> list[str]:
    world, story = found.world(), []
    async with world.running(), world.load():
        for _ in range(_FAULTS_A_WORLD):
            story.append(await _fault(chance, found))
            await world.progress("b")
    world.check()
    return story


def main(minutes: str, seed: str) -> None:
    """Go on for *minutes*; *seed* is a number, or empty for another one each time."""
    number = int(seed or random.randrange(10**6))
    print(f"seed {number}", flush=True)
    chance, end = random.Random(number), time.monotonic() + 60 * float(minutes)
    with machines("always") as found:
        while time.monotonic() < end:
            print(", ".join(asyncio.run(_world(chance, found))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
