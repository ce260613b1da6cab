"""A Redis of one's own: ``redis-server`` on a free port of this machine, from ``__enter__`` to ``__exit__``."""

import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

from offhook.testing.ports import free_port

Persistence: TypeAlias = Literal["none", "rdb", "everysec", "always"]
"""What Redis keeps on disk: nothing, snapshots, or a log that is flushed each second or before each answer."""

_DEADLINE = 10.0
_OPTIONS: Mapping[Persistence, Sequence[str]] = {
    "none": ("--save", "", "--appendonly", "no"),
    "rdb": ("--save", "3600 1", "--appendonly", "no"),
    "everysec": ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
    "always": ("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
}


class RedisServer:
    """``redis-server``; keeps its port over a restart.

    :param persistence: what it keeps on disk.
    :param options: more of its options, such as ``("--requirepass", "secret")``.
    """

    def __init__(self, persistence: Persistence = "none", options: Sequence[str] = ()) -> None:
        self._options = (*_OPTIONS[persistence], *options)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_path(self) -> Path:
        """Where it also listens, without a network."""
        return self._folder / "redis.sock"

    @property
    def log(self) -> Path:
        """The append-only file that it writes to."""
        files = [*self._folder.glob("appendonlydir/*.incr.aof"), *self._folder.glob("appendonly.aof")]
        return max(files, key=lambda file: file.stat().st_mtime)

    def start(self) -> None:
        """Start it, with what is on its disk, and return when it answers."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        command += ["--unixsocket", str(self.socket_path), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=[ready], daemon=True)
        self._reader.start()
        if not ready.wait(_DEADLINE):
            self.stop(signal.SIGKILL)
            raise AssertionError("redis-server did not start")

    def _read(self, ready: threading.Event) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                if "Ready to accept connections" in line:
                    ready.set()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: in order, or by SIGKILL."""
        self._process.send_signal(how)
        try:
            self._process.wait(_DEADLINE)
        finally:
            self._process.kill()
            self._process.wait(_DEADLINE)
            self._reader.join(_DEADLINE)

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Another run of it, at the same address."""
        self.stop(how)
        self.start()

    def __enter__(self) -> Self:
        # A socket's path is at most 107 bytes, so that pytest's own folders are too deep.
        self._temporary = tempfile.TemporaryDirectory()
        self._folder = Path(self._temporary.name)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)
        self._temporary.cleanup()
