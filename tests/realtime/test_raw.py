"""``Channel[Raw]``: a payload keeps its bytes from the publisher to history, recovery, deltas and every codec.

What is not JSON reaches clients with JSON as a string in base64.
"""

import asyncio
import base64
import json
from typing import Any

import pytest
from msgspec import Raw

from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.dispatch import open_session
from offhook.testing.clock import run
from offhook.wire.codec import Variant
from offhook.wire.json_codec import JsonCodec
from offhook.wire.protobuf_codec import ProtobufCodec
from offhook.wire.publication import Publication
from offhook.wire.replies import pub_push
from offhook.wire.uni_json_codec import UniJsonCodec
from tests.realtime.peers import ANN, KNOCK, connected, running

TEXT = b'{"n": 1.0,\r\n\t"b" :"\\u00e9",  "n":1e2}'
LONG = TEXT.replace(b"1.0", b"1.00") + b" " * 40


class Notes(Channel[Raw], pattern="notes", history=History(10, "10m"), delta=True):
    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Raw) -> Raw:
        return data

    async def on_call(self, client: Client[Any], data: Raw) -> Raw:
        return data


class Frames:
    """A transport that keeps its frames."""

    def __init__(self) -> None:
        self.all = b""

    def write(self, frame: bytes) -> None:
        self.all += frame

    @property
    def unsent(self) -> int:
        return 0

    async def close(self, code: int, reason: str) -> None: ...

    def abort(self) -> None: ...


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _command(number: int, field: int, content: bytes) -> bytes:
    message = b"\x08" + bytes([number]) + _field(field, content)
    return _varint(len(message)) + message


@pytest.mark.parametrize("text", [TEXT, b" 5 ", b'"\\u2028"', b"[]\n", b"boom", b"\x00\xff\n", b'"\xff"'])
def test_protobuf_keeps_every_byte(text: bytes) -> None:
    async def scenario() -> None:
        async with running(Notes) as (engine, _):
            frames = Frames()
            session = open_session(engine, Variant(ProtobufCodec(), bytes), frames, ANN, KNOCK)
            session.receive(_command(1, 4, b""))
            await _settle()
            session.receive(_command(2, 5, _field(1, b"notes")))
            session.receive(_command(3, 7, _field(1, b"notes") + _field(2, text)))
            await _settle()
            assert frames.all.count(_field(4, text)) == 1  # the push
            session.receive(_command(4, 10, _field(1, b"notes") + b"\x38\x05"))
            session.receive(_command(5, 13, _field(1, text) + _field(2, b"notes")))
            await _settle()
            assert frames.all.count(_field(4, text)) == 2  # and the history
            assert _field(1, text) in frames.all  # and the answer to the call

    run(scenario())


async def _settle() -> None:
    await asyncio.sleep(0.1)


def test_json_loses_line_breaks_alone_and_recovers_and_deltas_keep_even_these() -> None:
    async def scenario() -> None:
        async with running(Notes) as (engine, _):
            plain, delta = await connected(engine), await connected(engine)
            since = await plain.subscribe("notes")
            await delta.subscribe("notes", delta="fossil")
            for data in (TEXT, LONG):
                await engine.line.publish(Notes(), Raw(data))
            await _settle()

            assert plain.published("notes") == [json.loads(TEXT), json.loads(LONG)]
            assert delta.published("notes")[0].encode() == TEXT
            back = await connected(engine)
            reply = await back.subscribe("notes", recover=True, offset=0, epoch=since["epoch"])
            assert [each["data"] for each in reply["publications"]] == [json.loads(TEXT), json.loads(LONG)]
            assert [each.data for each in (await engine.line.history(Notes())).publications] == [TEXT, LONG]

    run(scenario())


@pytest.mark.parametrize("codec", [JsonCodec(), UniJsonCodec()])
def test_a_frame_of_json_lines_has_no_other_line_breaks(codec: Any) -> None:
    encoded = codec.encode(pub_push("notes", Publication(TEXT)))
    assert b"\n" not in encoded
    assert b"\r" not in encoded
    assert TEXT.replace(b"\r\n", b"") in encoded


def test_other_bytes_are_base64_in_json_and_never_a_delta() -> None:
    binary, text = b"\x00\xff\n" * 20, b'"' + b"x" * 60 + b'"'
    as_json = base64.b64encode(binary).decode()

    async def scenario() -> None:
        async with running(Notes) as (engine, _):
            plain, delta = await connected(engine), await connected(engine)
            since = await plain.subscribe("notes")
            await delta.subscribe("notes", delta="fossil")
            for data in (text, binary, binary, text, text):
                await engine.line.publish(Notes(), Raw(data))
                await _settle()

            expected = [json.loads(text), as_json, as_json, json.loads(text), json.loads(text)]
            assert plain.published("notes") == expected
            pubs = [push["pub"] for push in delta.pushes if "pub" in push]
            assert [json.loads(each["data"]) for each in pubs[:4]] == expected[:4]
            assert ["delta" in each for each in pubs] == [False, False, False, False, True]
            back, behind = await connected(engine), await connected(engine)
            ask = {"recover": True, "offset": 0, "epoch": since["epoch"]}
            assert [each["data"] for each in (await back.subscribe("notes", **ask))["publications"]] == expected
            deltas = (await behind.subscribe("notes", delta="fossil", **ask))["publications"]
            assert [json.loads(each["data"]) for each in deltas[:4]] == expected[:4]
            assert deltas[4]["delta"] is True

    run(scenario())
