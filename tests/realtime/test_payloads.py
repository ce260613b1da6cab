"""A command that cannot be read fails alone (107): the connection, and the commands beside it, go on."""

import asyncio
from typing import Any

import pytest
from msgspec import Raw

from offhook.base.errors import UsageError
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import run
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command, PublishRequest
from offhook.wire.json_codec import JsonCodec
from tests.realtime.peers import Peer, connected, running


class Anything(Channel[Any], pattern="any", history=History(9, "1m")):
    """Whatever JSON can carry."""

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Any) -> Any:
        return data

    async def on_call(self, client: Client[Any], data: Any) -> Any:
        return data


BAD_TEXTS = {
    "high surrogate": r'"x\ud83d"',
    "low surrogate": r'"\ude00y"',
    "reversed pair": r'"\ude00\ud83d"',
    "in a key": r'{"\ud83d":1}',
    "NaN": "NaN",
    "infinity": "[1,-Infinity]",
    "out of range": "1e999",
    "nested": "[" * 5000 + "]" * 5000,
    "objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "undefined": "undefined",
    "comma": "[1,]",
    "quotes": "'x'",
    "too large": '"' + "x" * 70_000 + '"',
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
@pytest.mark.parametrize("form", ['{"id":%d,%s}', '{%s,"id":%d}', '{ "id" : %d , %s }'])
@pytest.mark.parametrize("request_", ['"publish":{"channel":"any","data":%s}', '"rpc":{"method":"any","data":%s}'])
def test_a_bad_payload_fails_its_command_alone(text: str, form: str, request_: str) -> None:
    async def scenario() -> None:
        async with running(Anything) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("any")
            order = (77, request_ % text) if form.index("%d") < form.index("%s") else (request_ % text, 77)
            good = '{"id":78,"publish":{"channel":"any","data":"after"}}'
            peer.session.receive(form % order + "\n" + good)
            assert (await peer.answer(77), await peer.answer(78)) == ({"error": 107}, {})
            await asyncio.sleep(1)
            assert (peer.wire.closed, peer.published("any")) == (None, ["after"])

    run(scenario())


@pytest.mark.parametrize(
    "frame",
    [
        '{"publish":{"data":NaN}}',
        '{"id":5,"publish":{"data":NaN',
        "nonsense",
        '{"id":0,"x":}\n' * 17,
        '{"id":-1,x}',
    ],
)
def test_a_frame_that_is_no_command_closes(frame: str) -> None:
    async def scenario() -> None:
        async with running(Anything) as (engine, _):
            peer = await connected(engine)
            peer.session.receive(frame)
            await asyncio.sleep(1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())


@pytest.mark.parametrize("payload", [b"NaN", b"\xff", b'"\xed\xa0\xbd"', b"[" * 3000])
def test_a_protobuf_payload_that_is_not_json_fails_its_command_alone(payload: bytes) -> None:
    async def scenario() -> None:
        async with running(Anything) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("any")
            peer.session._behaviour.dispatch(
                peer.session, Command(id=77, publish=PublishRequest("any", Raw(payload)))
            )
            assert (await peer.answer(77), peer.wire.closed) == ({"error": 107}, None)

    run(scenario())


def test_many_unreadable_commands_are_no_commands() -> None:
    line = '{"id":1,"publish":NaN}'
    assert len(JsonCodec().decode("\n".join([line] * 16))) == 16
    with pytest.raises(Malformed):
        JsonCodec().decode("\n".join([line] * 17))


@pytest.mark.parametrize("tags", [{"x": "\ud83d"}, {"\ud83d": "x"}])
def test_what_no_codec_can_carry_is_refused_where_it_is_published(tags: dict[str, str]) -> None:
    async def scenario() -> None:
        async with running(Anything) as (engine, _):
            peer: Peer = await connected(engine)
            await peer.subscribe("any")
            with pytest.raises(UsageError):
                await engine.line.publish(Anything(), 1, tags=tags)
            with pytest.raises(UsageError):
                await engine.line.publish(Anything(), "\ud83d")
            await engine.line.publish(Anything(), 2)
            await asyncio.sleep(1)
            assert peer.published("any") == [2]

    run(scenario())


def test_all_subscriptions_of_a_connection_fit_into_one_frame() -> None:
    limits = Limits()
    command = limits.channel_length + 1000 + 200
    """The name, a token, and what stands around them."""
    assert limits.channels * command <= limits.command_frame
    assert limits.channels < limits.commands_at_once
    assert limits.payload < limits.command_frame
