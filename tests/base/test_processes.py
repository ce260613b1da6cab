"""What whoever runs the server tells the application by the environment."""

import pytest

from offhook import App, Limits, Realtime
from offhook.base.errors import UsageError
from offhook.base.limits import CHOSEN, chosen
from offhook.base.processes import WORKERS, workers
from offhook.brokers.memory import MemoryBroker


def test_one_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    assert workers() == 1
    MemoryBroker()


def test_the_memory_of_one_process_is_refused_by_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "3")
    with pytest.raises(UsageError, match=r"these are 3 workers, .* broker=\"redis://…\""):
        Realtime(channels=[])
    Realtime(channels=[], broker="redis://localhost")


def test_limits_of_the_operator_hold_in_place_of_the_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen() == Limits()
    assert chosen(Limits(body=5)) == Limits(body=5)
    monkeypatch.setenv(CHOSEN, '{"connections": 7, "ping": 1.5}')
    expected = Limits(body=5, connections=7, ping=1.5)
    assert chosen(Limits(body=5, connections=9)) == expected
    assert Realtime(channels=[], limits=Limits(body=5)).limits == expected
    assert App([], render="none", limits=Limits(body=5)).limits == expected
