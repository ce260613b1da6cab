"""Deltas in pushes and replies (protocol §11)."""

import asyncio
import json
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.testing.clock import run
from offhook.wire.fossil import apply_delta
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from tests.realtime.peers import Peer, connected, running

TEXT = "A text of which most stays the same, edit after edit é. " * 4


class Doc(Channel[str], pattern="doc", history=History(10, "10m"), delta=True):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Ticker(
    Channel[str], pattern="ticker", history=History(10, "10m"), delta=True, recovery="cache", slow="latest"
):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Plain(Channel[str], pattern="plain", history=History(10, "10m")):
    async def on_subscribe(self, client: Client[Any]) -> None: ...


async def _publish(engine: Engine, *numbers: int, channel: Channel[str] | None = None) -> Position:
    for number in numbers:
        position = await engine.line.publish(channel or Doc(), f"{TEXT}{number}")
    await asyncio.sleep(0.1)
    return position


def _pubs(peer: Peer) -> list[dict[str, Any]]:
    return [push["pub"] for push in peer.pushes if "pub" in push]


def _kinds(pubs: list[dict[str, Any]]) -> list[str]:
    return ["delta" if each.get("delta") else "full" for each in pubs]


def _numbers(pubs: list[dict[str, Any]]) -> list[int]:
    """What a client reads, who has nothing at first."""
    base, found = None, []
    for each in pubs:
        text = each["data"].encode()
        if each.get("delta"):
            assert base is not None
            text = apply_delta(base, text)
        base = text
        found.append(int(json.loads(text).removeprefix(TEXT)))
    return found


def test_11_the_first_after_a_subscribe_is_full_and_the_next_are_deltas() -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            await _publish(engine, 0)
            peer = await connected(engine)
            assert (await peer.subscribe("doc", delta="fossil"))["delta"]
            await _publish(engine, 1, 2, 3)

            assert _kinds(_pubs(peer)) == ["full", "delta", "delta"]
            assert _numbers(_pubs(peer)) == [1, 2, 3]

    run(scenario())


def test_11_in_a_recovered_batch_the_first_is_full_and_the_push_after_it_a_delta() -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            await (await connected(engine)).subscribe("doc")
            await _publish(engine, 0, 1, 2, 3)
            peer = await connected(engine)
            reply = await peer.subscribe("doc", delta="fossil", recover=True, offset=1)
            await _publish(engine, 4)

            got = reply["publications"] + _pubs(peer)
            assert _kinds(got) == ["full", "delta", "delta", "delta"]
            assert _numbers(got) == [1, 2, 3, 4]

    run(scenario())


def test_11_our_rule_after_a_recovery_of_nothing_the_next_is_full() -> None:
    """With ``getState`` a fresh page has a position and no publication: a delta would end its SDK for good."""

    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            top = await _publish(engine, 0, 1)
            peer = await connected(engine)
            reply = await peer.subscribe("doc", delta="fossil", recover=True, offset=2, epoch=top.epoch)
            await _publish(engine, 2, 3)

            assert reply["recovered"]
            assert _kinds(_pubs(peer)) == ["full", "delta"]

    run(scenario())


def test_11_a_delta_that_is_not_smaller_is_not_sent_and_its_publication_is_the_next_base() -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("doc", delta="fossil")
            for text in ("a", "b", TEXT, TEXT + "!"):
                await engine.line.publish(Doc(), text)
            await asyncio.sleep(0.1)

            assert _kinds(_pubs(peer)) == ["full", "full", "full", "delta"]
            late = await connected(engine)
            reply = await late.subscribe("doc", delta="fossil", recover=True)
            assert _kinds(reply["publications"]) == ["full", "full", "full", "delta"]

    run(scenario())


def test_11_what_was_held_back_follows_the_reply_as_one_batch() -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, broker):
            peer = await connected(engine)
            broker.hold("history")
            number = peer.begin(subscribe={"channel": "doc", "delta": "fossil"})
            await asyncio.sleep(0.1)
            await _publish(engine, 1, 2)
            broker.release("history")
            await peer.answer(number)
            await _publish(engine, 3)

            assert _kinds(_pubs(peer)) == ["full", "delta", "delta"]
            assert _numbers(_pubs(peer)) == [1, 2, 3]

    run(scenario())


def test_11_history_has_no_deltas_and_who_did_not_ask_gets_none() -> None:
    async def scenario() -> None:
        async with running(Doc, Plain) as (engine, _):
            asking, plain = await connected(engine), await connected(engine)
            await asking.subscribe("doc", delta="fossil")
            assert "delta" not in await plain.subscribe("doc")
            assert "delta" not in await asking.subscribe("plain", delta="fossil")
            await _publish(engine, 1, 2)
            page = (await asking.ask(history={"channel": "doc", "limit": 9}))["publications"]

            assert page == _pubs(plain)
            assert [each["data"] for each in page] == [f"{TEXT}1", f"{TEXT}2"]
            assert _numbers(_pubs(asking)) == [1, 2]

    run(scenario())


def test_11_without_the_publication_before_it_the_next_is_full() -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            top = await _publish(engine, 0, 1)
            peer = await connected(engine)
            await peer.subscribe("doc", delta="fossil", recover=True, epoch=top.epoch)
            # The client has offset 2, but this process has not heard it announced.
            data = json.dumps(f"{TEXT}2", ensure_ascii=False).encode()
            engine.hub.on_publication("doc", Publication(data, 3, top.epoch))
            await asyncio.sleep(0)

            assert _kinds(_pubs(peer)) == ["full"]

    run(scenario())


def test_11_after_a_drop_the_next_is_full() -> None:
    async def scenario() -> None:
        async with running(Ticker, limits=Limits(queue=1000)) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("ticker", delta="fossil")
            for number in (1, 2):
                await _publish(engine, number, channel=Ticker())
                await asyncio.sleep(0.1)
            peer.wire.stall()
            await _publish(engine, 3, channel=Ticker())
            await asyncio.sleep(0.1)
            await _publish(engine, *range(4, 30), channel=Ticker())
            await asyncio.sleep(0.1)
            peer.wire.flow()
            await asyncio.sleep(0.1)
            await _publish(engine, 30, channel=Ticker())

            # Offset 3 was on its way already, 29 waited for it, and all between were given up.
            assert [each["offset"] for each in _pubs(peer)] == [1, 2, 3, 29, 30]
            assert _kinds(_pubs(peer)) == ["full", "delta", "delta", "full", "delta"]
            assert _numbers(_pubs(peer)) == [1, 2, 3, 29, 30]

    run(scenario())


@pytest.mark.parametrize("delta", ["xdelta", "Fossil"])
def test_11_an_unknown_kind_of_delta_closes(delta: str) -> None:
    async def scenario() -> None:
        async with running(Doc) as (engine, _):
            peer = await connected(engine)
            peer.begin(subscribe={"channel": "doc", "delta": delta})
            await asyncio.sleep(1)
            assert peer.wire.closed == (3501, "bad request")

    run(scenario())
