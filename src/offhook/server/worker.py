"""One of several processes that serve an application, seen from the supervisor and from within."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from offhook.base.errors import UsageError
from offhook.server.loading import application
from offhook.server.running import log_to_stderr, run
from offhook.server.settings import Settings

# Not forked: an application that has begun threads or opened files before would be copied half.
_SPAWN = multiprocessing.get_context("spawn")
_STARTED = b""
"""What a worker says when it serves; anything else is why it does not."""


class Worker:
    """One life of a worker, from its beginning on.

    ``started`` is done when it serves, or has the UsageError that kept it from that; ``ended`` is its exit status.
    """

    def __init__(self, target: str, settings: Settings, sockets: Sequence[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        self.started: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._ear, mouth = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(target=_work, args=(mouth, target, settings, list(sockets)))
        self._process.start()
        mouth.close()
        self._loop.add_reader(self._ear.fileno(), self._hear)
        self._loop.add_reader(self._process.sentinel, self._end)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if not self.ended.done() and self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _hear(self) -> None:
        self._loop.remove_reader(self._ear.fileno())
        try:
            said = self._ear.recv_bytes()
        except EOFError:
            return  # It has ended without a word; how, is about to be known.
        if said == _STARTED:
            self.started.set_result(None)
        else:
            self._fail(said.decode())

    def _fail(self, reason: str) -> None:
        self.started.set_exception(UsageError(reason))
        self.started.exception()  # Whoever does not look at it does not want to know.

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        self._loop.remove_reader(self._ear.fileno())
        if not self.started.done() and self._ear.poll():
            self._hear()
        self._ear.close()
        status = self._process.exitcode or 0
        if not self.started.done():
            self._fail(f"a worker ended with status {status} before it served")
        self.ended.set_result(status)


def _work(mouth: Connection, target: str, settings: Settings, sockets: list[socket.socket]) -> None:
    """A worker's whole life, in its own process."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal goes to the supervisor alone, which passes it on.
    threading.Thread(target=_end_with_our_parent, daemon=True).start()
    log_to_stderr(settings)
    try:
        run(application(target), settings, sockets, lambda: mouth.send_bytes(_STARTED))
    except UsageError as error:
        mouth.send_bytes(" ".join(str(error).split()).encode())
        sys.exit(2)


def _end_with_our_parent() -> None:
    """Nobody is left behind when the supervisor is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
