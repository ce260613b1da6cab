"""Real servers for tests: ``offhook serve`` in a process of its own, on a free port of this machine."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from offhook.testing.ports import free_port

ROOT = Path(__file__).parent.parent
DEADLINE = 30.0


class Server:
    """``offhook serve TARGET`` (or *command*), from ``__enter__`` to ``__exit__``; keeps its port over a restart.

    ``log`` is all that it printed. A traceback in it fails the test that used it.
    """

    def __init__(
        self,
        target: str,
        *,
        mode: str = "development",
        command: str = "serve",
        folder: str | Path = ROOT,
        python: str | Path = sys.executable,
        options: Sequence[str] = (),
        **env: str,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = ""
        self._command = [str(python), "-m", "offhook", command, target, "--port", str(self.port)]
        self._command += ["--mode", mode, "--drain", "2", *options] if command == "serve" else []
        self._address = options[options.index("--uds") + 1] if "--uds" in options else f"127.0.0.1:{self.port}"
        self._folder = folder
        self._env = {**os.environ, **env}

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.says(self._address)

    def says(self, text: str) -> None:
        """Return when it has printed a line with *text*, which nobody waited for yet."""
        while (line := self._lines.get(timeout=DEADLINE)) is not None:
            if text in line:
                return
        raise AssertionError(f"the server ended without saying {text!r}:\n{self.log}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.log += line
                self._lines.put(line)
        self._lines.put(None)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit status."""
        self._process.send_signal(how)
        try:
            return self._process.wait(DEADLINE)
        finally:
            self._process.kill()
            self._reader.join(DEADLINE)
            if self._process.stdout is not None:
                self._process.stdout.close()

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """A deploy: the same address, a new process."""
        self.stop(how)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert "Traceback" not in self.log, self.log
