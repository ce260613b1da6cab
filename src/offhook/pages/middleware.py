"""The onion: middleware of the matched routes, from the root inwards, around an action or around loaders."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from offhook.base.errors import UsageError
from offhook.pages.context import Next
from offhook.pages.outcomes import NOTHING, Outcome, Outcomes

Layer: TypeAlias = tuple[str, Callable[[Next], Awaitable[Outcome]]]
"""The id of the route that a failure belongs to, and the settled call of one middleware."""


async def through(layers: Sequence[Layer], core: Callable[[], Awaitable[Outcomes]]) -> Outcomes:
    """The outcomes of *core*, or of the layer that answered in its place.

    A layer that returns without having called ``call_next`` lets the request pass.
    """
    if not layers:
        return await core()
    (route_id, layer), *inner = layers
    passed: Outcomes | None = None

    async def call_next() -> None:
        nonlocal passed
        if passed is not None:
            raise UsageError("call_next runs the rest of the request; it can be awaited only once")
        passed = await through(inner, core)

    outcome = await layer(call_next)
    if outcome is not NOTHING:
        return {route_id: outcome}
    if passed is None:
        await call_next()
    return passed or {}
