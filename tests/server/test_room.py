"""Files that a process may open, and who gives way when there are no more."""

import resource
from collections.abc import Iterator

import pytest

from offhook.base.limits import Limits
from offhook.server.descriptors import room_for, sockets_in
from offhook.testing.clock import run
from tests.server.applications import echo
from tests.server.network import House, settle
from tests.server.raw import HANDSHAKE
from tests.server.test_http import GET, reader, status


@pytest.fixture
def few() -> Iterator[None]:
    """A soft limit below the usual one; the hard one stays."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (900, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few")
def test_the_soft_limit_is_raised_as_far_as_needed(caplog: pytest.LogCaptureFixture) -> None:
    room = room_for(Limits(connections=1400))

    assert (room, resource.getrlimit(resource.RLIMIT_NOFILE)[0]) == (1602, 1666)
    assert sockets_in(room) >= 1400
    assert caplog.text == ""


@pytest.mark.usefixtures("few")
def test_limits_beyond_what_the_machine_allows_are_told(caplog: pytest.LogCaptureFixture) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = 3 * hard
    room = room_for(Limits(connections=connections))

    assert room == hard - 64
    assert f"serves {sockets_in(room)} lines and sockets, not Limits.connections={connections};" in caplog.text


def test_a_silent_connection_gives_way_to_a_new_one(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        house = House(reader, room=8)
        silent = [house.connect() for _ in range(8)]
        for number in range(4):
            network = house.connect()
            network.say(GET + b"\r\n")
            await settle()
            assert status(network) == b"200"
            assert [each.lost for each in silent] == [True] * (number + 1) + [False] * (7 - number)
        assert caplog.text.count("event=connections.full") == 1

    run(scenario())


def test_sockets_leave_room_for_requests(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        house = House(echo, room=8)
        for _ in range(7):
            await house.upgrade()
        refused = house.connect()
        refused.say(HANDSHAKE + b"\r\n")
        await settle()
        assert status(refused) == b"503"
        assert "event=connections.full" in caplog.text

    run(scenario())
