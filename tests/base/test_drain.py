"""Who is asked to end what never ends by itself."""

from offhook.base.drain import STATE, Drain, on_drain
from offhook.base.types import Scope


async def _end() -> None: ...


def test_it_is_asked_once_however_often_it_says_so() -> None:
    asked: list[Drain] = []
    for _ in range(3):
        on_drain({"type": "http", "state": {STATE: asked}}, _end)
    assert asked == [_end]


def test_a_server_that_does_not_ask_is_left_alone() -> None:
    scopes: list[Scope] = [{"type": "http"}, {"type": "http", "state": {}}, {"type": "http", "state": None}]
    for scope in scopes:
        on_drain(scope, _end)
        assert STATE not in (scope.get("state") or {})
