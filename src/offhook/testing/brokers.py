"""The conformance suite of brokers. A broker of any package runs it by three lines of its tests::

class TestMine(BrokerConformance):
    def broker(self) -> Broker:
        return MyBroker("mine://localhost")

A broker with a network overrides more: how announcements are waited for (``settle``), another process (``other``),
and the faults that it has to survive (``slow``, ``cut``, ``lose_data``, ``fail_publish``, ``restart``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeAlias

import pytest
from msgspec import structs

from offhook.base.errors import BrokerError
from offhook.brokers.base import Broker, History
from offhook.testing.heard import Heard as Heard
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication

Scenario: TypeAlias = "Callable[[Broker, Heard], Awaitable[None]]"
TwoProcesses: TypeAlias = "Callable[[Broker, Heard, Broker], Awaitable[None]]"

_HISTORY = History(5, 60)
_NODE = "node-1"
_ANN = ClientInfo("ann", "client-1", b'{"name":"Ann"}')
_BOB = ClientInfo("bob", "client-2")


class BrokerConformance:
    """What every broker does. Override ``broker``, and of the rest what does not fit."""

    deadline = 0.5
    """Seconds to the deadline of the marks that are set."""

    def broker(self) -> Broker:
        """A new broker, not started, with no data."""
        raise pytest.UsageError(f"{type(self).__name__} has to define broker(self)")

    def run(self, scenario: Coroutine[Any, Any, None]) -> None:
        """Run a test; a broker without a network may do it in virtual time."""
        asyncio.run(scenario)

    async def settle(self, broker: Broker, heard: Heard) -> None:
        """Return when every announcement that is under way has arrived."""
        await asyncio.sleep(0)

    async def other(self, broker: Broker) -> Broker:
        """Another process, started, with the same data; *broker* itself where there is only one."""
        return broker

    def slow(self, broker: Broker) -> AbstractAsyncContextManager[None]:
        """Inside, everything that *broker* asks for, and its confirmation, takes long."""
        return nullcontext()

    def cut(self, broker: Broker, heard: Heard) -> AbstractAsyncContextManager[None]:
        """Inside, *broker* has lost its connections; afterwards it is ready again."""
        return nullcontext()

    async def lose_data(self, broker: Broker, heard: Heard) -> Broker:
        """Everything that was stored is gone; the broker that goes on, ready again."""
        await broker.close()
        fresh = self.broker()
        await fresh.start(heard, _NODE)
        return fresh

    async def fail_publish(self, broker: Broker, heard: Heard, channel: str) -> None:
        """A publish to *channel* that fails with ``BrokerError``; return when *broker* is ready again.

        A broker with a network fails in another way than by being closed: cut its connection here.
        """
        await broker.close()
        with pytest.raises(BrokerError):
            await _publish(broker, channel, 1)
        await broker.start(heard, _NODE)

    async def restart(self, broker: Broker) -> Broker:
        """The process that used *broker* is gone, and another one uses the same data."""
        await broker.close()
        await broker.start(Heard(), _NODE)
        return broker

    async def _overdue(self) -> None:
        """Return when the marks that were set are past their deadline, and what that causes has happened."""
        await asyncio.sleep(2 * self.deadline)

    def _with(self, scenario: Scenario) -> None:
        async def started() -> None:
            broker, heard = self.broker(), Heard()
            await broker.start(heard, _NODE)
            try:
                await scenario(broker, heard)
            finally:
                await broker.close()

        self.run(started())

    def _with_two(self, scenario: TwoProcesses) -> None:
        async def both(broker: Broker, heard: Heard) -> None:
            other = await self.other(broker)
            try:
                await scenario(broker, heard, other)
            finally:
                await other.close()

        self._with(both)

    def test_offsets_count_from_one_under_one_epoch(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            positions = [await _publish(broker, "a", number) for number in range(3)]

            assert [each.offset for each in positions] == [1, 2, 3]
            assert len({each.epoch for each in positions}) == 1
            assert positions[0].epoch

        self._with(scenario)

    def test_subscribers_hear_in_order_and_with_all_that_was_said(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            sent = Publication(b'{"n":1}', info=_ANN, tags={"kind": "x"})
            position = await broker.publish("a", sent, history=_HISTORY)
            await _publish(broker, "a", 2)
            await self.settle(broker, heard)

            first = Publication(b'{"n":1}', position.offset, position.epoch, _ANN, {"kind": "x"})
            assert heard.publications[0] == ("a", first)
            assert heard.offsets("a") == [1, 2]

        self._with(scenario)

    def test_others_hear_nothing(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            await broker.unsubscribe("a")
            await broker.unsubscribe("never")
            await broker.subscribe("b")
            await broker.subscribe("b")
            await _publish(broker, "a", 1)
            await _publish(broker, "b", 1)
            await self.settle(broker, heard)

            assert [name for name, _ in heard.publications] == ["b"]

        self._with(scenario)

    def test_a_channel_without_history_has_zero_values(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            position = await broker.publish("a", Publication(b"1", 7, "x"), history=None)
            await self.settle(broker, heard)

            assert position == Position(0, "")
            assert heard.publications == [("a", Publication(b"1"))]

        self._with(scenario)

    def test_history_in_both_directions(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for number in range(4):
                top = await _publish(broker, "a", number)

            async def read(since: int | None, limit: int | None, reverse: bool = False) -> list[int]:
                place = None if since is None else Position(since, top.epoch)
                page = await broker.history("a", since=place, limit=limit, reverse=reverse)
                assert page.position == top
                return [each.offset for each in page.publications]

            assert await read(None, None) == [1, 2, 3, 4]
            assert await read(2, None) == [3, 4]
            assert await read(0, 2) == [1, 2]
            assert await read(4, None) == await read(99, None) == await read(None, 0) == []
            assert await read(None, 2, reverse=True) == [4, 3]
            assert await read(3, None, reverse=True) == [2, 1]
            assert await read(1, None, reverse=True) == []

        self._with(scenario)

    def test_a_page_of_the_history_has_a_bound_in_bytes(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for size in (400, 10, 400, 400, 10):
                top = await broker.publish("a", Publication(b"1" * size), history=_HISTORY)

            async def read(size: int, limit: int | None = None, reverse: bool = False) -> list[int]:
                page = await broker.history("a", limit=limit, reverse=reverse, max_bytes=size)
                assert page.position == top
                return [each.offset for each in page.publications]

            assert await read(1) == await read(402) == [1]
            assert await read(1000) == [1, 2, 3]
            assert await read(1000, 2) == await read(600) == [1, 2]
            assert (await read(600, reverse=True), await read(1000, 0)) == ([5, 4], [])

        self._with(scenario)

    def test_a_long_page_in_bytes_is_whole(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for _ in range(150):
                await broker.publish("a", Publication(b"1"), history=History(150, "1m"))
            for limit, count in ((None, 150), (130, 130)):
                assert len((await broker.history("a", limit=limit, max_bytes=9999)).publications) == count

        self._with(scenario)

    def test_history_keeps_its_size_exactly(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for number in range(12):
                await _publish(broker, "a", number)
            page = await broker.history("a")

            assert [each.offset for each in page.publications] == [8, 9, 10, 11, 12]
            assert [each.data for each in page.publications] == [b"7", b"8", b"9", b"10", b"11"]

        self._with(scenario)

    def test_an_unknown_channel_has_a_position_that_holds(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            before, other = await broker.positions(["new", "other"])
            again = (await broker.history("new", limit=0)).position
            first = await _publish(broker, "new", 1)

            assert before.offset == 0
            assert before.epoch
            assert again == before
            assert first == Position(1, before.epoch)
            assert other.offset == 0

        self._with(scenario)

    def test_positions_of_many_come_in_their_order(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            one, two = await _publish(broker, "one", 1), await _publish(broker, "two", 1)

            assert await broker.positions(["two", "one", "two"]) == [two, one, two]
            assert await broker.positions([]) == []

        self._with(scenario)

    def test_invalidating_begins_a_new_stream_and_casts_doubt(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            before = await _publish(broker, "a", 1)
            await broker.invalidate("a")
            await self.settle(broker, heard)
            page = await broker.history("a")

            assert page.position.epoch != before.epoch
            assert (page.position.offset, list(page.publications)) == (0, [])
            assert heard.doubted == ["a"]
            assert (await _publish(broker, "a", 2)) == Position(1, page.position.epoch)

        self._with(scenario)

    def test_a_publish_that_failed_changes_the_epoch(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            before, other = await _publish(broker, "a", 1), await _publish(broker, "b", 1)
            await self.fail_publish(broker, heard, "a")

            assert (await broker.positions(["a"]))[0].epoch != before.epoch
            assert await broker.positions(["b"]) == [other]

        self._with(scenario)

    def test_a_mark_that_nobody_lifts_changes_the_epoch(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            before = await broker.positions(["a", "b", "c"])
            await broker.mark(["a", "b"], "m", deadline=self.deadline)
            assert await broker.positions(["a", "b", "c"]) == before
            await self._overdue()
            a, b, c = await broker.positions(["a", "b", "c"])

            assert {a.epoch, b.epoch}.isdisjoint([before[0].epoch, before[1].epoch])
            assert c == before[2]
            await heard.until(lambda: heard.doubts("a"))
            await self._overdue()
            assert await broker.positions(["a", "b"]) == [a, b]

        self._with(scenario)

    def test_a_publication_lifts_its_mark_and_no_other(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for mark in ("m", "n"):
                await broker.mark(["a", "b"], mark, deadline=self.deadline)
            await broker.publish("a", Publication(b"1"), history=_HISTORY, mark="m")
            await broker.publish("a", Publication(b"2"), history=_HISTORY, mark="n")
            await broker.publish("b", Publication(b"3"), history=_HISTORY, mark="m")
            before = await broker.positions(["a", "b"])
            await self._overdue()
            a, b = await broker.positions(["a", "b"])

            assert a == before[0] == Position(2, a.epoch)
            assert b.epoch != before[1].epoch

        self._with(scenario)

    def test_a_mark_can_be_lifted(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.mark(["a", "b"], "m", deadline=self.deadline)
            before = await broker.positions(["a", "b"])
            await broker.unmark(["a", "unknown"], "m")
            await broker.unmark(["b"], "unknown")
            await self._overdue()
            a, b = await broker.positions(["a", "b"])

            assert a == before[0]
            assert b.epoch != before[1].epoch

        self._with(scenario)

    def test_marks_outlive_a_change_of_the_epoch(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.mark(["a"], "m", deadline=self.deadline)
            await broker.invalidate("a")
            [before] = await broker.positions(["a"])
            await self._overdue()

            assert (await broker.positions(["a"]))[0].epoch != before.epoch

        self._with(scenario)

    def test_marks_outlive_the_process_that_set_them(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            [before] = await broker.positions(["a"])
            await broker.mark(["a"], "m", deadline=self.deadline)
            broker = await self.restart(broker)
            await self._overdue()

            assert (await broker.positions(["a"]))[0].epoch != before.epoch

        self._with(scenario)

    def test_the_same_key_publishes_once(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for channel in ("a", "a:b"):
                await broker.subscribe(channel)
            first = await broker.publish("a", Publication(b"1"), history=_HISTORY, key="b:k")
            await _publish(broker, "a", 2)
            again = await broker.publish("a", Publication(b"3"), history=_HISTORY, key="b:k")
            other = await broker.publish("a:b", Publication(b"4"), history=_HISTORY, key="k")
            await self.settle(broker, heard)

            assert again == first == Position(1, first.epoch)
            assert other.offset == 1
            assert [each.data for _, each in heard.publications] == [b"1", b"2", b"4"]

        self._with(scenario)

    def test_a_key_works_without_history(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            for _ in range(2):
                position = await broker.publish("a", Publication(b"1"), history=None, key="k")
                assert position == Position(0, "")
            await self.settle(broker, heard)

            assert heard.publications == [("a", Publication(b"1"))]

        self._with(scenario)

    def test_an_older_or_equal_version_is_not_published(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            async def publish(version: int, epoch: str) -> int:
                sent = Publication(str(version).encode())
                position = await broker.publish("a", sent, history=_HISTORY, version=version, version_epoch=epoch)
                return position.offset

            await broker.subscribe("a")
            big = 2**63 - 2
            assert [await publish(each, "x") for each in (9, 9, 8, 10, big, big + 1, big)] == [1, 1, 1, 2, 3, 4, 4]
            assert await publish(11, "") == 4
            assert [await publish(each, "y") for each in (1, 1, 2)] == [5, 5, 6]
            await broker.invalidate("a")
            assert await publish(1, "y") == 1
            await self.settle(broker, heard)
            assert heard.offsets("a") == [1, 2, 3, 4, 5, 6, 1]

        self._with(scenario)

    def test_what_is_not_published_again_lifts_its_mark(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            once: dict[str, Any] = {"history": _HISTORY, "mark": "m"}
            for options in ({"key": "k"}, {"version": 7}):
                await broker.publish("a", Publication(b"1"), **once, **options)
                await broker.mark(["a"], "m", deadline=self.deadline)
                position = await broker.publish("a", Publication(b"2"), **once, **options)
            await self._overdue()

            assert await broker.positions(["a"]) == [position]

        self._with(scenario)

    def test_presence(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.add_presence("a", [_ANN, _BOB], ttl=60)
            await broker.add_presence("a", [_ANN], ttl=60)
            await broker.add_presence("b", [_ANN], ttl=60)
            await broker.remove_presence("a", _BOB.client)
            await broker.remove_presence("a", "nobody")
            await broker.remove_presence("empty", "nobody")

            assert await broker.presence("a") == {_ANN.client: _ANN}
            assert await broker.presence("empty") == {}

        self._with(scenario)

    def test_the_presence_of_several_channels_is_renewed_in_one_call(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.add_presence("a", [_ANN], ttl=60)
            await broker.renew_presence({"a": [_ANN, _BOB], "b": [_BOB], "c": []}, ttl=60)
            await broker.renew_presence({}, ttl=60)

            assert await broker.presence("a") == {_ANN.client: _ANN, _BOB.client: _BOB}
            assert await broker.presence("b") == {_BOB.client: _BOB}
            assert await broker.presence("c") == {}

        self._with(scenario)

    def test_presence_is_counted_by_connection_and_user(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            tablet = ClientInfo("ann", "client-3")
            await broker.add_presence("a", [_ANN, _BOB, tablet, ClientInfo("", "client-4")], ttl=60)
            await broker.remove_presence("a", _BOB.client)

            assert await broker.presence_stats("a") == (3, 2)
            assert await broker.presence_stats("empty") == (0, 0)

        self._with(scenario)

    def test_a_process_tells_others_and_itself(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            assert await broker.tell(None, b"to:all") >= 1
            assert await broker.tell(_NODE, bytes(range(256))) == 1
            assert await broker.tell("nobody", b"?") == 0
            await heard.until(lambda: len(heard.told) == 2)

            assert heard.told == [b"to:all", bytes(range(256))]

        self._with(scenario)

    def test_orders_reach_all_in_sequence_and_also_a_process_that_was_cut_off(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            other = await self.other(broker)
            sent = [b"", b"a:b", bytes(range(256))]
            for data in sent:
                await other.order(data)
            await heard.until(lambda: len(heard.ordered) == 3)
            async with self.cut(broker, heard):
                for data in sent:
                    await other.order(data)
            await heard.until(lambda: len(heard.ordered) == 6)
            await broker.order(b"last")
            await heard.until(lambda: len(heard.ordered) == 7)
            if other is not broker:
                await other.close()

            assert heard.ordered == [*sent, *sent, b"last"]
            assert heard.ages[-1] == heard.orders_lost == 0

        self._with(scenario)

    def test_names_and_payloads_of_every_kind(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            channel = "räume:{1}/* ?:\n%20"
            sent = Publication(b"\x00\xff" + "ü€😀".encode() * 50_000, tags={"": "", "ä:b": ":"}, binary=True)
            await broker.subscribe(channel)
            position = await broker.publish(channel, sent, history=_HISTORY)
            await broker.add_presence(channel, [_ANN], ttl=60)
            await self.settle(broker, heard)

            placed = structs.replace(sent, offset=1, epoch=position.epoch)
            assert heard.publications == [(channel, placed)]
            assert list((await broker.history(channel)).publications) == [placed]
            assert (await broker.history(channel, since=Position(2**64 - 1, ""))).position == position
            assert await broker.presence(channel) == {_ANN.client: _ANN}

        self._with(scenario)

    def test_joins_and_leaves_reach_subscribers(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            for channel in ("a", "b"):
                await broker.announce_join(channel, _ANN)
                await broker.announce_leave(channel, _ANN)
            await self.settle(broker, heard)

            assert heard.joined == heard.left == [("a", _ANN)]

        self._with(scenario)

    def test_publishing_at_once_leaves_no_hole_and_announces_in_order(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            await broker.subscribe("a")
            positions = await asyncio.gather(*(_publish(broker, "a", number) for number in range(50)))
            await self.settle(broker, heard)

            assert sorted(each.offset for each in positions) == list(range(1, 51))
            assert heard.offsets("a") == list(range(1, 51))

        self._with(scenario)

    def test_a_slow_confirmation_is_waited_for(self) -> None:
        async def scenario(broker: Broker, heard: Heard, other: Broker) -> None:
            async with self.slow(broker):
                subscribing = asyncio.ensure_future(broker.subscribe("a"))
                while not subscribing.done():
                    await _publish(other, "a", 1)
                    await asyncio.sleep(0)
                await subscribing
                position = await _publish(other, "a", 2)
            await heard.until(lambda: position.offset in heard.offsets("a"))

        self._with_two(scenario)

    def test_what_was_announced_while_cut_off_is_heard_or_doubted(self) -> None:
        async def scenario(broker: Broker, heard: Heard, other: Broker) -> None:
            await broker.subscribe("a")
            before = await _publish(other, "a", 1)
            async with self.cut(broker, heard):
                missed = await _publish(other, "a", 2)
            after = await _publish(other, "a", 3)
            await heard.until(lambda: after.offset in heard.offsets("a"))

            assert broker.ready
            assert missed.offset in heard.offsets("a") or heard.doubts("a")
            assert heard.offsets("a") == sorted(set(heard.offsets("a")))
            assert await broker.positions(["a"]) == [Position(3, before.epoch)]

        self._with_two(scenario)

    def test_a_new_connection_hears_no_more_and_no_less(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            for channel in ("a", "b", "c"):
                await broker.subscribe(channel)
            await broker.unsubscribe("b")
            async with self.cut(broker, heard):
                await broker.unsubscribe("c")
            for channel in ("c", "b", "a"):
                await _publish(broker, channel, 1)
            await self.settle(broker, heard)

            assert [name for name, _ in heard.publications] == ["a"]

        self._with(scenario)

    def test_lost_data_begin_anew_under_another_epoch(self) -> None:
        async def scenario(broker: Broker, heard: Heard) -> None:
            before = await broker.positions(["read"]) + [await _publish(broker, "a", 1)]
            broker = await self.lose_data(broker, heard)
            after = await broker.positions(["read", "a"])

            assert {each.epoch for each in before}.isdisjoint(each.epoch for each in after)
            assert await _publish(broker, "a", 2) == Position(1, after[1].epoch)
            await broker.close()

        self._with(scenario)

    def test_it_is_ready_while_it_runs(self) -> None:
        async def scenario() -> None:
            broker = self.broker()
            assert not broker.ready
            await broker.start(Heard(), _NODE)
            assert broker.ready
            await broker.close()
            assert not broker.ready

        self.run(scenario())

    def test_a_broker_that_does_not_run_says_so(self) -> None:
        async def scenario() -> None:
            broker = self.broker()
            await broker.close()
            with pytest.raises(BrokerError):
                await _publish(broker, "a", 1)

        self.run(scenario())


async def _publish(broker: Broker, channel: str, number: int) -> Position:
    return await broker.publish(channel, Publication(str(number).encode()), history=_HISTORY)
