"""Several processes of one application: each verb reaches every line (protocol §14, §15.7)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from offhook.base import codes
from offhook.base.errors import BrokerError, UsageError
from offhook.base.incoming import Identity
from offhook.brokers.base import Listener
from offhook.brokers.memory import MemoryBroker
from offhook.realtime import orders
from offhook.realtime.engine import Engine
from offhook.realtime.orders import Answer, Close, Emulated, Probe, Prolong, ToSignIn, ToUser
from offhook.testing.clock import run, virtual_env
from tests.realtime.peers import ANN, News, Peer, Room, connected

LAPTOP = Identity("ann", "Ann", session="laptop")


class Neighbour(MemoryBroker):
    """A memory broker whose ``tell`` reaches the processes that share *nodes*, a moment later."""

    def __init__(self, nodes: dict[str, Listener]) -> None:
        super().__init__(env=virtual_env())
        self._nodes = nodes
        self.deaf = False
        """Whether what others tell gets lost on the way."""

    async def start(self, listener: Listener, node: str) -> None:
        await super().start(listener, node)
        self._nodes[node] = listener

    async def tell(self, node: str | None, data: bytes) -> int:
        heard = [each for name, each in self._nodes.items() if node in (None, name)]
        for listener in heard if not self.deaf else []:
            asyncio.get_running_loop().call_later(0.1, listener.on_control, data)
        return len(heard)

    async def order(self, data: bytes) -> None:
        for listener in self._nodes.values():
            asyncio.get_running_loop().call_later(0.1, listener.on_order, data, 0.1)


@asynccontextmanager
async def processes() -> AsyncIterator[tuple[Engine, Engine, Neighbour]]:
    """Two processes, and the broker of the first."""
    nodes: dict[str, Listener] = {}
    brokers = Neighbour(nodes), Neighbour(nodes)
    engines = [
        Engine(channels=[Room, News], broker=each, env=virtual_env(seed)) for seed, each in enumerate(brokers)
    ]
    for engine in engines:
        await engine.start()
    yield engines[0], engines[1], brokers[0]
    for engine in engines:
        await engine.stop()


def test_the_lag_is_that_of_a_word_and_grows_while_none_comes_back() -> None:
    async def scenario() -> None:
        async with processes() as (engine, _, broker):
            assert engine.control.lag == 0
            await asyncio.sleep(30)
            assert engine.control.lag == pytest.approx(0.1)
            broker.deaf = True
            await asyncio.sleep(60)
            assert engine.control.lag > 30
            broker.deaf = False
            await asyncio.sleep(60)
            assert engine.control.lag == pytest.approx(0.1)

    run(scenario())


def test_the_lag_grows_while_the_broker_is_away() -> None:
    class Away(Neighbour):
        async def tell(self, node: str | None, data: bytes) -> int:
            raise BrokerError("away")

    async def scenario() -> None:
        engine = Engine(channels=[Room], broker=Away({}), env=virtual_env())
        await engine.start()
        await asyncio.sleep(60)
        assert engine.control.lag > 30
        await engine.stop()

    run(scenario())


def test_every_process_is_told() -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            peers = [await connected(here), await connected(there)]
            bob = await connected(there, Identity("bob", "Bob"))
            await here.line.send("ann", {"hello": 1})
            await there.line.subscribe("ann", News())
            await asyncio.sleep(0.2)
            await here.line.unsubscribe("ann", News())
            await asyncio.sleep(0.2)
            await here.line.disconnect("ann", code=codes.FORCE_RECONNECT, reason="move on")
            await asyncio.sleep(0.2)

            for peer in peers:
                assert [list(push)[-1] for push in peer.pushes] == ["message", "subscribe", "unsubscribe"]
                assert peer.pushes[0] == {"message": {"data": {"hello": 1}}}
                assert peer.wire.closed == (3011, "move on")
            assert (bob.pushes, bob.wire.closed) == ([], None)

    run(scenario())


@pytest.mark.parametrize(("who", "left"), [({"user": "ann"}, 0), ({"session": "laptop"}, 1)])
def test_a_revoked_sign_in_is_out_everywhere_within_a_second(who: Mapping[str, str], left: int) -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            laptop = [await connected(here, LAPTOP), await connected(there, LAPTOP), Peer(there, LAPTOP)]
            phone, bob = await connected(there), await connected(there, Identity("bob", "Bob"))
            await here.line.revoke(**who)
            await asyncio.sleep(1)
            assert [peer.wire.closed for peer in laptop] == [(3014, "state invalidated")] * 3
            assert (phone.wire.closed is None, bob.wire.closed) == (bool(left), None)

    run(scenario())


@pytest.mark.parametrize("who", [{}, {"user": "ann", "session": "laptop"}])
def test_to_revoke_takes_one_of_both(who: Any) -> None:
    async def scenario() -> None:
        async with processes() as (here, _, _):
            with pytest.raises(UsageError, match="either user"):
                await here.line.revoke(**who)

    run(scenario())


def test_somebody_anonymous_cannot_be_told() -> None:
    async def scenario() -> None:
        async with processes() as (here, _, _):
            with pytest.raises(UsageError, match="somebody anonymous"):
                await here.line.send("", 1)

    run(scenario())


def test_an_applications_own_code_keeps_its_number() -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            peer = await connected(there)
            own = codes.Code(4007, "own", "disconnect", True, "Our own.")
            await here.line.disconnect("ann", code=own)
            await asyncio.sleep(0.2)
            assert peer.wire.closed == (4007, "own")

    run(scenario())


# Emulation: a command may reach another process than its line


def test_14_commands_are_given_to_the_line_wherever_it_is() -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            peer = await connected(here, ANN, emulated=True)
            for number, engine in enumerate((here, there), start=2):
                frame = f'{{"id":{number},"unsubscribe":{{"channel":"é"}}}}'
                assert await engine.emulate(here.node, peer.session.secret, frame)
                assert await peer.answer(number) == {}

    run(scenario())


def test_14_commands_of_several_requests_wait_for_their_turn() -> None:
    async def scenario() -> None:
        async with processes() as (here, _, _):
            peer = Peer(here, ANN, emulated=True)
            peer.begin(connect={})
            frames = [b'{"id":%d,"unsubscribe":{"channel":"a"}}' % number for number in range(2, 42)]
            asking = [here.emulate(here.node, peer.session.secret, frame) for frame in frames]
            assert all(await asyncio.gather(*asking))
            for number in range(2, 42):
                assert await peer.answer(number) == {}

    run(scenario())


def test_14_an_unknown_process_or_secret_is_not_found() -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            await connected(here, ANN)  # over a WebSocket: it has no secret
            peer = await connected(here, ANN, emulated=True)
            secret = peer.session.secret
            assert not await here.emulate("elsewhere", secret, b"{}")
            assert not await here.emulate(there.node, secret, b"{}")
            for engine in (here, there):
                assert not await engine.emulate(here.node, "guess", b"{}")
                assert not await engine.emulate(here.node, "", b"{}")
            peer.session.lost()
            assert not await there.emulate(here.node, secret, b"{}")

    run(scenario())


def test_14_a_process_that_does_not_answer_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with processes() as (here, there, broker):
            peer = await connected(here, ANN, emulated=True)
            broker.deaf = True  # the answer of the first process gets lost
            with pytest.raises(BrokerError, match="does not answer"):
                await there.emulate(here.node, peer.session.secret, b'{"id":2,"rpc":{"method":"x"}}')
            assert asyncio.get_running_loop().time() == pytest.approx(4, abs=0.2)

    run(scenario())


def test_an_answer_that_comes_too_late_or_twice_is_nobodys() -> None:
    async def scenario() -> None:
        async with processes() as (here, there, _):
            peer = await connected(here, ANN, emulated=True)
            asking = asyncio.ensure_future(there.emulate(here.node, peer.session.secret, b'{"id":2}'))
            await asyncio.sleep(0.05)
            for _ in range(2):
                there.control.on_control(orders.encode(Answer(1, True)))
            assert await asking
            there.control.on_control(orders.encode(Answer(1, True)))

    run(scenario())


def test_an_answer_that_cannot_be_given_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Cut(Neighbour):
        async def tell(self, node: str | None, data: bytes) -> int:
            raise BrokerError("cut off")

    async def scenario() -> None:
        engine = Engine(channels=[News], broker=Cut({}), env=virtual_env())
        await engine.start()
        engine.control.on_control(orders.encode(Emulated("x", b"{}", "elsewhere", 1)))
        await asyncio.sleep(0.1)
        await engine.stop()

    run(scenario())
    assert caplog.messages == ["emulated commands were not answered for: cut off"]


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, msgspec.msgpack.encode({"type": "Later", "field": 1})])
def test_what_another_version_says_is_left_alone(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with processes() as (here, _, _):
            here.control.on_control(data)

    run(scenario())
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    "instruction",
    [
        ToUser("ann", Close(3000, "x")),
        ToSignIn("s", Prolong(float("inf"))),
        Emulated("s", b"\x00\xff", "n", 2**40),
        Answer(1, True),
    ],
)
def test_what_is_told_comes_through(instruction: orders.Instruction) -> None:
    assert orders.decode(orders.encode(instruction)) == instruction


def test_an_order_of_another_version_is_ignored_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with processes() as (one, _, _):
            peer = await connected(one)
            one.control.on_order(orders.encode(Probe(1.0)))
            assert peer.wire.closed is None

    run(scenario())
    assert "event=control.unknown" in caplog.text
