"""The application's own process under ``offhook dev``: ``python -m offhook.dev.serving MODULE:APP DESCRIPTOR``.

It loads the application and says so on the file descriptor; it serves when it is told to by a line on its standard
input, and ends with that input: nobody is left behind when ``offhook dev`` is killed.
"""

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import msgspec

from offhook import typegen
from offhook.app import App
from offhook.base.errors import UsageError
from offhook.server.loading import load
from offhook.server.serve import serve
from offhook.server.settings import Settings


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The modules are there. ``folder`` is the application's, None for one without views.

    ``routes`` says whether the route table differs from the one that the views were built for.
    """

    folder: str | None
    routes: bool


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """It serves at this address."""

    url: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It raised: one line, and where."""

    message: str
    stack: str


_FOREIGN = (str(Path(__file__).parents[1]), "<frozen importlib", str(Path(importlib.__file__).parent))


Report: TypeAlias = Loaded | Ready | Failed


def run(target: str, report: Callable[[Report], object], wait: Callable[[], object]) -> None:
    """Load *target*, *wait*, and serve it until the end."""
    try:
        app = load(target)
        report(_prepared(app))
        wait()
        serve(app, Settings(port=0), announce=lambda url: report(Ready(url)))
    except Exception as error:
        report(failure(error))
        sys.exit(1)


def _prepared(app: Any) -> Loaded:
    if not isinstance(app, App):
        return Loaded(None, routes=False)
    return Loaded(str(app.folder), routes=any(path.name == "routes.json" for path in typegen.write(app)))


def failure(error: Exception) -> Failed:
    """What to show of *error*: a wrong use in one sentence, everything else with the way that led to it."""
    if isinstance(error, UsageError):
        return Failed(str(error), "")
    [said] = traceback.format_exception_only(error)[-1:]
    return Failed(
        said.strip(), "".join(traceback.format_exception(error.with_traceback(_own(error.__traceback__))))
    )


def _own(trace: TracebackType | None) -> TracebackType | None:
    """*trace* from the application's first line on; how it was loaded is no news. The whole, where it has none."""
    own = trace
    while own is not None and own.tb_frame.f_code.co_filename.startswith(_FOREIGN):
        own = own.tb_next
    return own or trace


def _listen() -> threading.Event:
    """Set when our input says that we shall serve; the end of it ends us, also while a module is still loading."""
    told = threading.Event()

    def listen() -> None:
        how = signal.SIGTERM
        if sys.stdin.readline():
            told.set()
            sys.stdin.read()
            how = signal.SIGINT  # As by Ctrl-C: nobody waits longer than they have to.
        os.kill(os.getpid(), how)

    threading.Thread(target=listen, daemon=True).start()
    return told


def main() -> None:
    """Run as a module."""
    _, target, descriptor = sys.argv
    told = _listen()
    with open(int(descriptor), "wb", buffering=0) as out:
        try:
            run(target, lambda said: out.write(msgspec.json.encode(said) + b"\n"), told.wait)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is over, and needs nobody to end it


if __name__ == "__main__":
    main()
