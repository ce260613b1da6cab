"""How many commands a stranger may send."""

import pytest

from offhook.base.allowance import Allowance
from offhook.base.errors import CommandError, Disconnect


def _answers(allowance: Allowance, count: int) -> list[int]:
    """The code of each refusal, 0 where there was none."""
    found = []
    for _ in range(count):
        try:
            allowance.take()
        except (CommandError, Disconnect) as error:
            found.append(error.code.number)
        else:
            found.append(0)
    return found


def test_so_many_at_once_then_111_then_3013() -> None:
    allowance = Allowance(rate=1, burst=3, now=100.0)

    assert _answers(allowance, 7) == [0, 0, 0, 111, 111, 111, 3013]


def test_it_fills_by_itself_and_not_beyond_its_size() -> None:
    allowance = Allowance(rate=2, burst=3, now=0.0)
    _answers(allowance, 3)

    allowance.refill(0.5)
    assert _answers(allowance, 2) == [0, 111]
    allowance.refill(1000)
    assert _answers(allowance, 4) == [0, 0, 0, 111]


def test_whoever_goes_on_asking_waits_longer() -> None:
    allowance = Allowance(rate=1, burst=3, now=0.0)
    _answers(allowance, 5)

    allowance.refill(2)
    with pytest.raises(CommandError):
        allowance.take()
