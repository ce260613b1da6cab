"""JSON frames (protocol §2.1, §16)."""

import json

import pytest
from hypothesis import given, settings, strategies as st
from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command, ConnectRequest, StreamPosition, SubscribeRequest, UnreadableRequest
from offhook.wire.json_codec import JsonCodec
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.replies import (
    ConnectResult,
    EmptyResult,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    Push,
    RefreshResult,
    Reply,
    RpcResult,
    SubRefreshResult,
    SubscribeResult,
    disconnect_push,
    info,
    join_push,
    message_push,
    pub,
    pub_push,
    refresh_push,
    subscribe_push,
)

CODEC = JsonCodec()


def test_what_the_javascript_sdk_sends() -> None:
    connect, subscribe = CODEC.decode(
        '{"connect":{"name":"js"},"id":1}\n'
        '{"subscribe":{"channel":"page:1","flag":1,"recover":true,"offset":1,"epoch":"nTkArMov"},"id":2}'
    )

    assert (connect.number, connect.request) == (1, ConnectRequest(name="js", data=Raw()))
    assert subscribe.request == SubscribeRequest(
        channel="page:1", flag=1, recover=True, offset=1, epoch="nTkArMov", data=Raw(), tf=Raw()
    )


@pytest.mark.parametrize("frame", ["{}", "{}\n", b"{}", b'{"id":null}', '{"id":0,"newer":[1,{}]}'])
def test_one_command(frame: Payload) -> None:
    [command] = CODEC.decode(frame)

    assert (command.number, command.request) == (0, None)


def test_null_is_absent_and_unknown_fields_are_ignored() -> None:
    [command] = CODEC.decode(
        '{"id":1,"subscribe":{"channel":"a","recover":null,"offset":null,"epoch":null,"x":1},"rpc":null}'
    )

    assert command.request == SubscribeRequest(channel="a", data=Raw(), tf=Raw())


def test_the_first_request_in_the_order_of_the_protocol_wins() -> None:
    [command] = CODEC.decode('{"id":1,"history":{"since":{"offset":2}},"connect":{}}')

    assert isinstance(command.request, ConnectRequest)
    assert command.history is not None
    assert command.history.since == StreamPosition(offset=2)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        b"",
        "\n",
        "{}\n\n",
        "\n{}",
        "{}\n\n{}",
        "{",
        "[]",
        "1",
        "null",
        '"connect"',
        '{"id":"1"}',
        '{"id":-1}',
        '{"id":4294967296}',
        '{"id":1.5}',
        '{"id":true}',
        '{"id":1,"connect":[]}',
        '{"id":1,"subscribe":{"channel":1}}',
        '{"id":1,"subscribe":{"channel":"a","offset":-1}}',
        '{"id":1,"subscribe":{"channel":"a","offset":18446744073709551616}}',
        '{"id":1,"subscribe":{"channel":"a","recover":1}}',
        '{"id":1}garbage',
        '{"id":1}{"id":2}',
        b"\xff",
        b'{"id":1,"connect":{"token":"\xff"}}',
        "\ud800",
        '{"id":1,"connect":{"token":"\ud800"}}',
        '{"id":NaN}',
        '{"id":1,"connect":' + '{"headers":' * 5000,
    ],
)
def test_malformed(frame: Payload) -> None:
    with pytest.raises(Malformed):
        CODEC.decode(frame)


@pytest.mark.parametrize(
    "line",
    [
        '{"id":1,"rpc":{"data":}}',
        '{"rpc":{"data":NaN},"id":1}',
        '{"id":1,"rpc":{"data":' + "[" * 30000 + "}}",
        '{"id":1,"rpc":{"data":' + "[" * 30000 + "]" * 30000 + "}}",
    ],
)
def test_a_command_that_cannot_be_read_has_its_number(line: str) -> None:
    before, unreadable, after = CODEC.decode("{}\n" + line + '\n{"id":2,"connect":{}}')

    assert (unreadable.number, unreadable.request) == (1, UnreadableRequest())
    assert (before, after) == (Command(), Command(id=2, connect=ConnectRequest()))


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@settings(max_examples=300)
def test_nothing_but_malformed_is_raised(frame: Payload) -> None:
    try:
        commands = CODEC.decode(frame)
    except Malformed:
        return
    assert all(isinstance(each, Command) for each in commands)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(3, unsubscribe=EmptyResult()), '{"id":3,"unsubscribe":{}}'),
        (Reply(4, publish=EmptyResult()), '{"id":4,"publish":{}}'),
        (Reply(5, subscribe=SubscribeResult()), '{"id":5,"subscribe":{}}'),
        (Reply(6, presence=PresenceResult({})), '{"id":6,"presence":{"presence":{}}}'),
        (
            Reply(7, presence_stats=PresenceStatsResult(0, 0)),
            '{"id":7,"presence_stats":{"num_clients":0,"num_users":0}}',
        ),
        (
            Reply(8, history=HistoryResult([], "", 0)),
            '{"id":8,"history":{"publications":[],"epoch":"","offset":0}}',
        ),
        (
            Reply(9, connect=ConnectResult("c", ping=25, pong=True, data=Raw(b'{"build":"x"}'))),
            '{"id":9,"connect":{"client":"c","data":{"build":"x"},"ping":25,"pong":true}}',
        ),
        (
            Reply(10, presence=PresenceResult({"c": info(ClientInfo("", "c", b"[1]", b"2"))})),
            '{"id":10,"presence":{"presence":{"c":{"user":"","client":"c","conn_info":[1],"chan_info":2}}}}',
        ),
    ],
)
def test_zero_values_are_left_out_where_they_may_be(reply: Reply, text: str) -> None:
    assert CODEC.encode(reply).decode() == text


def test_payloads_are_embedded_and_the_epoch_is_told_once() -> None:
    first = pub_push("a", Publication(b'{"n":1}', 1, "abc", ClientInfo("u", "c"), {"k": "v"}))
    second = pub_push("a", Publication(b"null", 2, "abc", tags={}))

    assert json.loads(CODEC.encode(first)) == {
        "push": {
            "channel": "a",
            "pub": {
                "data": {"n": 1},
                "offset": 1,
                "epoch": "abc",
                "info": {"user": "u", "client": "c"},
                "tags": {"k": "v"},
            },
        }
    }
    assert CODEC.encode(second) == b'{"push":{"channel":"a","pub":{"data":null,"offset":2}}}'
    assert pub(Publication(b"1")).offset == 0


def test_several_in_one_frame() -> None:
    encoded = [CODEC.encode(join_push("a", ClientInfo("u", "c"))), CODEC.ping]

    assert CODEC.join(encoded) == b'{"push":{"channel":"a","join":{"info":{"user":"u","client":"c"}}}}\n{}'


def test_4_connect_with_positions_of_server_side_subscriptions() -> None:
    [command] = CODEC.decode(
        '{"id":1,"connect":{"subs":{"a":{"recover":true,"epoch":"e"}},"headers":{"k":"v"},"flag":1}}'
    )

    subs = {"a": SubscribeRequest(recover=True, epoch="e")}
    assert command.request == ConnectRequest(subs=subs, headers={"k": "v"}, flag=1)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (Reply(1, rpc=RpcResult(Raw(b"[1]"))), '{"id":1,"rpc":{"data":[1]}}'),
        (Reply(1, rpc=RpcResult()), '{"id":1,"rpc":{}}'),
        (
            Reply(2, refresh=RefreshResult("c", "v", True, 60)),
            '{"id":2,"refresh":{"client":"c","version":"v","expires":true,"ttl":60}}',
        ),
        (Reply(3, sub_refresh=SubRefreshResult()), '{"id":3,"sub_refresh":{}}'),
        (
            Reply(
                4,
                connect=ConnectResult(
                    "c", expires=True, ttl=60, subs={"a": SubscribeResult(offset=1)}, session="s"
                ),
            ),
            '{"id":4,"connect":{"client":"c","expires":true,"ttl":60,"subs":{"a":{"offset":1}},"session":"s"}}',
        ),
        (
            subscribe_push(
                "a", SubscribeResult(recoverable=True, epoch="e", offset=7, positioned=True, recovered=True)
            ),
            '{"push":{"channel":"a","subscribe":{"recoverable":true,"epoch":"e","offset":7,"positioned":true}}}',
        ),
        (message_push(b"{}"), '{"push":{"message":{"data":{}}}}'),
        (refresh_push(expires=True, ttl=60), '{"push":{"refresh":{"expires":true,"ttl":60}}}'),
        (disconnect_push(3501, "bad request"), '{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}'),
    ],
)
def test_8_1_replies_and_pushes_for_the_connection(sent: Reply | Push, text: str) -> None:
    assert CODEC.encode(sent).decode() == text


def test_11_where_deltas_were_negotiated_data_is_a_string() -> None:
    publication = Publication('{"ä":"\\n"}'.encode(), 2, "e")
    full = Push("a", pub=pub(publication, CODEC.text(publication.data)))
    delta = Push("a", pub=pub(publication, CODEC.text(b"4\n4@0,C;"), delta=True))

    assert json.loads(CODEC.encode(full))["push"]["pub"] == {"data": '{"ä":"\\n"}', "offset": 2}
    assert json.loads(CODEC.encode(delta))["push"]["pub"] == {"data": "4\n4@0,C;", "offset": 2, "delta": True}
