"""Who is asked to end what never ends by itself."""

from collections.abc import Callable

from offhook.base.drain import STATE, Drains, on_drain
from offhook.base.types import Scope


class Line:
    """A drain with one connection."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def shut(self) -> None:
        self.told.append("shut")

    def farewells(self) -> list[Callable[[], None]]:
        return [lambda: self.told.append("farewell")]

    async def finish(self) -> None: ...


def test_it_is_asked_once_however_often_it_says_so() -> None:
    drains, line = Drains(), Line()
    for _ in range(3):
        on_drain({"type": "http", "state": {STATE: drains}}, line)
    drains.shut()
    for farewell in drains.farewells():
        farewell()
    assert line.told == ["shut", "farewell"]


def test_who_comes_late_is_told_at_once() -> None:
    drains, line = Drains(), Line()
    drains.shut()
    drains.add(line)
    assert line.told == ["shut"]


def test_a_server_that_does_not_ask_is_left_alone() -> None:
    scopes: list[Scope] = [{"type": "http"}, {"type": "http", "state": {}}, {"type": "http", "state": None}]
    for scope in scopes:
        on_drain(scope, Line())
        assert STATE not in (scope.get("state") or {})
