"""What a server says before it waits for the requests that are under way: some of them never end by themselves.

To a server the long answer of a line over HTTP is a request like any other, and ASGI has no word for "finish".
``offhook serve`` keeps a list in the lifespan's state for those who want to be asked.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from offhook.base.types import Scope

Drain: TypeAlias = Callable[[], Awaitable[None]]

STATE = "offhook.drain"
"""The list's name in the lifespan's state, which every scope has a copy of."""


def on_drain(scope: Scope, drain: Drain) -> None:
    """Have *drain* called before the server behind *scope* waits; any other server than ours just waits."""
    asked: list[Drain] | None = (scope.get("state") or {}).get(STATE)
    if asked is not None and drain not in asked:
        asked.append(drain)
