"""The bounded sender: joining, bounds, deadlines."""

import asyncio
from functools import partial
from typing import Any

import pytest

from offhook.base.codes import Code
from offhook.base.limits import Limits
from offhook.realtime.channel import Slow
from offhook.realtime.send_queue import LARGEST, SendQueue, Turn
from offhook.testing.clock import run
from offhook.wire.codec import Outgoing
from tests.realtime.peers import JSON, Wire


def _queue(limits: Limits | None = None) -> tuple[SendQueue, Wire, list[Code]]:
    wire: Wire = Wire()
    failures: list[Code] = []
    return SendQueue(JSON, wire, Turn(), limits or Limits(), failures.append), wire, failures


def _number(number: int, size: int = 0) -> Outgoing:
    data = b'{"id":%d%b}' % (number, b" " * size)
    return Outgoing(data, bytes)


def _ids(wire: Wire) -> list[int]:
    return [line["id"] for line in wire.lines]


def test_the_first_of_a_turn_goes_at_once_and_the_rest_together() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        queue.put(_number(1))
        assert _ids(wire) == [1]
        for number in (2, 3, 4):
            queue.put(_number(number))
        assert _ids(wire) == [1]
        await asyncio.sleep(0)
        assert (_ids(wire), wire.frames) == ([1, 2, 3, 4], 2)
        await asyncio.sleep(0.1)
        queue.put(_number(5))
        assert (_ids(wire), wire.frames) == ([1, 2, 3, 4, 5], 3)

    run(scenario())


def test_a_frame_holds_sixteen_at_most() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        for number in range(40):
            queue.put(_number(number))
        await queue.drain()
        assert (_ids(wire), wire.frames) == (list(range(40)), 1 + 3)

    run(scenario())


def test_while_the_network_is_busy_everything_waits_in_order() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue()
        wire.stall()
        for number in range(5):
            queue.put(_number(number))
        await asyncio.sleep(5)
        assert _ids(wire) == []
        assert queue.waiting == 4 * len(_number(1).data)
        wire.flow()
        await asyncio.sleep(0.1)
        assert (_ids(wire), wire.frames, queue.waiting, failures) == ([0, 1, 2, 3, 4], 2, 0, [])

    run(scenario())


def test_a_queue_that_is_too_long_fails_once_and_forgets() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        wire.stall()
        for number in range(20):
            queue.put(_number(number, 100))
        assert [code.number for code in failures] == [3008]
        assert queue.waiting == 0
        wire.flow()
        await asyncio.sleep(20)
        assert (_ids(wire), len(failures)) == ([0], 1)

    run(scenario())


def test_a_write_has_a_deadline() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue()
        wire.stall()
        queue.put(_number(1))
        await asyncio.sleep(9.9)
        assert failures == []
        await asyncio.sleep(0.2)
        assert [code.number for code in failures] == [3009]

    run(scenario())


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_a_write_that_fails(how: str) -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue()
        wire.stall()
        queue.put(_number(1))
        queue.put(_number(2))
        assert wire._writing is not None
        wire.break_off() if how == "fails" else wire._writing.cancel()
        await asyncio.sleep(30)
        assert ([code.number for code in failures], _ids(wire)) == ([3009], [])

    run(scenario())


def test_draining_takes_no_more_and_returns_when_all_is_written() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        wire.stall()
        queue.put(_number(1))
        queue.put(_number(2))
        draining = asyncio.ensure_future(queue.drain())
        await asyncio.sleep(1)
        queue.put(_number(3))
        assert not draining.done()
        wire.flow()
        await asyncio.sleep(1)
        assert draining.done()
        assert _ids(wire) == [1, 2]
        await _queue()[0].drain()

    run(scenario())


def test_draining_a_broken_network_returns() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue()
        wire.stall()
        queue.put(_number(1))
        draining = asyncio.ensure_future(queue.drain())
        await asyncio.sleep(1)
        wire.break_off()
        await asyncio.sleep(1)
        assert draining.done()
        assert failures == []

    run(scenario())


def test_one_callback_serves_all_queues_of_a_turn() -> None:
    async def scenario() -> None:
        turn, wires = Turn(), [Wire() for _ in range(3)]
        queues = [SendQueue(JSON, wire, turn, Limits(), _unexpected) for wire in wires]
        for queue in queues:
            queue.put(_number(1))
            queue.put(_number(2))
        await asyncio.sleep(0)
        assert [_ids(wire) for wire in wires] == [[1, 2]] * 3

    run(scenario())


def _unexpected(code: Code) -> Any:
    raise AssertionError(code)


class _Channel:
    """Somebody whose publications wait."""

    def __init__(self, slow: Slow) -> None:
        self.slow = slow
        self.resyncs = 0

    def resync(self) -> None:
        self.resyncs += 1


def _offer(queue: SendQueue, owner: _Channel, number: int, size: int = 0) -> None:
    queue.offer(owner, _number(-number, size), _number(number, size))


def test_what_waits_is_full_and_what_goes_at_once_may_be_a_delta() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        owner = _Channel("drop_oldest")
        for number in (1, 2, 3):
            _offer(queue, owner, number)
        await asyncio.sleep(1)
        _offer(queue, owner, 4)
        assert _ids(wire) == [-1, 2, 3, -4]

    run(scenario())


def test_of_a_channel_where_the_latest_counts_only_the_latest_waits() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue()
        price, other = _Channel("latest"), _Channel("latest")
        wire.stall()
        for number in range(1000):
            _offer(queue, price, number, 10_000 + number)
            _offer(queue, other, number + 5000)
        assert queue.waiting == len(_number(999, 10_999).data) + len(_number(5999).data)
        wire.flow()
        await asyncio.sleep(1)
        _offer(queue, price, 1)
        assert (_ids(wire), failures) == ([0, 5999, 999, -1], [])

    run(scenario())


def test_a_latest_one_that_does_not_fit_ends_the_connection() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        price = _Channel("latest")
        wire.stall()
        queue.put(_number(0))
        queue.put(_number(9))
        _offer(queue, price, 1)
        _offer(queue, price, 2, 1000)
        assert ([code.number for code in failures], queue.waiting) == ([3008], 0)

    run(scenario())


def test_the_oldest_are_given_up_and_never_the_newest_of_a_channel() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        trace, quiet = _Channel("drop_oldest"), _Channel("drop_oldest")
        wire.stall()
        queue.put(_number(0))
        _offer(queue, quiet, 77)
        for number in range(1, 100):
            _offer(queue, trace, number, 100)
            assert queue.waiting <= 1000
        queue.put(_number(500))
        wire.flow()
        await asyncio.sleep(1)

        first, second, *rest = _ids(wire)
        assert (first, second, rest[-1]) == (0, 77, 500)
        assert rest[:-1] == list(range(rest[0], 100))
        assert failures == []

    run(scenario())


def test_what_may_be_given_up_makes_room_for_what_may_not() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        trace = _Channel("drop_oldest")
        wire.stall()
        queue.put(_number(0))
        for number in range(1, 8):
            _offer(queue, trace, number, 100)
        for number in range(11, 18):
            queue.put(_number(number, 100))
        assert failures == []
        queue.put(_number(18, 200))
        assert [code.number for code in failures] == [3008]

    run(scenario())


def test_a_channel_that_resyncs_is_given_up_as_a_whole_and_told() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        rows, whole = _Channel("resync"), _Channel("disconnect")
        wire.stall()
        queue.put(_number(0))
        _offer(queue, whole, 1)
        for number in range(10, 18):
            _offer(queue, rows, number, 100)
        assert (rows.resyncs, whole.resyncs) == (0, 0)
        _offer(queue, rows, 18, 200)
        assert (rows.resyncs, whole.resyncs) == (1, 0)
        wire.flow()
        await asyncio.sleep(1)
        assert (_ids(wire), failures) == ([0, 1], [])
        queue.put(_number(2))
        assert _ids(wire) == [0, 1, 2]

    run(scenario())


def test_a_queue_whose_waiting_was_given_up_in_its_turn_can_write_again() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue(Limits(queue=100))
        rows = _Channel("resync")
        wire.stall()
        queue.put(_number(0))
        _offer(queue, rows, 1, 60)
        _offer(queue, rows, 2, 60)
        wire.flow()
        await asyncio.sleep(1)
        queue.put(_number(3))
        assert (_ids(wire), rows.resyncs) == ([0, 3], 1)

    run(scenario())


def test_nothing_is_offered_to_a_closed_queue() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        queue.close()
        queue.put(_number(1))
        _offer(queue, _Channel("latest"), 2)
        await asyncio.sleep(1)
        assert (wire.lines, queue.waiting) == ([], 0)

    run(scenario())


def test_what_is_produced_in_one_turn_is_offered_to_the_network_before_it_counts() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=100_000))
        for number in range(100):
            queue.put(_number(number, 10_000))
        await asyncio.sleep(1)
        assert (_ids(wire), failures, queue.waiting) == (list(range(100)), [], 0)

    run(scenario())


def test_joined_frames_have_a_bound_in_bytes() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        sizes: list[int] = []

        def write(frame: bytes) -> None:
            sizes.append(len(frame))
            wire.write(frame)

        queue.write = write
        for number in range(32):
            queue.put(_number(number, 10_000))
        queue.put(_number(32, 2 * LARGEST))
        await queue.drain()
        assert _ids(wire) == list(range(33))
        assert max(sizes[:-1]) <= LARGEST < sizes[-1]

    run(scenario())


def test_one_message_may_be_larger_than_the_bound_and_has_longer_to_be_written() -> None:
    async def scenario() -> None:
        queue, wire, failures = _queue(Limits(queue=1000))
        wire.stall()
        queue.put(_number(0, 4 * LARGEST))
        queue.put(_number(1, 5000))
        await asyncio.sleep(39)
        assert failures == []
        wire.flow()
        await asyncio.sleep(1)
        assert _ids(wire) == [0, 1]

    run(scenario())


def test_the_process_has_a_bound_and_those_for_which_most_waits_pay() -> None:
    async def scenario() -> None:
        turn, wires = Turn(max_bytes=16_000), [Wire() for _ in range(4)]
        failed: list[int] = []
        queues = [
            SendQueue(JSON, wire, turn, Limits(), partial(lambda number, code: failed.append(number), number))
            for number, wire in enumerate(wires)
        ]
        for number, queue in enumerate(queues):
            wires[number].stall()
            queue.put(_number(0))
            queue.put(_number(number, number * 2000))
        shared = _number(7, 3000)
        for queue in queues:
            queue.put(shared)
        assert (failed, turn.bytes < 16_000) == ([], True)
        queues[0].put(_number(8, 1500))
        assert failed == [3]
        for wire in wires[:3]:
            wire.flow()
        await asyncio.sleep(1)
        assert ([_ids(wire) for wire in wires[:3]], turn.bytes) == ([[0, 0, 7, 8], [0, 1, 7], [0, 2, 7]], 0)

    run(scenario())


def test_producers_have_their_turns_one_by_one_when_nothing_waits() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        order: list[int] = []

        async def produce(number: int) -> None:
            async with queue.room():
                order.append(number)
                queue.put(_number(number))

        wire.stall()
        queue.put(_number(0))
        producers = [asyncio.ensure_future(produce(number)) for number in (1, 2, 3, 4)]
        await asyncio.sleep(1)
        assert (order, queue.free) == ([], 0)
        producers[1].cancel()
        wire.flow()
        await asyncio.sleep(1)
        assert (order, _ids(wire)) == ([1, 3, 4], [0, 1, 3, 4])

    run(scenario())


def test_a_producer_of_a_closed_queue_does_not_wait() -> None:
    async def scenario() -> None:
        queue, wire, _ = _queue()
        wire.stall()
        queue.put(_number(0))

        async def produce() -> None:
            async with queue.room():
                pass

        before = asyncio.ensure_future(produce())
        await asyncio.sleep(1)
        queue.close()
        await before
        await produce()
        wire.flow()

    run(scenario())
