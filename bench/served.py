"""A server in a process of its own on one core, and what it costs; the load on another core."""

import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from bench.contenders import Contender
from bench.programs import Missing, compiled
from offhook.testing.ports import free_port

STARTING = 60.0
ANSWERING = 120.0
"""Longer than the load itself has patience for one command."""
_ENDING = 15.0
_PAUSE = 0.05
_FILES = 16_000
"""Descriptors that a process may need."""


class Failed(Exception):
    """A server or the load did not do what it had to."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds that its threads were on a processor since they began, asked when it has nothing to do.

        What a thread uses is only counted when it pauses, so it gets the time for that.
        """
        time.sleep(_PAUSE)
        return sum(_on_cpu(pid) for pid in _tree(self.pid))

    def resident(self) -> float:
        """KiB."""
        return sum(_resident(pid) for pid in _tree(self.pid))


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in microseconds."""

    count: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the load says about one command.

    ``count`` is what happened: connections, deliveries, or texts that came back. ``idle`` is the part of
    ``seconds`` in which the load had nothing to do.
    """

    count: int
    seconds: float
    idle: float
    latency: Times | None = None
    http: Times | None = None


class Load:
    """``loadgen``, which runs and takes commands."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, command: str, expected: int | None = None) -> Answer:
        """Do *command*, which has to happen *expected* times.

        :raises Failed: it did not.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # then it has ended, and said why
            os.write(self._process.stdin.fileno(), f"{command}\n".encode())
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise Failed(f"{command}: {self._process.stderr.read().strip() or 'the load ended'}")
        answer = msgspec.json.decode(line, type=Answer)
        if expected is not None and answer.count != expected:
            raise Failed(f"{command}: {answer.count} instead of {expected}")
        return answer


@contextmanager
def served(contender: Contender) -> Iterator[Server]:
    """A fresh process of *contender*, that answers.

    :raises Missing: it cannot be had.
    :raises Failed: it did not start.
    """
    allow_files()
    port = free_port()
    command = contender.command(port)
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*pinned(0), *command.words],
            cwd=command.folder,
            env=os.environ | command.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(process, port, log)
            yield Server(process.pid, port)
        finally:
            _end(process)


@contextmanager
def loading(server: Server, talk: Mapping[str, str]) -> Iterator[Load]:
    """The load for *server*, with nothing opened yet."""
    words = [str(compiled("loadgen")), str(server.port), *(f"{name}={value}" for name, value in talk.items())]
    process = subprocess.Popen(
        [*pinned(-1), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Load(process)
        finally:
            process.kill()


def allow_files() -> None:
    """Let this process and those that it starts have many connections.

    :raises Missing: the system does not allow it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= _FILES:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, max(hard, _FILES)))
    except (OSError, ValueError):
        raise Missing(f"needs {_FILES} open files; allow them with: ulimit -n {_FILES}") from None


def pinned(which: int) -> Sequence[str]:
    """The first of our cores is the server's, the last one the load's."""
    core = sorted(os.sched_getaffinity(0))[which]
    return ["taskset", "-c", str(core)]


def _wait(process: subprocess.Popen[bytes], port: int, log: IO[str]) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        if process.poll() is not None:
            log.seek(0)
            raise Failed(f"it did not start: {(log.read().strip() or 'it said nothing').splitlines()[-1]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Failed(f"nothing answers on port {port}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _tree(int(child))


def _on_cpu(pid: int) -> float:
    """The first number of schedstat, of all threads (Linux, Documentation/scheduler/sched-stats.rst)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _resident(pid: int) -> float:
    [own] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return float(own)
