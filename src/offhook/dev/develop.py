"""``offhook dev``: one command and one port, on which what is saved is what is seen.

A change of Python exchanges the application's process: the new one is loaded while the old one goes on, so that a
mistake costs nothing but a message. A change of a view goes to the browser through Vite, and into the bundle that
renders documents.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.base.errors import UsageError
from offhook.dev.build import build_views
from offhook.dev.front import Front, broken
from offhook.dev.process import Process
from offhook.dev.serving import Failed, Loaded, Ready
from offhook.dev.vite import ViteServer
from offhook.dev.watch import Changed, changes
from offhook.proxy import proxy
from offhook.server.serve import serve

Say = Callable[[str], object]


def develop(target: str, *, host: str, port: int, say: Say) -> None:
    """Serve *target* and everything that changes about it, until Ctrl-C.

    :param say: told in one line what happened.
    :raises UsageError: the port is taken, Node or the npm packages are missing.
    """
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    front = Front()
    front.during(_Loop(target, front, say).running)
    serve(front, host=host, port=port, announce=lambda address: say(f"Serving {address} (Ctrl-C ends it)"))


class _Loop:
    """What has to happen after each change."""

    def __init__(self, target: str, front: Front, say: Say) -> None:
        self._target = target
        self._front = front
        self._say = say
        self._folder = Path()
        self._vite: ViteServer | None = None
        self._process: Process | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs as long as the block does, and has ended after it."""
        try:
            await self._reload()
            watching = asyncio.create_task(self._watch())
            yield
            watching.cancel()
        finally:
            for each in (self._process, self._vite):
                if each is not None:
                    await each.stop()

    async def _watch(self) -> None:
        async for changed in changes(Path.cwd()):
            try:
                await self._follow(changed)
            except UsageError as error:
                self._say(str(error))

    async def _follow(self, changed: Changed) -> None:
        if changed.views and self._vite is not None:
            await self._build()
            self._say(f"{_names(changed.views)}: built")
        if changed.python:
            self._say(f"{_names(changed.python)}: reloading")
            await self._reload()

    async def _reload(self) -> None:
        """Exchange the application's process, unless the new one does not even load."""
        process = await Process.start(self._target)
        loaded = await process.report()
        if not isinstance(loaded, Loaded):
            await process.stop()
            self._failed(loaded)
            return
        await self._prepare(loaded)
        if self._process is not None:
            self._front.pause()
            await self._process.stop()
        self._process = process
        await self._serve(process, loaded)

    async def _prepare(self, loaded: Loaded) -> None:
        """Have Vite and the bundle for documents ready for what was loaded."""
        if loaded.folder is not None and self._vite is None:
            self._folder = Path(loaded.folder)
            self._vite = ViteServer(self._folder)
            await asyncio.gather(self._vite.start(), self._build())
            self._front.behind(self._folder, proxy(self._vite.url))
        elif loaded.routes:
            await self._build()

    async def _serve(self, process: Process, loaded: Loaded) -> None:
        process.serve()
        ready = await process.report()
        if not isinstance(ready, Ready):
            self._process = None
            await process.stop()
            self._failed(ready)
            return
        self._front.use(proxy(ready.url))
        if self._vite is not None:
            self._vite.tell(type="reloaded", routes=loaded.routes)

    async def _build(self) -> None:
        with self._front.bundling():
            await asyncio.to_thread(build_views, self._folder, "server", "development")

    def _failed(self, failed: Failed | Loaded | Ready) -> None:
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
