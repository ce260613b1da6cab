"""All attacks in short: hasty deadlines, small crowds. What they come to is checked, and no time."""

from collections.abc import Iterator

import pytest

from tests.apps.target.app import HASTY
from tests.attacks.attack import OPTIONS, Target
from tests.attacks.catalogue import ATTACKS
from tests.attacks.siege import Others, bystanding, outcome
from tests.servers import Server


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Server, Others]]:
    hasty = Server("tests.apps.target.app:hasty", mode="production", options=OPTIONS)
    with hasty as server, bystanding(server.port) as others:
        yield server, others


@pytest.mark.parametrize("name", ATTACKS)
def test_it_harms_nobody(place: tuple[Server, Others], name: str) -> None:
    server, others = place
    target = Target(server.port, HASTY, span=0.3, crowd=100, cycles=100, pour=30)

    assert outcome(ATTACKS[name], target, server, others).harm(ATTACKS[name]) == []
