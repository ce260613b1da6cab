"""Who gets a publication, given what everybody has (protocol §10)."""

import asyncio

import pytest

from offhook.base.codes import Code
from offhook.base.limits import Limits
from offhook.realtime.audience import Audience, Cohort
from offhook.realtime.client import Client
from offhook.realtime.fanout import Fanout
from offhook.realtime.registry import Registry
from offhook.realtime.send_queue import SendQueue, Turn
from offhook.realtime.subscription import Subscription
from offhook.testing.clock import run
from offhook.wire.position import Position
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.recovery import Gap
from tests.realtime.peers import JSON, Room, Wire


def _audience() -> Audience:
    return Audience("room:a", Room, Fanout(Turn(), Limits()))


def _subscription(
    turn: Turn | None = None, wire: Wire | None = None, limits: Limits | None = None
) -> Subscription:
    def fail(subscription: Subscription, code: Code) -> None:
        raise AssertionError(code)

    queue = SendQueue(JSON, wire or Wire(), turn or Turn(), Limits(), lambda code: None)
    address = Registry([Room]).find("room:a")
    return Subscription(address, Client("c", "u", None), ClientInfo("u", "c"), queue, fail, limits or Limits())


def _join(audience: Audience, position: Position) -> tuple[Subscription, Wire]:
    wire = Wire()
    subscription = _subscription(audience._outbox._fanout.turn, wire)
    audience.add(subscription)
    assert audience.go_live(subscription, position, has_one=False)
    return subscription, wire


def _offsets(wire: Wire) -> list[int]:
    return [line["push"]["pub"]["offset"] for line in wire.lines]


@pytest.mark.parametrize(
    ("publication", "place", "offset"),
    [
        (Publication(b"", 6, "e"), "next", 6),
        (Publication(b"", 5, "e"), "known", 5),
        (Publication(b"", 1, "e"), "known", 5),
        (Publication(b"", 7, "e"), "gap", 5),
        (Publication(b"", 6, "f"), "gap", 5),
        (Publication(b"", 1, "f"), "gap", 5),
        (Publication(b""), "next", 5),
    ],
)
def test_10_where_a_publication_stands(publication: Publication, place: str, offset: int) -> None:
    cohort = Cohort(Position(5, "e"))

    assert cohort.place(publication) == place
    assert cohort.position == Position(offset, "e")


def test_who_is_ahead_of_the_announcements_waits_for_them_and_joins_the_others() -> None:
    async def scenario() -> None:
        audience = _audience()
        _, behind = _join(audience, Position(3, "e"))
        _, ahead = _join(audience, Position(5, "e"))
        assert len(audience.cohorts) == 2
        for offset in (4, 5, 6):
            assert audience.deliver(Publication(b"1", offset, "e")) == []
            await asyncio.sleep(0.1)

        assert (_offsets(behind), _offsets(ahead)) == ([4, 5, 6], [6])
        assert len(audience.cohorts) == 1

    run(scenario())


def test_only_those_recover_who_miss_something() -> None:
    async def scenario() -> None:
        audience = _audience()
        lost, _ = _join(audience, Position(3, "e"))
        whole, wire = _join(audience, Position(4, "e"))

        assert audience.deliver(Publication(b"1", 5, "e")) == [lost]
        assert audience.deliver(Publication(b"1", 6, "f")) == [whole]
        assert audience.deliver(Publication(b"1", 7, "f")) == []
        await asyncio.sleep(0)
        assert _offsets(wire) == [5]
        assert audience.cohorts == []
        assert list(audience.members) == [lost, whole]

    run(scenario())


def test_who_was_discarded_does_not_go_live() -> None:
    audience, subscription = _audience(), _subscription()
    audience.add(subscription)
    audience.discard(subscription)

    assert not audience.go_live(subscription, Position(1, "e"), has_one=False)
    assert (audience.cohorts, subscription.live) == ([], False)


@pytest.mark.parametrize(
    ("stands", "least", "top", "had", "misses"),
    [
        (Position(5, "e"), 5, Position(5, "e"), 5, False),
        (Position(5, "e"), 5, Position(6, "e"), 5, False),  # 6 is on its way
        (Position(7, "e"), 5, Position(6, "e"), 5, False),  # 7 came while the broker answered
        (Position(4, "e"), 5, Position(5, "e"), 4, True),  # 5 was no longer on its way
        (Position(7, "e"), 5, Position(5, "e"), 7, True),  # ahead: the broker lost its newest
        (Position(5, "e"), 5, Position(5, "f"), 5, True),
    ],
)
def test_10_the_second_look(stands: Position, least: int, top: Position, had: int, misses: bool) -> None:
    audience = _audience()
    subscription, _ = _join(audience, stands)
    [cohort] = audience.cohorts

    behind = audience.behind(Position(least, top.epoch), top, {cohort: had})
    assert behind == ([subscription] if misses else [])
    assert len(audience.cohorts) == (not misses)


def test_10_who_came_between_the_looks_is_not_judged() -> None:
    audience = _audience()
    _join(audience, Position(1, "old"))

    assert audience.behind(Position(5, "e"), Position(5, "e"), {}) == []


@pytest.mark.parametrize(
    ("limits", "size"), [(Limits(recovery_buffer=2), 1), (Limits(recovery_buffer_bytes=1000), 400)]
)
def test_what_is_held_back_is_bounded_in_items_and_in_bytes(limits: Limits, size: int) -> None:
    subscription = _subscription(limits=limits)
    publications = [Publication(b"1" * size, offset, "e") for offset in (1, 2, 3, 4)]

    for each in publications[:2]:
        subscription.hold(each)
    assert list(subscription.held()) == publications[:2]
    for each in publications[2:]:
        subscription.hold(each)
    with pytest.raises(Gap):
        subscription.held()
    subscription.hold(publications[3])
    assert list(subscription.held()) == publications[3:]


def test_doubt_while_catching_up_is_a_gap() -> None:
    audience, subscription = _audience(), _subscription()
    audience.add(subscription)
    audience.deliver(Publication(b"", 1, "e"))
    audience.doubt()

    with pytest.raises(Gap):
        subscription.held()
    assert list(subscription.held()) == []
