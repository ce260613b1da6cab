"""What is counted while lines come, hear and go."""

import asyncio

from offhook.base import codes
from offhook.base.errors import Disconnect
from offhook.realtime.metrics import Metrics
from offhook.testing.clock import run
from tests.realtime.peers import Room, connected, running


def test_a_new_engine_has_counted_nothing() -> None:
    metrics = Metrics()

    assert (metrics.connections, metrics.deliveries, metrics.disconnects.total()) == (0, 0, 0)


def test_deliveries_are_counted_for_each_subscriber_with_their_bytes() -> None:
    async def scenario() -> Metrics:
        async with running() as (engine, _):
            for _ in range(3):
                await (await connected(engine)).subscribe("room:a")
            await engine.line.publish(Room(name="a"), 1)
            await engine.line.publish(Room(name="b"), 1)
            await asyncio.sleep(1)
            return engine.metrics

    metrics = run(scenario())
    assert (metrics.connections, metrics.publications, metrics.deliveries) == (3, 1, 3)
    assert metrics.delivered_bytes % 3 == 0
    assert metrics.delivered_bytes > 3 * len("1")


def test_ends_errors_and_doubts_are_counted() -> None:
    async def scenario() -> Metrics:
        async with running() as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("room:a")
            engine.hub.on_doubt(None)
            peer.begin(subscribe={"channel": "nowhere"})
            peer.session.close(Disconnect(codes.SLOW))
            await asyncio.sleep(1)
            return engine.metrics

    metrics = run(scenario())
    assert (metrics.doubts, metrics.errors[102], metrics.disconnects[3008]) == (1, 1, 1)
