"""``offhook dev``: one command and one port, on which what is saved is what is seen.

A change of Python exchanges the application's process: the new one is loaded while the old one goes on, so that a
mistake costs nothing but a message. A change of a view goes to the browser through Vite, and into the bundle that
renders documents.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.base.errors import UsageError
from offhook.dev.build import build_views
from offhook.dev.front import Front, broken
from offhook.dev.process import Process
from offhook.dev.serving import Failed, Loaded, Ready, Report
from offhook.dev.vite import ViteServer
from offhook.dev.watch import Changed, changes
from offhook.proxy import proxy
from offhook.server.serve import serve
from offhook.server.settings import Settings

Say = Callable[[str], object]


def develop(target: str, *, host: str, port: int, hosts: Sequence[str] = (), say: Say) -> None:
    """Serve *target* and everything that changes about it, until Ctrl-C.

    :param hosts: names of this machine beside ``localhost`` that a request may have in ``Host``.
    :param say: receives one line about each thing that happens.
    :raises UsageError: the port is taken, Node or the npm packages are missing.
    """
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    front = Front([*hosts, host])
    front.during(_Loop(target, front, say).running)
    settings = Settings(host=host, port=port)
    serve(front, settings, announce=lambda address: say(f"Serving {address} (Ctrl-C ends it)"))


class _Loop:
    """What has to happen after each change."""

    def __init__(self, target: str, front: Front, say: Say) -> None:
        self._target = target
        self._front = front
        self._say = say
        self._folder = Path()
        self._vite: ViteServer | None = None
        self._process: Process | None = None
        self._coming: Process | None = None
        """A process that is not exchanged for the other one yet."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._saved = Changed()
        """What nobody has followed yet."""
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs as long as the block does, and has ended after it."""
        try:
            await self._reload()
            self._during(self._watch())
            self._during(self._work())
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for each in (self._coming, self._process, self._vite):
                if each is not None:
                    await each.stop()

    def _during(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        async for changed in changes(Path.cwd()):
            self._saved += changed
            if changed.views and self._vite is not None:
                # Documents wait before Vite hears of it: a page that it loads anew needs the new bundle.
                self._front.hold_documents()
                self._vite.tell(type="saved", files=[str(path) for path in changed.views])
            self._wake.set()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._saved = self._saved, Changed()
            await self._follow(changed)

    async def _follow(self, changed: Changed) -> None:
        if changed.views and self._vite is not None:
            await self._build(_names(changed.views))
        if changed.python:
            self._say(f"{_names(changed.python)}: reloading")
        if changed.python or self._process is None:
            await self._reload()

    async def _reload(self) -> None:
        """Exchange the application's process, unless the new one does not even load."""
        self._coming = process = await Process.start(self._target)
        loaded = await process.report()
        if not isinstance(loaded, Loaded):
            await process.stop()
            self._failed(loaded)
            return
        await self._prepare(loaded)
        if self._process is not None:
            self._front.pause()
            await self._process.stop()
        self._process, self._coming = process, None
        await self._serve(process, loaded)

    async def _prepare(self, loaded: Loaded) -> None:
        """Have Vite and the bundle for documents ready for what was loaded."""
        if loaded.folder is not None and self._vite is None:
            self._folder = Path(loaded.folder)
            vite = ViteServer(self._folder)
            await asyncio.gather(vite.start(), self._build())
            self._vite = vite
            self._front.behind(self._folder, proxy(vite.url))
            self._during(self._keep(vite))
        elif loaded.routes:
            await self._build()

    async def _keep(self, vite: ViteServer) -> None:
        """Start Vite again whenever it ends; pages notice and load anew."""
        try:
            while True:
                self._say(f"Vite has ended with status {await vite.ended()} and is started again")
                await vite.start()
        except UsageError as error:
            self._say(str(error))

    async def _serve(self, process: Process, loaded: Loaded) -> None:
        process.serve()
        ready = await process.report()
        if not isinstance(ready, Ready):
            self._process = None
            await process.stop()
            self._failed(ready)
            return
        self._front.use(proxy(ready.url))
        self._during(self._attend(process))
        if self._vite is not None:
            self._vite.tell(type="reloaded", routes=loaded.routes)

    async def _attend(self, process: Process) -> None:
        """Show that *process* has ended by itself; the next change starts another one."""
        failed = await process.report()
        if not process.is_stopped:
            self._process = None
            self._failed(failed)

    async def _build(self, names: str = "") -> None:
        """Build the bundle for documents. Without it they show what they did, or are made in the browser."""
        self._front.hold_documents()
        try:
            await asyncio.to_thread(build_views, self._folder, "server", "development")
        except UsageError as error:
            self._say(str(error))
        else:
            if names:
                self._say(f"{names}: built")
        if not self._saved.views:
            self._front.release_documents()

    def _failed(self, failed: Report) -> None:
        """Show it here and in the browser: over the page, or instead of one that nobody can make."""
        assert isinstance(failed, Failed)
        self._say(failed.stack.rstrip() or failed.message)
        if self._vite is not None:
            self._vite.tell(type="failed", message=failed.message, stack=failed.stack)
        if self._process is None:
            self._front.use(broken(failed))


def _names(paths: tuple[Path, ...]) -> str:
    here = Path.cwd()
    return ", ".join(str(path.relative_to(here)) if path.is_relative_to(here) else path.name for path in paths)
