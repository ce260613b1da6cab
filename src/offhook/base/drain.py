"""What a server says before it waits for the requests that are under way: some of them never end by themselves.

To a server the long answer of a line over HTTP is a request like any other, and ASGI has no word for "finish".
``offhook serve`` keeps ``Drains`` in the lifespan's state for those who want to be asked.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from offhook.base.types import Scope

STATE = "offhook.drain"
"""Where the ``Drains`` are in the lifespan's state, which every scope has a copy of."""


class Drain(Protocol):
    """Who keeps connections open that do not end by themselves."""

    def shut(self) -> None:
        """Let nobody in any more, and say so to whoever asks whether all is well."""
        ...

    def farewells(self) -> Iterable[Callable[[], None]]:
        """What ends each of the connections that are open now. The server chooses the pace."""
        ...

    async def finish(self) -> None:
        """Return when everybody whose farewell was said has heard it, or does not listen."""
        ...


class Drains:
    """Those who are asked before one server ends."""

    def __init__(self) -> None:
        self.asked: list[Drain] = []
        self._shut = False

    def add(self, drain: Drain) -> None:
        """Ask *drain* too; once is enough, and late is not too late."""
        if drain not in self.asked:
            self.asked.append(drain)
            if self._shut:
                drain.shut()

    def shut(self) -> None:
        """``Drain.shut``, of all."""
        self._shut = True
        for drain in self.asked:
            drain.shut()

    def farewells(self) -> list[Callable[[], None]]:
        """``Drain.farewells``, of all."""
        return [farewell for drain in self.asked for farewell in drain.farewells()]


def on_drain(scope: Scope, drain: Drain) -> None:
    """Have *drain* asked before the server behind *scope* waits; any other server than ours just waits."""
    drains: Drains | None = (scope.get("state") or {}).get(STATE)
    if drains is not None:
        drains.add(drain)
