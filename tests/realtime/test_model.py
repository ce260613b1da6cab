"""A stateful property (hypothesis): whatever happens, a client's log is the stream, or it was told that it is not.

Publications, subscriptions, cuts, slow readers and faults of the broker come in any order and in virtual time;
clients do what an SDK does, with deltas and without. What hypothesis finds, it makes as short as it can.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.testing.clock import VirtualLoop
from offhook.testing.faults import FaultyBroker
from offhook.wire.fossil import apply_delta
from tests.realtime.peers import Peer, running

HELD = ("subscribe", "unsubscribe", "history", "positions", "add_presence", "publish")
FAILING = ("history", "subscribe", "positions", "add_presence")
QUEUE = 3000

PICKS = st.integers(0, 4)

Row = dict[str, Any]
Place = tuple[str, str, int]
"""Channel, epoch and offset."""


class Open:
    """Whoever wants may subscribe."""

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Log(Open, Channel[Row], pattern="log", history=History(40, 600), delta=True, presence=True):
    pass


class Short(Open, Channel[Row], pattern="short", history=History(4, 600), delta=True):
    pass


class Resync(Open, Channel[Row], pattern="resync", history=History(40, 600), delta=True, slow="resync"):
    pass


class Price(
    Open, Channel[Row], pattern="price", history=History(4, 600), delta=True, recovery="cache", slow="latest"
):
    pass


class Trace(
    Open, Channel[Row], pattern="trace", history=History(4, 600), delta=True, recovery="cache", slow="drop_oldest"
):
    pass


CHANNELS: dict[str, type[Channel[Row]]] = {each.pattern: each for each in (Log, Short, Resync, Price, Trace)}


class Follower:
    """What an SDK does with one channel: subscribes from where it stands, comes back when told to."""

    def __init__(self, engine: Engine, channel: str, truth: dict[Place, Row], *, delta: bool) -> None:
        self.engine = engine
        self._truth = truth
        self._acknowledged: set[Place] = set()
        """What was, when it asked."""
        self.channel = channel
        self.whole = CHANNELS[channel].recovery == "stream"
        """Whether every publication counts, and not only the newest."""
        self.log: dict[tuple[str, int], Row] = {}
        """By epoch and offset, since the last snapshot."""
        self.epoch, self.offset = "", 0
        self.peer: Peer | None = None
        self.wants = True
        self._asked = 0
        """The number of the subscribe command; what comes before its reply is of an earlier one."""
        self._live = False
        self._known = False
        self._read = 0
        self._delta = {"delta": "fossil"} if delta else {}
        self._deltas = False
        self._base: bytes | None = None

    def suffer(self, what: str) -> None:
        """Something happens to the client or its connection."""
        if self.peer is None:
            return
        match what:
            case "cut":
                self.read()
                self.peer.session.lost()
                # A fresh page, that knows only where it stands (protocol §11, getState).
                self.peer, self._base = None, None
            case "leave or return":
                self.wants = not self.wants
            case "stall" if self.peer.wire._stalled is None:
                self.peer.wire.stall()
            case "flow" if self.peer.wire._stalled is not None:
                self.peer.wire.flow()

    def start_over(self, fresh: bool) -> None:
        """A *fresh* page has no position either; so whatever it had needs not be followed."""
        if fresh:
            self._known = False
            self.log.clear()

    def step(self) -> None:
        """Come back if necessary, and read what has arrived."""
        if self.peer is None or self.peer.session.state == "closed":
            self.read()
            self.peer, self._read, self._asked, self._live = Peer(self.engine), 0, 0, False
            self.peer.begin(connect={})
        self.read()
        if self.wants and not self._asked:
            self._acknowledged = set(self._truth)
            since = {"recover": True, "offset": self.offset, "epoch": self.epoch} if self._known else {}
            self._asked = self.peer.begin(subscribe={"channel": self.channel, **self._delta, **since})
        if not self.wants and self._asked:
            self._asked, self._live = 0, False
            self.peer.begin(unsubscribe={"channel": self.channel})

    def read(self) -> None:
        """Everything that has arrived since the last time."""
        lines = self.peer.wire.lines[self._read :] if self.peer else []
        self._read += len(lines)
        for line in lines:
            if self._asked and line.get("id") == self._asked:
                self._answered(line)
            elif self._live and "pub" in line.get("push", {}):
                self._publication(line["push"]["pub"])
            elif self._live and "unsubscribe" in line.get("push", {}):
                self._unsubscribed(line["push"]["unsubscribe"]["code"])

    def _answered(self, line: dict[str, Any]) -> None:
        if "error" in line:
            assert line["error"]["code"] == 100
            self._asked = 0
        else:
            self._live = True
            self._subscribed(line["subscribe"])

    def _subscribed(self, reply: dict[str, Any]) -> None:
        self._deltas = reply.get("delta", False)
        if not reply.get("recovered") or not self.whole:
            self._snapshot()
            self._known, self.epoch, self.offset = True, reply["epoch"], reply.get("offset", 0)
            self.offset -= bool(reply.get("publications"))
        for each in reply.get("publications", []):
            self._publication(each)
        after = (self.channel, self.epoch, self.offset + 1)
        assert after not in self._acknowledged, "it was published before, and is not there"

    def _unsubscribed(self, code: int) -> None:
        assert code in (2500, 2502)
        self._asked, self._live = 0, False
        if code == 2502:
            self._known = False
            self._snapshot()

    def _snapshot(self) -> None:
        """It was told that it misses something."""
        self.log.clear()

    def _publication(self, publication: dict[str, Any]) -> None:
        offset = publication["offset"]
        assert offset == self.offset + 1 if self.whole else offset > self.offset, "a hole, or one twice"
        self.offset = offset
        self.log[self.epoch, offset] = self._data(publication)

    def _data(self, publication: dict[str, Any]) -> Any:
        if not self._deltas:
            return publication["data"]
        text = publication["data"].encode()
        if publication.get("delta"):
            assert self._base is not None
            text = apply_delta(self._base, text)
        self._base = text
        return json.loads(text)


class Line(RuleBasedStateMachine):
    """Everything that can happen to some clients of one engine."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.truth: dict[Place, Row] = {}
        """What was acknowledged."""
        self.followers: list[Follower] = []
        self.publishing: set[asyncio.Task[None]] = set()
        self.number = 0
        self._context = running(*CHANNELS.values(), limits=Limits(queue=QUEUE, recovery_buffer=6, history_page=30))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(
        names=st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1, max_size=2, unique=True),
        deltas=st.lists(st.booleans(), min_size=2, max_size=5),
    )
    def begin(self, names: list[str], deltas: list[bool]) -> None:
        self.engine: Engine
        self.broker: FaultyBroker
        self.engine, self.broker = self._run(self._context.__aenter__())
        self.followers = [
            Follower(self.engine, names[number % len(names)], self.truth, delta=delta)
            for number, delta in enumerate(deltas)
        ]
        self.clients_act(None, 1)

    @rule(pick=PICKS, count=st.integers(1, 8), size=st.sampled_from([1, 1, 40, 200]))
    def publish(self, pick: int, count: int, size: int) -> None:
        channel = self._follower(pick).channel

        async def one(row: Row) -> None:
            with contextlib.suppress(BrokerError):  # it was held for too long; then the epoch changes
                position = await self.engine.line.publish(CHANNELS[channel](), row)
                self.truth[channel, position.epoch, position.offset] = row

        async def several() -> None:
            for _ in range(count):
                self.number += 1
                own = random.Random(self.number).choices("abcé", k=10 * size)
                row = {"n": self.number, "text": "the same é in each " * size + "".join(own)}
                self.publishing.add(asyncio.ensure_future(one(row)))
                await asyncio.sleep(0)

        self._run(several())

    @rule(pick=PICKS, announced=st.booleans())
    def lose_one_before_the_next(self, pick: int, announced: bool) -> None:
        self.broker.losing = not announced
        self.publish(pick, 1, 1)
        self.broker.losing = False
        self.publish(pick, 1, 1)

    @rule(pick=PICKS, count=st.integers(2, 8))
    def read_slowly(self, pick: int, count: int) -> None:
        self.client(pick, "stall")
        self.publish(pick, count, 40)
        self.client(pick, "flow")
        self.publish(pick, 1, 1)

    @rule(pick=PICKS, method=st.sampled_from(["subscribe", "history", "history"]), fresh=st.booleans())
    def publish_while_somebody_catches_up(self, pick: int, method: str, fresh: bool) -> None:
        follower = self._follower(pick)
        self.client(pick, "cut")
        follower.start_over(fresh)
        self.broker_trouble("hold", method)
        self.clients_act(pick, 0.01)
        self.publish(pick, 2, 1)
        self.clients_act(pick + 1, 0.01)
        self._release()
        self.publish(pick, 1, 1)

    @rule(pick=PICKS, what=st.sampled_from(["cut", "leave or return", "stall", "flow"]))
    def client(self, pick: int, what: str) -> None:
        async def now() -> None:
            self._follower(pick).suffer(what)

        self._run(now())

    @rule(what=st.sampled_from(["hold", "release", "fail", "heal", "lose", "doubt"]), method=st.sampled_from(HELD))
    def broker_trouble(self, what: str, method: str) -> None:
        async def now() -> None:
            match what:
                case "hold" if method not in self.broker._held:
                    self.broker.hold(method)
                case "fail" if method in FAILING:
                    self.broker.fail(method)
                case "heal":
                    self.broker.heal()
                case "lose":
                    self.broker.losing = True
                case "release":
                    self._release()
                case "doubt":
                    self.engine.hub.on_doubt(None)

        self._run(now())

    @rule(seconds=st.sampled_from([0, 0.5, 3, 30]))
    def time_passes(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))

    @rule(who=st.none() | PICKS, seconds=st.sampled_from([0, 0.01, 0.1]))
    def clients_act(self, who: int | None, seconds: float) -> None:
        async def act() -> None:
            for follower in self.followers if who is None else [self._follower(who)]:
                follower.step()
            await asyncio.sleep(seconds)

        self._run(act())

    def _release(self) -> None:
        for method in list(self.broker._held):
            self.broker.release(method)

    def _follower(self, pick: int) -> Follower:
        return self.followers[pick % len(self.followers)]

    @invariant()
    def what_waits_is_bounded(self) -> None:
        for follower in self.followers:
            assert follower.peer is None or follower.peer.session.queue.waiting <= QUEUE

    def teardown(self) -> None:
        if self.followers:
            self._run(self._settle())
            self._run(self._end())
        assert not self.loop.failures, self.loop.failures
        self.loop.close()

    async def _settle(self) -> None:
        """Everything works again, for long enough; then look."""
        self.broker.heal()
        self._release()
        for follower in self.followers:
            follower.suffer("flow")
        await asyncio.gather(*self.publishing)
        for _ in range(40):
            for follower in self.followers:
                follower.wants = True
                follower.step()
            await asyncio.sleep(5)
        for follower in self.followers:
            await self._compare(follower)

    async def _compare(self, follower: Follower) -> None:
        position = await self.engine.line.position(CHANNELS[follower.channel]())
        assert (follower.epoch, follower.offset) == (position.epoch, position.offset)
        for (epoch, offset), row in follower.log.items():
            assert row == self.truth.get((follower.channel, epoch, offset), row)
        if follower.whole and follower.log:
            offsets = sorted(offset for _, offset in follower.log)
            assert offsets == list(range(offsets[0], position.offset + 1))

    async def _end(self) -> None:
        for follower in self.followers:
            follower.suffer("cut")
        await asyncio.sleep(20)
        assert (len(self.engine.hub), len(self.engine.background), len(self.engine.sessions)) == (0, 0, 0)
        await self._context.__aexit__(None, None, None)
        await asyncio.sleep(1)


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
