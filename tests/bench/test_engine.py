"""The outcome of ``bench engine``, without its clock: everything that it measures happens."""

import asyncio

import pytest

from bench.engine import COMMANDS, Wire, connect, delivery, inbound, returning, running


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_answered(name: str) -> None:
    async def scenario() -> list[int]:
        async with running() as engine:
            peers = await connect(engine, 3)
            before = [peer.sink.written for peer in peers]
            cost = await inbound(peers, COMMANDS[name], rounds=2)
            assert cost.ours > 0
            return [peer.sink.written - written for peer, written in zip(peers, before, strict=True)]

    assert asyncio.run(scenario()) == [2, 2, 2]


def test_every_delivery_is_one_write() -> None:
    async def scenario() -> list[int]:
        async with running() as engine:
            peers = await connect(engine, 3, Wire)
            before = [peer.sink.written for peer in peers]
            await delivery(engine, peers, rounds=2)
            return [peer.sink.written - written for peer, written in zip(peers, before, strict=True)]

    # The publication that is there before, two that are measured, and two writes without us.
    assert asyncio.run(scenario()) == [5, 5, 5]


def test_all_who_return_recover() -> None:
    async def scenario() -> float:
        async with running() as engine:
            return await returning(engine, count=20, missed=3)

    assert asyncio.run(scenario()) > 0
