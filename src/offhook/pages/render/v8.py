"""Rendering in V8, inside this process: a pool of isolates, each with a thread of its own.

An isolate renders one page at a time. One that ran out of memory is dead, and one that was stopped in the middle
may hold half-changed state; both are replaced, while the others go on.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
from py_mini_racer import DEFAULT_V8_FLAGS, JSEvalException, init_mini_racer, mini_racer

from offhook.base.limits import Limits
from offhook.base.observe import PAGES
from offhook.pages.page import Page
from offhook.pages.render.base import Rendered, RenderError

_LOADING = 30.0
"""Seconds for the bundle to load."""
_PATIENCE = 4
"""For so many deadlines of the pages before it a page waits; then the browser renders it."""
RENDERS = 10_000
"""After so many pages an isolate is replaced: a view that leaks does not fill the process."""
_FLAGS = (*DEFAULT_V8_FLAGS, "--no-compilation-cache", "--max-semi-space-size=8")
"""Each page is a script of its own, which V8 need not keep; and 8 MiB is as far as the garbage of pages, all that
they leave behind, may grow before it is collected. A process is twice as large without (``decisions/0013``)."""


class _Answer(msgspec.Struct):
    html: str
    errors: dict[str, Any] | None = None
    varies: bool = False


class _Isolate:
    """One V8 with the server bundle in it. Made in a thread, because loading the bundle takes a while."""

    def __init__(self, bundle: str, memory: int, loop: asyncio.AbstractEventLoop) -> None:
        # Flags are the process's; they stay what they are where the application has started V8 before.
        init_mini_racer(flags=_FLAGS, ignore_duplicate_init=True)
        self._context = mini_racer(loop)
        self._engine = engine = self._context.__enter__()
        # Without a limit V8 ends the whole process when its memory is used up.
        engine.set_hard_memory_limit(memory)
        try:
            engine.eval(f"{bundle}\n;OFFHOOK.render", timeout_sec=_LOADING)
        except BaseException:
            self.close()
            raise
        self.renders = 0

    @property
    def exhausted(self) -> bool:
        """Whether it reached its limit: V8 then stops whatever is called, and never recovers."""
        return self._engine.was_hard_memory_limit_reached()

    async def render(self, page: str) -> str:
        self.renders += 1
        # One crossing into V8's thread; calling a function with an argument would take three, and hold up the loop
        # for as long as V8 tidies up after the page before.
        call = b"OFFHOOK.render(%b)" % msgspec.json.encode(page)
        return str(await self._engine.eval_cancelable(call.decode()))

    def close(self) -> None:
        self._context.__exit__(None, None, None)


class V8Renderer:
    """A renderer for the server bundle that `offhook build` makes.

    :param bundle: one script, which defines ``OFFHOOK.render``: JSON in, JSON out.
    :param size: how many pages are rendered at the same time. With two, a view that never ends holds up half of
        the others until its deadline; and what two render is all that one event loop can answer with.
    :param fresh: look before each page whether the bundle was built anew meanwhile.
    """

    def __init__(self, bundle: Path, limits: Limits | None = None, *, size: int = 2, fresh: bool = False) -> None:
        self._bundle = bundle
        self._fresh = fresh
        self._loaded = 0
        self._size = size
        self._limits = limits or Limits()
        self._idle: asyncio.LifoQueue[_Isolate] = asyncio.LifoQueue()
        self._isolates: set[_Isolate] = set()
        self._making: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start all isolates, so that the first visitor does not wait.

        :raises RenderError: the bundle is missing or does not load, and none is expected to come.
        """
        try:
            await self._fill()
        except (OSError, JSEvalException) as error:
            await self.close()
            self._loaded = 0
            if self._fresh:
                return  # each page looks again, and says what is wrong
            raise RenderError(f"{self._bundle.name} does not load: {error}") from error

    async def render(self, page: Page) -> Rendered:
        """The page's HTML."""
        if self._fresh:
            await self._refresh()
        isolate = await self._free()
        sound = False
        try:
            async with asyncio.timeout(self._limits.render):
                answer = await isolate.render(page.for_renderer().decode())
            sound = True
        except TimeoutError:
            raise RenderError(f"rendering took longer than {self._limits.render} s") from None
        except JSEvalException as error:
            sound = not isolate.exhausted
            said = str(error) if sound else f"rendering needed more than {self._limits.render_memory} bytes"
            raise RenderError(said) from None
        finally:
            self._give_back(isolate, sound)
        return _read(answer, page)

    async def _free(self) -> _Isolate:
        """An isolate that does nothing just now. Who waits for one tries again to bring those missing."""
        for _ in range(_PATIENCE):
            self._complete()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.render):
                    return await self._idle.get()
        raise RenderError(f"no isolate was free for {_PATIENCE * self._limits.render} s")

    async def close(self) -> None:
        """Free all isolates. One left to the interpreter's exit can keep the process from ending."""
        # What is being made would go on in its thread if it were cancelled, and nobody would free it.
        await asyncio.gather(*self._making, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)
        self._idle = asyncio.LifoQueue()
        while self._isolates:
            self._isolates.pop().close()

    async def _fill(self) -> None:
        self._loaded = self._built()
        for _ in range(self._size):
            await self._add()

    def _built(self) -> int:
        return self._bundle.stat().st_mtime_ns if self._bundle.is_file() else 0

    async def _refresh(self) -> None:
        """Exchange all isolates for ones with the bundle of now, if it is another one."""
        if self._loaded and self._loaded == self._built():
            return
        idle, self._idle, self._isolates = self._idle, asyncio.LifoQueue(), set()
        try:
            await self._fill()
        except (OSError, JSEvalException) as error:
            self._loaded = 0
            raise RenderError(f"{self._bundle.name} does not load: {error}") from error
        finally:
            while not idle.empty():
                await asyncio.to_thread(idle.get_nowait().close)

    def _give_back(self, isolate: _Isolate, sound: bool) -> None:
        current = isolate in self._isolates
        if current and sound and isolate.renders < RENDERS:
            self._idle.put_nowait(isolate)
            return
        self._isolates.discard(isolate)
        if current:
            self._start(self._replace(isolate), self._making)
        else:
            self._start(asyncio.to_thread(isolate.close), self._closing)

    def _start(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def _replace(self, isolate: _Isolate) -> None:
        """Bring a new one before the old one is freed: freeing one that was just stopped can take a while."""
        await self._restore()
        self._start(asyncio.to_thread(isolate.close), self._closing)

    def _complete(self) -> None:
        """Try again where an isolate was lost and no other one could be made."""
        for _ in range(self._size - len(self._isolates) - len(self._making)):
            self._start(self._restore(), self._making)

    async def _restore(self) -> None:
        try:
            await self._add()
        except (OSError, JSEvalException) as error:
            PAGES.error("no new isolate could be made: %s", error)

    async def _add(self) -> None:
        bundle = self._bundle.read_text("utf-8")
        loop = asyncio.get_running_loop()
        isolate = await asyncio.to_thread(_Isolate, bundle, self._limits.render_memory, loop)
        self._isolates.add(isolate)
        self._idle.put_nowait(isolate)


def _read(answer: str, page: Page) -> Rendered:
    try:
        read = msgspec.json.decode(answer, type=_Answer)
    except msgspec.DecodeError as error:
        raise RenderError(f"the server bundle did not answer with a page: {error}") from None
    if read.varies:
        PAGES.warning(
            "rendering %s twice makes two documents: a view depends on the time, on chance or on a variable of "
            "its module, which all visitors share (docs/open-pages.md)",
            page.url.partition("?")[0],
        )
    return Rendered(read.html, read.errors)
