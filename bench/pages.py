"""Documents and navigations against the official React Router server: the same page, one core each.

The server has core 0 and the generator (``wrk``) core 1. The two servers take turns, a fresh process each time.
"""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from offhook.dev.node import find_node

_ROOT = Path(__file__).parent.parent
_PEER = Path(__file__).parent / "peer"
_PACKAGES = _ROOT / "examples/remix_app/node_modules"
ROUNDS = 5
SECONDS = 5
CONNECTIONS = 16
_STARTING = 60.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A server of the page; ``navigation`` is what the browser asks for to open an item from elsewhere."""

    command: Sequence[str]
    environment: Mapping[str, str]
    navigation: str
    folder: Path = _ROOT


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    documents: float
    """A second."""
    navigations: float
    """A second."""
    memory: float
    """MiB, resident, of the whole process tree after both."""


DOCUMENT = "/items"
_ROUTES = "routes%2Fshell%2Croutes%2Fitems%2Croutes%2Fitem"


def contenders(port: int) -> Mapping[str, Contender]:
    """Both, to be started on *port*."""
    serve = _PACKAGES / "@react-router/serve/bin.cjs"
    return {
        "Offhook": Contender(
            [sys.executable, "-m", "offhook", "serve", "bench.site.app:app", "--port", str(port)],
            {},
            f"/__data/items/7?_routes={_ROUTES}",
        ),
        "@react-router/serve": Contender(
            [str(find_node()), str(serve), "build/server/index.js"],
            {"PORT": str(port), "NODE_ENV": "production"},
            "/items/7.data",
            _PEER,
        ),
    }


def report() -> str:
    """The whole measurement as a table."""
    prepare()
    runs = measure(ROUNDS, SECONDS)
    ours, peer = (_median(runs[name]) for name in runs)
    rows = [
        ("documents a second", ours.documents, peer.documents),
        ("navigations with three loaders a second", ours.navigations, peer.navigations),
        ("memory, MiB", ours.memory, peer.memory),
    ]
    head = [
        f"A page of two levels with 50 items; one core, {CONNECTIONS} connections, medians of {ROUNDS} runs of "
        f"{SECONDS} s, the servers in turns.",
        "",
        f"| | {' | '.join(runs)} | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *(f"| {name} | {a:,.0f} | {b:,.0f} | {a / b:.2f} |" for name, a, b in rows)])


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
    _run([sys.executable, "-m", "offhook", "build", "bench.site.app:app"], _ROOT)
    _run([str(find_node()), str(_PACKAGES / "@react-router/dev/bin.cjs"), "build"], _PEER)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def measure(rounds: int, seconds: float) -> dict[str, list[Run]]:
    """The runs of each contender."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders(0)}
    for _ in range(rounds):
        for name in runs:
            port = _free_port()
            contender = contenders(port)[name]
            with _served(contender, port) as pid:
                _load(port, DOCUMENT, 1)
                _load(port, contender.navigation, 1)
                documents = _load(port, DOCUMENT, seconds)
                navigations = _load(port, contender.navigation, seconds)
                runs[name].append(Run(documents, navigations, _resident(pid)))
    return runs


def _load(port: int, path: str, seconds: float) -> float:
    """Answers a second. Each has to be a success."""
    url = f"http://127.0.0.1:{port}{path}"
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    return float(rate)


@contextmanager
def _served(contender: Contender, port: int) -> Iterator[int]:
    process = subprocess.Popen(
        ["taskset", "-c", "0", *contender.command],
        cwd=contender.folder,
        env=os.environ | contender.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(port: int) -> None:
    end = time.monotonic() + _STARTING
    while time.monotonic() < end:
        try:
            urlopen(f"http://127.0.0.1:{port}{DOCUMENT}").close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answered on port {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _resident(pid: int) -> float:
    """MiB of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    [own] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(own) / 1024 + sum(_resident(int(child)) for child in children)


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(each.documents for each in runs),
        statistics.median(each.navigations for each in runs),
        statistics.median(each.memory for each in runs),
    )
