"""Protobuf frames against Google's library and the messages in the official Python SDK (protocol §2.2, §2.3)."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from centrifuge.protocol import client_pb2
from google.protobuf import proto
from google.protobuf.message import DecodeError
from hypothesis import given, strategies as st
from msgspec import Raw

from offhook.base import codes
from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command, ConnectRequest, PublishRequest, SubRefreshRequest, SubscribeRequest
from offhook.wire.protobuf_codec import ProtobufCodec
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.replies import (
    ConnectResult,
    EmptyResult,
    Push,
    Reply,
    SubscribeResult,
    disconnect_push,
    error_reply,
    leave_push,
    pub_push,
    unsubscribe_push,
)
from tests.wire.values import assert_same, fill, values

CODEC = ProtobufCodec()


def _frame(*commands: Command) -> bytes:
    """As Google's library writes it."""
    frame = BytesIO()
    for command in commands:
        message = client_pb2.Command()
        fill(message, command)
        proto.serialize_length_prefixed(message, frame)
    return frame.getvalue()


def _read(frame: bytes, kind: Any = client_pb2.Reply) -> list[Any]:
    """As Google's library reads it."""
    stream, found = BytesIO(frame), []
    while (message := proto.parse_length_prefixed(kind, stream)) is not None:
        found.append(message)
    return found


def _assert_all_same(ours: Sequence[object], theirs: Sequence[Any]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert_same(one, other)


@given(st.lists(values(Command), min_size=1, max_size=3))
def test_2_3_what_google_writes_we_read(commands: list[Command]) -> None:
    frame = _frame(*commands)

    _assert_all_same(CODEC.decode(frame), _read(frame, client_pb2.Command))


@given(st.lists(st.one_of(values(Reply), values(Push)), min_size=1, max_size=3))
def test_2_3_what_we_write_google_reads(sent: list[Reply | Push]) -> None:
    read = _read(CODEC.join([CODEC.encode(each) for each in sent]))

    _assert_all_same(sent, [each.push if each.HasField("push") else each for each in read])


@given(st.data(), st.lists(values(Command), min_size=1, max_size=2))
def test_2_3_what_we_read_google_reads_alike(data: st.DataObject, commands: list[Command]) -> None:
    frame = bytearray(_frame(*commands))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(frame)))
        frame[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        read = CODEC.decode(bytes(frame))
    except Malformed:
        return
    try:
        theirs = _read(bytes(frame), client_pb2.Command)
    except DecodeError:
        assert any(bytes(each.subscribe.tf) for each in read if each.subscribe)  # which we refuse unread
        return
    _assert_all_same(read, theirs)


def test_2_2_a_ping_is_an_empty_reply_and_a_pong_an_empty_command() -> None:
    assert _read(CODEC.ping) == [client_pb2.Reply()]
    assert CODEC.decode(b"\x00") == [Command()]


def test_2_2_several_commands_in_one_frame() -> None:
    connect, pong, subscribe = CODEC.decode(b"\x04\x08\x01\x22\x00" + b"\x00" + b"\x07\x08\x02\x2a\x03\x0a\x01a")

    assert (connect.number, connect.request) == (1, ConnectRequest())
    assert (pong.number, pong.request) == (0, None)
    assert (subscribe.number, subscribe.request) == (2, SubscribeRequest(channel="a"))


def test_3_the_legacy_ping_asks_for_nothing() -> None:
    [command] = CODEC.decode(b"\x04\x08\x01\x5a\x00")

    assert (command.number, command.request) == (1, None)


def test_13_fields_newer_than_the_sdk() -> None:
    publish, refresh, subscribe = CODEC.decode(
        b"\x0b\x3a\x09\x0a\x01a\x18\x01\x22\x00\x28\x01" + b"\x04\x7a\x02\x18\x02" + b"\x04\x2a\x02\x78\x03"
    )

    assert publish.request == PublishRequest("a", type=1, key="", removed=True)
    assert refresh.request == SubRefreshRequest(type=2)
    assert subscribe.request == SubscribeRequest(type=3)


def test_8_1_the_first_publication_tells_the_epoch_in_field_14() -> None:
    encoded = CODEC.encode(pub_push("a", Publication(b"1", 1, "xyz")))

    assert encoded == b"\x11\x22\x0f\x12\x01a\x22\x0a\x22\x011\x30\x01\x72\x03xyz"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        "",
        "{}",
        b"\x01",
        b"\x80",
        b"\x05\x08\x01",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x00\x01",
        b"\x01\x08",
        b"\x02\x0b\x0c",
        b"\x02\x0a\x00",
        b"\x06\x08\x80\x80\x80\x80\x10",  # an id of more than 32 bits
        b"\x05\x2a\x03\x0a\x01\xff",
        b"\x0d\x2a\x0b\x38" + b"\xff" * 9 + b"\x01",  # an offset of more than 63 bits
        b"\x08\x52\x06\x38\x80\x80\x80\x80\x08",  # a limit of more than 31 bits
        b'{"id":1,"connect":{}}',
    ],
)
def test_16_malformed(frame: Payload) -> None:
    with pytest.raises(Malformed):
        CODEC.decode(frame)


@given(st.one_of(st.binary(max_size=100), st.text(max_size=20)))
def test_16_nothing_but_malformed_is_raised(frame: Payload) -> None:
    try:
        assert all(isinstance(each, Command) for each in CODEC.decode(frame))
    except Malformed:
        return


def test_16_groups_cannot_nest() -> None:
    with pytest.raises(Malformed):
        CODEC.decode(b"\x80\x80\x02" + b"\x0b" * 0x8000)


def test_16_messages_nest_no_deeper_than_the_tables() -> None:
    bomb = b""
    for _ in range(2000):
        size = len(bomb)
        bomb = b"\x6a" + bytes([size & 0x7F | 0x80, size >> 7]) + bomb  # a filter in a filter in a filter …
    size = len(bomb)
    command = b"\x2a" + bytes([size & 0x7F | 0x80, size >> 7]) + bomb
    size = len(command)
    [read] = CODEC.decode(bytes([size & 0x7F | 0x80, size >> 7]) + command)

    assert read.subscribe is not None
    assert len(bytes(read.subscribe.tf)) == len(bomb) - 3


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (Reply(3, unsubscribe=EmptyResult()), "id: 3 unsubscribe { }"),
        (Reply(4, subscribe=SubscribeResult()), "id: 4 subscribe { }"),
        (
            Reply(5, connect=ConnectResult("c", subs={"a": SubscribeResult()})),
            'id: 5 connect { client: "c" subs { key: "a" value { } } }',
        ),
        (
            error_reply(6, codes.TOO_MANY_REQUESTS),
            'id: 6 error { code: 111 message: "too many requests" temporary: true }',
        ),
        (
            Push(connect=ConnectResult("c", data=Raw(b"1"), ttl=3, ping=25)),
            'push { connect { client: "c" data: "1" ttl: 3 ping: 25 } }',
        ),
        (disconnect_push(3502, "stale"), 'push { disconnect { code: 3502 reason: "stale" } }'),
        (
            unsubscribe_push("a", codes.UNSUBSCRIBED_INSUFFICIENT),
            'push { channel: "a" unsubscribe { code: 2500 reason: "insufficient state" } }',
        ),
        (
            leave_push("a", ClientInfo("u", "c", b"[]")),
            'push { channel: "a" leave { info { user: "u" client: "c" conn_info: "[]" } } }',
        ),
    ],
)
def test_2_3_as_google_prints_it(sent: Reply | Push, text: str) -> None:
    [read] = _read(CODEC.encode(sent))

    assert " ".join(str(read).split()) == text


def test_11_the_text_of_a_delta_is_as_it_is() -> None:
    assert bytes(CODEC.text(b"4\n4:abcd;")) == b"4\n4:abcd;"
