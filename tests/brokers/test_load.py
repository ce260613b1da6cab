"""From a URL to a broker."""

import pytest

from offhook.base.env import SYSTEM
from offhook.base.errors import UsageError
from offhook.brokers.load import open_broker
from offhook.brokers.memory import MemoryBroker


def test_the_scheme_names_the_broker() -> None:
    assert isinstance(open_broker("memory://", SYSTEM), MemoryBroker)


@pytest.mark.parametrize("url", ["kafka://somewhere", "", "memory"])
def test_an_unknown_scheme_says_what_there_is(url: str) -> None:
    with pytest.raises(UsageError, match="memory://"):
        open_broker(url, SYSTEM)
