"""Messages without an end: what all WebSockets of a server keep of them is bounded, and small ones stay."""

from collections.abc import Callable, Sequence

import pytest

from offhook.base.limits import Limits
from offhook.testing.clock import run
from tests.server.applications import echo
from tests.server.network import House, Network, settle
from tests.server.raw import BINARY, CLOSE, CONTINUATION, frame

_ROOM = 1000
_CLOSED = b"\x88\x1e\x03\xf5too many unfinished messages"


async def upgraded(count: int) -> Sequence[Network]:
    """Connections of one server that keeps 1000 bytes."""
    house = House(echo, Limits(unfinished=_ROOM, command_frame=_ROOM, socket_message=_ROOM))
    return [await house.upgrade() for _ in range(count)]


def begin(network: Network, size: int) -> None:
    """Send so much of a message, as a fragment."""
    network.say(frame(BINARY, bytes(size), fin=False))


def test_who_keeps_most_is_closed_and_the_others_go_on() -> None:
    async def scenario() -> None:
        small, large, last = networks = await upgraded(3)
        for network, size in zip(networks, (300, 500, 201), strict=True):
            begin(network, size)
        await settle()
        assert (large.take(), large.lost) == (_CLOSED, True)
        for network, size in ((small, 300), (last, 201)):
            network.say(frame(CONTINUATION, b"!"))
            await settle()
            assert network.take().endswith(bytes(size) + b"!")

    run(scenario())


def test_that_may_be_the_one_who_sends() -> None:
    async def scenario() -> None:
        first, greedy = await upgraded(2)
        begin(first, 400)
        begin(greedy, 300)
        greedy.say(frame(CONTINUATION, bytes(301), fin=False))
        await settle()
        assert (greedy.take(), greedy.lost, first.lost) == (_CLOSED, True, False)

    run(scenario())


def test_a_long_frame_is_counted_as_it_comes() -> None:
    async def scenario() -> None:
        first, second = await upgraded(2)
        data = frame(BINARY, bytes(900))
        first.say(data[:700])
        second.say(data[:300])
        await settle()
        assert not first.lost
        second.say(data[300:500])
        await settle()
        assert (first.lost, second.lost) == (True, False)

    run(scenario())


def _finishes(network: Network) -> None:
    network.say(frame(CONTINUATION, b"!"))


def _breaks_the_protocol(network: Network) -> None:
    network.say(frame(3))


def _does_so_and_does_not_read(network: Network) -> None:
    network.stall()
    network.say(frame(3))


@pytest.mark.parametrize(
    "end",
    [
        _finishes,
        _breaks_the_protocol,
        _does_so_and_does_not_read,
        Network.vanish,
        lambda network: network.say(frame(CLOSE, b"\x03\xe8")),
    ],
)
def test_what_has_ended_is_not_counted(end: Callable[[Network], object]) -> None:
    async def scenario() -> None:
        first, second = await upgraded(2)
        begin(first, 900)
        end(first)
        await settle()
        begin(second, 1000)
        await settle()
        assert not second.lost

    run(scenario())
