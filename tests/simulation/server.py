"""The server: the real App with the memory broker, in virtual time, that can be replaced by a new one."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from offhook import App, Line
from offhook.base.limits import Limits
from offhook.base.types import AsgiApp
from offhook.brokers.base import Broker
from offhook.brokers.memory import MemoryBroker
from offhook.pages.page import Page
from offhook.pages.render.base import Rendered, Renderer
from offhook.testing.asgi import lifespan
from offhook.testing.clock import virtual_env
from offhook.testing.faults import FaultyBroker
from tests.apps.rows.app import settings
from tests.apps.rows.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is made of; a test that plants a fault replaces one."""

    store: Callable[..., Store] = Store
    broker: Callable[[Broker], FaultyBroker] = FaultyBroker
    app: Callable[[AsgiApp, Broker], AsgiApp] = lambda app, broker: app


@dataclass(frozen=True, slots=True)
class _InNode:
    """The renderer: the same code as in V8, in the Node that we have."""

    draw: Callable[[str], str]

    async def start(self) -> None: ...

    async def render(self, page: Page) -> Rendered:
        return msgspec.json.decode(self.draw(page.for_renderer().decode()), type=Rendered)

    async def close(self) -> None: ...


class _App(App):
    def __init__(self, renderer: Renderer, build: Path, options: Mapping[str, Any]) -> None:
        self._drawing = renderer
        self._built = build
        super().__init__(**options)

    @property
    def build(self) -> Path:
        return self._built

    def _renderer(self, render: str, limits: Limits) -> Renderer:
        return self._drawing


@dataclass(slots=True)
class Server:
    """One address, and behind it one process after the other, all on *store*."""

    seed: int
    parts: Parts
    store: Store
    build: Path
    draw: Callable[[str], str] = str
    app: AsgiApp = field(init=False)
    line: Line = field(init=False)
    broker: FaultyBroker = field(init=False)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    _serving: set["asyncio.Task[Any]"] = field(default_factory=set)
    _starts: int = 0

    async def start(self) -> None:
        """Start, with an empty broker."""
        self._starts += 1
        env = virtual_env(self.seed * 1000 + self._starts)
        self.broker = self.parts.broker(MemoryBroker(env=env))
        options = {**settings(self.store), "broker": self.broker, "env": env}
        app = _App(_InNode(self.draw), self.build, options)
        self.app, self.line = self.parts.app(app, self.broker), app.line
        self._running = AsyncExitStack()
        await self._running.enter_async_context(lifespan(app, deadline=3600))

    async def serve(self, work: Coroutine[Any, Any, T]) -> T:
        """Do *work*, whether or not whoever wanted it waits for it."""
        task = asyncio.ensure_future(work)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Finish what is under way, and end."""
        self.broker.heal()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._running.aclose()
