"""Documents and navigations against the official React Router server: the same page, on one core each.

Both are built for production and run as their commands run them. The peer then writes one line for each request
into a log, and cannot be told not to; hence a second row of ours, which does so too. Neither compresses, as nobody
asks for it, or keeps what it has rendered.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.request import urlopen

from bench.contenders import Command, Contender
from bench.programs import HERE, ROOT
from bench.rounds import Goal, Outcome, Plan, goals, in_turns, notes, number, table
from bench.served import Failed, Server, pinned
from offhook.dev.node import find_node

OURS, LOGGING, PEER = "Offhook", "Offhook, --access-log", "@react-router/serve"
SECONDS = 5.0
CONNECTIONS = 16
DOCUMENT = "/items"
_ROUTES = "routes%2Fshell%2Croutes%2Fitems%2Croutes%2Fitem"
_DATA = f"/__data/items/7?_routes={_ROUTES}"
NAVIGATIONS: Mapping[str, str] = {OURS: _DATA, LOGGING: _DATA, PEER: "/items/7.data"}
"""What the browser asks each for to open an item from elsewhere: the data of three loaders."""
_PEER = HERE / "peer"
_PACKAGES = ROOT / "examples/remix_app/node_modules"


def _offhook(port: int) -> Command:
    return Command([sys.executable, "-m", "offhook", "serve", "bench.site.app:app", "--port", str(port)])


def _logging(port: int) -> Command:
    return Command([*_offhook(port).words, "--access-log"])


def _react_router(port: int) -> Command:
    serve = str(_PACKAGES / "@react-router/serve/bin.cjs")
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "NODE_ENV": "production"}
    return Command([str(find_node()), serve, "build/server/index.js"], environment, _PEER)


CONTENDERS = (Contender(OURS, _offhook), Contender(LOGGING, _logging), Contender(PEER, _react_router))


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did; memory is what the whole process tree has after both."""

    documents: float
    """A second."""
    navigations: float
    """A second."""
    memory: float
    """MiB, resident."""
    size: float
    """Bytes of a document."""


def report(plan: Plan) -> str:
    """The whole measurement as a table."""
    prepare()
    entered = [each for each in CONTENDERS if not plan.only or any(word in each.name for word in plan.only)]
    outcome = measure(entered, plan.rounds, SECONDS)
    return "\n".join(
        [
            f"A page of two levels with 50 items; one core, {CONNECTIONS} connections, medians of {plan.rounds} "
            f"rounds of {SECONDS:g} s each, the servers in turns.",
            "",
            *summary(outcome),
        ]
    )


def summary(outcome: Outcome[Run]) -> list[str]:
    """What came out, and which goals that reaches."""
    return [*table(["", *outcome.runs], _rows(outcome)), *notes(outcome), *goals(_goals(outcome))]


def prepare() -> None:
    """Build both pages.

    :raises SystemExit: a program is missing.
    """
    for program in ("wrk", "taskset"):
        if shutil.which(program) is None:
            sys.exit(f"bench pages needs {program}; install it with: apt-get install wrk util-linux")
    link = _PEER / "node_modules"
    if not link.exists():
        link.symlink_to(_PACKAGES)
    for command, folder in (
        ([sys.executable, "-m", "offhook", "build", "bench.site.app:app"], ROOT),
        ([str(find_node()), str(_PACKAGES / "@react-router/dev/bin.cjs"), "build"], _PEER),
    ):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def measure(entered: Sequence[Contender], rounds: int, seconds: float) -> Outcome[Run]:
    """Each of *entered*: a second to warm up, then documents and navigations for *seconds* each."""

    def run(server: Server, contender: Contender) -> Run:
        navigation = NAVIGATIONS[contender.name]
        for path in (DOCUMENT, navigation):
            _load(server, path, seconds / 5)
        documents, navigations = (_load(server, path, seconds) for path in (DOCUMENT, navigation))
        with urlopen(_url(server, DOCUMENT)) as answer:
            size = len(answer.read())
        return Run(documents, navigations, server.resident() / 1024, size)

    return in_turns(entered, rounds, run)


def _load(server: Server, path: str, seconds: float) -> float:
    """Answers a second.

    :raises Failed: one was no success.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", _url(server, path)]
    said = subprocess.run([*pinned(-1), *command], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failed(f"{path}: {said.strip()}")
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    return float(rate)


def _url(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def _rows(outcome: Outcome[Run]) -> list[list[str]]:
    values: Mapping[str, Callable[[Run], float]] = {
        "documents a second": lambda run: run.documents,
        "navigations with three loaders a second": lambda run: run.navigations,
        "memory, MiB": lambda run: run.memory,
        "bytes of a document": lambda run: run.size,
    }
    return [
        [name, *(number(outcome.median(each, value)) for each in outcome.runs)] for name, value in values.items()
    ]


def _goals(outcome: Outcome[Run]) -> list[Goal]:
    return [
        Goal("documents: times the peer's", outcome.times(OURS, PEER, lambda run: run.documents), 1, least=True),
        Goal("navigations: times the peer's", outcome.times(OURS, PEER, lambda run: run.navigations), 2, True),
        Goal("memory: times the peer's", outcome.times(OURS, PEER, lambda run: run.memory), 0.6),
    ]
