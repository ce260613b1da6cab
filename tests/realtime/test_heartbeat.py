"""Pings of all, by few timers (protocol §4, §5)."""

import asyncio

from offhook.base.errors import Disconnect
from offhook.base.limits import Limits
from offhook.realtime.heartbeat import Heartbeat
from offhook.testing.clock import run, virtual_env
from tests.realtime.peers import Peer, connected, running


class Client:
    """One that answers, or does not."""

    def __init__(self, heartbeat: Heartbeat, *, pings: bool = True, uni: bool = False) -> None:
        self.pings, self.uni = pings, uni
        self.pinged: list[float] = []
        self.closed: Disconnect | None = None
        heartbeat.opened(self)

    def ping(self) -> None:
        self.pinged.append(asyncio.get_running_loop().time())

    def close(self, disconnect: Disconnect) -> None:
        self.closed = disconnect


def _heartbeat() -> Heartbeat:
    return Heartbeat(Limits(), virtual_env(1))


def test_those_who_came_together_are_not_pinged_together() -> None:
    async def scenario() -> None:
        heartbeat = _heartbeat()
        clients = [Client(heartbeat) for _ in range(1000)]
        for each in clients:
            heartbeat.connected(each)
        for second in range(25):
            before = sum(len(each.pinged) for each in clients)
            await asyncio.sleep(1)
            assert sum(len(each.pinged) for each in clients) - before < 200, second
        assert all(len(each.pinged) == 1 for each in clients)

    run(scenario())


def test_a_pong_is_taken_once_for_each_ping() -> None:
    async def scenario() -> None:
        heartbeat = _heartbeat()
        client = Client(heartbeat)
        heartbeat.connected(client)
        assert not heartbeat.answered(client)
        while not client.pinged:
            await asyncio.sleep(1)
        assert heartbeat.answered(client)
        assert not heartbeat.answered(client)
        assert client.closed is None

    run(scenario())


def test_who_only_listens_is_pinged_and_need_not_answer() -> None:
    async def scenario() -> None:
        heartbeat = _heartbeat()
        client, silent = Client(heartbeat, uni=True), Client(heartbeat, pings=False)
        for each in (client, silent):
            heartbeat.connected(each)
        await asyncio.sleep(110)
        assert (len(client.pinged), client.closed) == (4, None)
        assert (silent.pinged, silent.closed) == ([], None)

    run(scenario())


def test_nothing_is_kept_of_who_has_gone() -> None:
    async def scenario() -> None:
        heartbeat = _heartbeat()
        clients = [Client(heartbeat) for _ in range(3)]
        heartbeat.connected(clients[1])
        heartbeat.connected(clients[2])
        await asyncio.sleep(5)
        heartbeat.ended(clients[0])
        heartbeat.ended(clients[1])
        await asyncio.sleep(25)
        heartbeat.ended(clients[2])  # was asked by now
        await asyncio.sleep(100)
        assert [each.closed for each in clients] == [None] * 3
        assert len(clients[2].pinged) == 1

    run(scenario())


def test_idle_connections_have_no_timer_and_no_task_of_their_own() -> None:
    async def scenario() -> None:
        async with running() as (engine, _):
            (await connected(engine)).begin(subscribe={"channel": "room:a"})
            await asyncio.sleep(1)
            timers, tasks = _timers(), len(asyncio.all_tasks())
            peers: list[Peer] = [await connected(engine) for _ in range(50)]
            for peer in peers:
                await peer.subscribe("room:a")
            await asyncio.sleep(12)
            assert _timers() <= timers + 3
            assert len(asyncio.all_tasks()) == tasks

    run(scenario())


def _timers() -> int:
    loop = asyncio.get_running_loop()
    return sum(not each.cancelled() for each in loop._scheduled)  # type: ignore[attr-defined]
