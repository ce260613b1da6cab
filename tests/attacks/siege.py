"""One attack after the other, and what it did to the server and to everybody else."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.attack import LONGEST_WAIT, MOST_MEMORY, Attack, Target
from tests.attacks.bystanders import Seen
from tests.attacks.peer import PATIENCE
from tests.servers import ROOT, Server

_KIB = 1024.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Times are in seconds, sizes in MiB."""

    end: str
    after: float
    others: dict[str, Seen]
    peak: float
    kept: float
    tracebacks: int

    @property
    def longest(self) -> float:
        """The longest wait of anybody else."""
        return max(each.longest for each in self.others.values())

    def harm(self, attack: Attack) -> list[str]:
        """What did not end as it has to, whatever the clock says."""
        served = all(seen.rounds and not seen.failed for seen in self.others.values())
        return [
            *([] if self.end in attack.ends else [f"it ended with {self.end}"]),
            *([] if served else [f"others were not served: {self.others}"]),
            *([] if self.peak < MOST_MEMORY else [f"the server grew by {self.peak:.0f} MiB"]),
            *(["a traceback"] if self.tracebacks else []),
        ]

    def delay(self, attack: Attack, target: Target) -> list[str]:
        """What took too long."""
        within = attack.within(target.limits)
        return [
            *([] if self.after <= within else [f"it took {self.after:.1f} s instead of {within:.1f} s"]),
            *([] if self.longest < LONGEST_WAIT else [f"others waited for {self.longest:.1f} s"]),
        ]


class Others:
    """Those who are served meanwhile."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def look(self) -> dict[str, Seen]:
        """What they have seen since the last look."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return {name: Seen(**each) for name, each in json.loads(self._process.stdout.readline()).items()}


@contextmanager
def bystanding(port: int) -> Iterator[Others]:
    """Others are served at *port*."""
    command = [sys.executable, "-m", "tests.attacks.bystanders", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield Others(process)
        finally:
            process.kill()


def outcome(attack: Attack, target: Target, server: Server, others: Others) -> Outcome:
    """Carry *attack* out while others are served."""
    others.look()
    said, memory = len(server.log), Memory(server.pid)
    target.begin()
    end = asyncio.run(_end(attack, target))
    after = time.monotonic() - target.began
    seen = others.look()
    return Outcome(end, after, seen, memory.peak(), memory.kept(), server.log.count("Traceback", said))


async def _end(attack: Attack, target: Target) -> str:
    try:
        return await asyncio.wait_for(attack.run(target), target.span + PATIENCE)
    except TimeoutError:
        return "it does not end"


class Memory:
    """What a process has come to occupy since this was made (proc(5))."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc", str(pid))
        (self._folder / "clear_refs").write_text("5")  # its peak begins anew
        self._before = self._mib("VmRSS")

    def peak(self) -> float:
        """MiB at the worst moment."""
        return self._mib("VmHWM") - self._before

    def kept(self) -> float:
        """MiB now."""
        return self._mib("VmRSS") - self._before

    def _mib(self, name: str) -> float:
        [size] = re.findall(rf"{name}:\s+(\d+) kB", (self._folder / "status").read_text())
        return int(size) / _KIB
