"""A world out of a seed: a database, a server, two tabs, and everything that may happen to them."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offhook import Denied
from offhook.base.errors import BrokerError
from tests.apps.rows.changes import Change, How, make
from tests.apps.rows.channels import Rows
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.server import Parts, Server
from tests.simulation.tab import Tab

PAGES = ("/folded", "/reloaded")
PAUSES = (0, 0, 0, 0.01, 0.1, 0.5, 3, 20)
"""Seconds between two happenings."""
LENGTHS = (2, 5, 10, 20, 40)
"""Happenings between two quiet points."""
PATIENCE = 240
"""Seconds after which a screen is true, or never will be."""
WEIGHTS = {
    "act": 8,
    "write": 8,
    "burst": 1,
    "navigate": 3,
    "revalidate": 2,
    "reload": 1,
    "cut": 2,
    "drop": 2,
    "freeze": 1,
    "slow": 1,
    "heal": 4,
    "lose": 1,
    "fail": 1,
    "mend": 2,
    "restart": 1,
    "invalidate": 1,
}


class World:
    """Everything, made by chance from *seed*. ``log`` is what has happened, for whoever looks for the reason."""

    def __init__(self, seed: int, nodes: Sequence[Node], build: Path, parts: Parts) -> None:
        self.chance = random.Random(seed)
        self.log: list[str] = []
        self.steps = 0
        self._weights: Mapping[str, int] = WEIGHTS
        self._hows: Sequence[How] = ("plain",)
        self._jobs: set[asyncio.Task[None]] = set()
        self.store = parts.store(pause=self._pause)
        self.server = Server(seed, parts, self.store, build)
        self.tabs = [Tab(node, Network(self.chance), self.server) for node in nodes]
        self.server.draw = self.tabs[0].draw
        for number, tab in enumerate(self.tabs):
            nodes[number].tell("seed", 0, seed=seed + number)
            tab.complaints.clear()

    async def _pause(self) -> None:
        await asyncio.sleep(self.chance.choice((0, 0, 0.02, 0.5)))

    async def run(self, steps: int) -> None:
        """Let *steps* things happen, with quiet points now and then, at which everything has to be true."""
        await self.server.start()
        for tab, page in zip(self.tabs, PAGES, strict=True):
            await tab.open(page)
        while self.steps < steps:
            self._choose()
            for _ in range(self.chance.choice(LENGTHS)):
                await self._happen()
            await self.settle()
        for tab in self.tabs:
            tab.end()
            tab.network.drop()
        await self.server.stop()

    def _choose(self) -> None:
        """What may happen until the next quiet point. Not everything: one thing would hide what another broke."""
        self._weights = {what: weight for what, weight in WEIGHTS.items() if self.chance.random() < 0.5}
        self._weights["write"] = WEIGHTS["write"]
        self._hows = self.chance.choice(
            (("plain",), ("plain", "covered"), ("plain", "covered", "refused", "failing"))
        )

    async def _happen(self) -> None:
        what = self.chance.choices(list(self._weights), list(self._weights.values()))[0]
        tab = self.chance.choice(self.tabs)
        self.log.append(f"{asyncio.get_running_loop().time():.3f} {what} {self.tabs.index(tab)}")
        done = getattr(self, f"_{what}")(tab)
        if done is not None:
            await done
        await asyncio.sleep(self.chance.choice(PAUSES))
        self.steps += 1

    # What may happen

    def _change(self) -> Change:
        known = [row.id for row in self.store.rows()[-8:]]
        return Change(
            text=f"t{self.steps}",
            id=self.chance.choice([0, *known]),
            how=self.chance.choice(self._hows),
            before=self.chance.choice((0, 0, 0.3)),
            after=self.chance.choice((0, 0, 0.05, 2)),
        )

    def _act(self, tab: Tab) -> None:
        change = self._change()
        fields = {name: str(getattr(change, name)) for name in change.__struct_fields__}
        tab.tell("submit", fields=fields)

    def _write(self, tab: Tab) -> None:
        job = asyncio.ensure_future(self._job(self._change()))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _job(self, change: Change) -> None:
        try:
            await self.server.serve(make(change, self.store, self.server.line))
        except (BrokerError, Denied, RuntimeError):
            return  # nothing happened, or everybody who looks has been told to look again

    def _burst(self, tab: Tab) -> None:
        for _ in range(self.chance.choice((5, 30))):
            self._write(tab)

    def _navigate(self, tab: Tab) -> None:
        tab.tell("click", text=self.chance.choice(("Home", "Folded", "Folded", "Reloaded", "Reloaded")))

    def _revalidate(self, tab: Tab) -> None:
        tab.tell("click", text="Again")

    async def _reload(self, tab: Tab) -> None:
        await tab.open(tab.look()["path"])

    def _cut(self, tab: Tab) -> None:
        tab.network.cut()

    def _drop(self, tab: Tab) -> None:
        tab.network.drop()

    def _freeze(self, tab: Tab) -> None:
        tab.network.freeze()

    def _slow(self, tab: Tab) -> None:
        tab.network.slowest = 3.0

    def _heal(self, tab: Tab) -> None:
        tab.network.heal()

    def _lose(self, tab: Tab) -> None:
        self.server.broker.losing = True

    def _fail(self, tab: Tab) -> None:
        self.server.broker.fail(self.chance.choice(("publish", "history", "subscribe")))

    def _mend(self, tab: Tab) -> None:
        self.server.broker.heal()

    async def _restart(self, tab: Tab) -> None:
        for each in self.tabs:
            each.network.drop()
        await self.server.stop()
        await self.server.start()

    async def _invalidate(self, tab: Tab) -> None:
        await self.server.line.invalidate(Rows())

    # And when nothing happens any more

    async def settle(self) -> None:
        """Everything heals; then every screen becomes what its loader says, and stays it."""
        self.server.broker.heal()
        for tab in self.tabs:
            tab.network.heal()
        for _ in range(PATIENCE):
            await asyncio.sleep(1)
            if all([not self._jobs, *map(self._is_true, self.tabs)]):
                break
        await asyncio.sleep(5)
        for tab in self.tabs:
            self._check(tab)
        self.log.append(f"{asyncio.get_running_loop().time():.3f} true, {len(self.store.rows())} rows")

    def _is_true(self, tab: Tab) -> bool:
        screen = tab.look()
        if screen["failed"]:  # somebody who sees an error goes where he wanted to be
            tab.tell("click", text="Folded" if screen["path"] == "/folded" else "Reloaded")
            return False
        return tab.idle and screen["pending"] == "0" and screen["rows"] == self._expected(screen)

    def _expected(self, screen: Any) -> list[str]:
        live = screen["path"] in PAGES
        return [f"{row.id} {row.text} {row.rev}" for row in self.store.rows()] if live else []

    def _check(self, tab: Tab) -> None:
        screen, expected = tab.look(), self._expected(tab.screen)
        assert screen["rows"] == expected, f"tab {self.tabs.index(tab)} is not true: {screen}, not {expected}"
        assert not tab.complaints, tab.complaints
