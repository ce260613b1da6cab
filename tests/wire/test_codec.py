"""Variants: what is shared between connections."""

from offhook.wire.codec import Variant
from offhook.wire.json_codec import JsonCodec
from offhook.wire.replies import EmptyResult, Reply


def _frame(content: bytes) -> list[bytes]:
    return [content]


VARIANT = Variant(JsonCodec(), _frame)


def test_one_is_sent_as_the_very_object_that_was_made_once() -> None:
    outgoing = VARIANT.encode(Reply(1, publish=EmptyResult()))

    assert VARIANT.join([outgoing]) is outgoing.frame
    assert outgoing.frame == [b'{"id":1,"publish":{}}']


def test_several_are_joined_into_a_new_frame() -> None:
    assert VARIANT.join([VARIANT.ping(), VARIANT.ping()]) == [b"{}\n{}"]
