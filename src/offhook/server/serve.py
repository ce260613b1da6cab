"""``offhook serve``: any ASGI application, in this process or in several."""

import asyncio
import os
import signal
from collections.abc import Callable

from offhook.base.processes import WORKERS
from offhook.base.types import AsgiApp
from offhook.server.listening import address, close, listening
from offhook.server.running import log_to_stderr, run
from offhook.server.settings import Settings
from offhook.server.supervisor import Supervisor
from offhook.server.worker import Worker


def serve(app: AsgiApp, settings: Settings, *, announce: Callable[[str], object] = print) -> None:
    """Serve *app* until SIGTERM or SIGINT, and return when everything has ended.

    :param announce: told the address, once the application has started.
    :raises UsageError: the settings are wrong, the port is taken, or the application refused to start.
    """
    log_to_stderr(settings)
    with listening(settings) as [sockets]:
        run(app, settings, sockets, lambda: announce(address(settings, sockets)))


def serve_by_workers(
    target: str, settings: Settings, number: int, *, announce: Callable[[str], object] = print
) -> None:
    """Serve the application that *target* names by *number* processes, which share the sockets.

    :param announce: told the address, once all of them have started.
    :raises UsageError: as ``serve``, or the application can only be in one process.
    """

    async def supervise() -> None:
        loop = asyncio.get_running_loop()
        supervisor = Supervisor(lambda post: Worker(target, settings, shares[post]), number, settings.drain)

        def end(number: signal.Signals) -> None:
            for share in shares:
                close(share)  # From now on it is the workers who decide how long somebody may come in.
            supervisor.end(number)

        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, end, each)
        loop.add_signal_handler(signal.SIGHUP, supervisor.renew)
        await supervisor.run(lambda: announce(address(settings, shares[0])))

    log_to_stderr(settings)
    os.environ[WORKERS] = str(number)
    with listening(settings, number) as shares:
        asyncio.run(supervise())
