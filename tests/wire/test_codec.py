"""Variants: what is shared between connections."""

import pytest

from offhook.wire.codec import Outgoing, Variant
from offhook.wire.json_codec import JsonCodec
from offhook.wire.replies import EmptyResult, Reply

ITEMS = [Outgoing(b"%d" % number, bytes) for number in range(5)]


def _frame(content: bytes) -> list[bytes]:
    return [content]


VARIANT = Variant(JsonCodec(), _frame)


def test_one_is_sent_as_the_very_object_that_was_made_once() -> None:
    outgoing = VARIANT.encode(Reply(1, publish=EmptyResult()))

    assert VARIANT.join([outgoing]) is outgoing.frame
    assert outgoing.frame == [b'{"id":1,"publish":{}}']


def test_several_are_joined_into_a_new_frame() -> None:
    assert VARIANT.join([VARIANT.ping(), VARIANT.ping()]) == [b"{}\n{}"]


@pytest.mark.parametrize(("count", "written"), [(1, b"0"), (2, b"(0\n1)"), (5, b"(0\n1)(2\n3)4")])
def test_frames_that_are_bytes_may_be_written_together(count: int, written: bytes) -> None:
    variant = Variant(JsonCodec(), lambda content: b"(%b)" % content, joins_frames=True)

    assert variant.together(ITEMS[:count], 2) == written


def test_a_frame_is_made_when_it_is_needed_and_once() -> None:
    made: list[bytes] = []
    outgoing = Variant(JsonCodec(), lambda content: made.append(content) or [content]).ping()  # type: ignore[func-returns-value]
    assert made == []

    assert outgoing.frame is outgoing.frame
    assert made == [b"{}"]
