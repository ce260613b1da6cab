"""The conformance suite finds brokers that do not keep the contract."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar

import pytest

from offhook.brokers.base import Broker, History, HistoryPage
from offhook.brokers.memory import MemoryBroker, _Stream
from offhook.testing.brokers import BrokerConformance
from offhook.testing.clock import run
from offhook.testing.faults import FaultyBroker
from offhook.wire.position import Position
from offhook.wire.publication import Publication


class TestWithoutFaults(BrokerConformance):
    """A faulty broker without faults is a broker."""

    def broker(self) -> Broker:
        return FaultyBroker(MemoryBroker())

    def run(self, scenario: Coroutine[Any, Any, None]) -> None:
        run(scenario)


class Forgetful(MemoryBroker):
    """Announces after it has returned, out of order."""

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        position = await super().publish(channel, publication, history=None)
        return position if options["history"] is None else Position(1, "e")


class Greedy(MemoryBroker):
    """Keeps more than it was told to."""

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        kept = options["history"] and History(99, 60)
        return await super().publish(channel, publication, **{**options, "history": kept})


class Careless(MemoryBroker):
    """Lifts every mark that a channel has, and leaves the epoch as it was."""

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        for name, each in list(self._marks):
            if name == channel:
                self._lift(name, each)
        return await super().publish(channel, publication, history=options["history"])

    def _begin_anew(self, channel: str) -> None:
        self._stream(channel, 600.0)


class Untrimmed(MemoryBroker):
    """Ignores the limit."""

    async def history(
        self,
        channel: str,
        *,
        since: Position | None = None,
        limit: int | None = None,
        reverse: bool = False,
        max_bytes: int | None = None,
    ) -> HistoryPage:
        return await super().history(channel, since=since, reverse=reverse)


class Deaf(MemoryBroker):
    """Confirms a subscription that begins later."""

    async def subscribe(self, channel: str) -> None:
        asyncio.get_running_loop().call_later(1, self._subscribed.add, channel)


class Repeating(MemoryBroker):
    """Knows neither keys nor versions, and reaches nobody by name."""

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        return await super().publish(channel, publication, history=options["history"])

    async def tell(self, node: str | None, data: bytes) -> int:
        return 1

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        present = await self.presence(channel)
        return len(present), len(present)


class Undead(MemoryBroker):
    """Its streams outlive the loss of its data; and it is ready when it is not."""

    _kept: ClassVar[dict[str, _Stream]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._streams = self._kept

    @property
    def ready(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (Deaf, "test_a_slow_confirmation_is_waited_for"),
        (Deaf, "test_what_was_announced_while_cut_off_is_heard_or_doubted"),
        (Deaf, "test_a_new_connection_hears_no_more_and_no_less"),
        (Repeating, "test_the_same_key_publishes_once"),
        (Repeating, "test_a_key_works_without_history"),
        (Repeating, "test_an_older_or_equal_version_is_not_published"),
        (Repeating, "test_what_is_not_published_again_lifts_its_mark"),
        (Repeating, "test_a_process_tells_others_and_itself"),
        (Repeating, "test_presence_is_counted_by_connection_and_user"),
        (Undead, "test_lost_data_begin_anew_under_another_epoch"),
        (Undead, "test_it_is_ready_while_it_runs"),
        (Forgetful, "test_offsets_count_from_one_under_one_epoch"),
        (Forgetful, "test_subscribers_hear_in_order_and_with_all_that_was_said"),
        (Greedy, "test_history_keeps_its_size_exactly"),
        (Untrimmed, "test_history_in_both_directions"),
        (Untrimmed, "test_a_page_of_the_history_has_a_bound_in_bytes"),
        (Untrimmed, "test_a_long_page_in_bytes_is_whole"),
        (Careless, "test_a_publish_that_failed_changes_the_epoch"),
        (Careless, "test_a_publication_lifts_its_mark_and_no_other"),
        (Careless, "test_a_mark_that_nobody_lifts_changes_the_epoch"),
        (Careless, "test_a_mark_can_be_lifted"),
        (Careless, "test_marks_outlive_a_change_of_the_epoch"),
        (Careless, "test_marks_outlive_the_process_that_set_them"),
    ],
)
def test_a_broken_broker_fails(broken: type[MemoryBroker], test: str) -> None:
    class Suite(BrokerConformance):
        def broker(self) -> Broker:
            return broken()

        def run(self, scenario: Coroutine[Any, Any, None]) -> None:
            run(scenario)

    with pytest.raises((AssertionError, TimeoutError)):
        getattr(Suite(), test)()


def test_a_suite_has_to_say_which_broker() -> None:
    with pytest.raises(pytest.UsageError, match="broker"):
        asyncio.run(_start())


async def _start() -> None:
    BrokerConformance().broker()
