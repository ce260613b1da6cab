"""JSON for those who only listen (protocol §14)."""

import pytest
from hypothesis import given, strategies as st
from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command, ConnectRequest, SubscribeRequest
from offhook.wire.publication import Publication
from offhook.wire.replies import ConnectResult, Push, Reply, disconnect_push, pub_push
from offhook.wire.uni_json_codec import UniJsonCodec

CODEC = UniJsonCodec()


@pytest.mark.parametrize(
    ("frame", "request_"),
    [
        ("{}", ConnectRequest()),
        (b' {"name":null, "newer": []}\n', ConnectRequest()),
        (
            '{"token":"t","subs":{"a":{"recover":true,"offset":3,"epoch":"e"}}}',
            ConnectRequest(token="t", subs={"a": SubscribeRequest(recover=True, offset=3, epoch="e")}),
        ),
    ],
)
def test_14_a_bare_request_to_connect(frame: Payload, request_: ConnectRequest) -> None:
    assert CODEC.decode(frame) == [Command(id=1, connect=request_)]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        b"",
        "[]",
        "null",
        "{}\n{}",
        '{"token":1}',
        b"\xff",
        b'{"data":"\xff"}',
        "\ud800",
        '{"subs":[]}',
        '{"data":' * 9000,
    ],
)
def test_16_malformed(frame: Payload) -> None:
    with pytest.raises(Malformed):
        CODEC.decode(frame)


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100)))
def test_16_nothing_but_malformed_is_raised(frame: Payload) -> None:
    try:
        assert len(CODEC.decode(frame)) == 1
    except Malformed:
        return


def test_14_pushes_stand_alone() -> None:
    sent: list[Reply | Push] = [
        Reply(1, connect=ConnectResult("c", ping=25)),
        pub_push("a", Publication(b"[1]")),
        disconnect_push(3001, "shutdown"),
    ]

    assert CODEC.join([*(CODEC.encode(each) for each in sent), CODEC.ping]).split(b"\n") == [
        b'{"connect":{"client":"c","ping":25}}',
        b'{"channel":"a","pub":{"data":[1]}}',
        b'{"disconnect":{"code":3001,"reason":"shutdown"}}',
        b"{}",
    ]


def test_11_text_is_a_string() -> None:
    assert CODEC.text('{"é":1}'.encode()) == Raw('"{\\"é\\":1}"'.encode())
