"""A stateful property (hypothesis): whatever comes between, everybody gets what is theirs, once and in order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from offhook.base.limits import Limits
from offhook.brokers.base import History
from offhook.realtime import fanout
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import VirtualLoop
from tests.realtime.peers import JSON, Room
from tests.realtime.stage import BYTES, Member, Stage

PICKS = st.integers(0, 30)
_CHUNK = 3
"""So few that a fan-out takes several turns."""


class Latest(Channel[str], pattern="room:{name}", history=History(10, "10m"), recovery="cache", slow="latest"):
    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...


class Crowd(RuleBasedStateMachine):
    """Publications, joins, and people that come, go and read slowly, in one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.here: list[Member] = []
        self.gone: list[Member] = []
        self.owed: dict[int, list[Any]] = {}
        """What each member is to get, by the identity of the member."""
        self.joins = 0
        self._chunk, fanout.CHUNK = fanout.CHUNK, _CHUNK

    @initialize(lossy=st.booleans())
    def begin(self, lossy: bool) -> None:
        self.lossy = lossy
        self.stage = self.now(lambda: Stage(Latest if lossy else Room, Limits(frame_messages=4)))

    def now(self, act: Callable[[], Any]) -> Any:
        """In the loop, but in no turn of its own."""

        async def within() -> Any:
            return act()

        return self.run(within())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @rule(steps=st.lists(st.tuples(st.sampled_from(["publish", "come", "ahead", "go", "join", "turn"]), PICKS)))
    def many_things(self, steps: list[tuple[str, int]]) -> None:
        """Several in one turn, unless one of them is its end."""

        async def happen() -> None:
            for what, pick in steps:
                if what == "turn":
                    await asyncio.sleep(0)
                else:
                    getattr(self, what)(pick)

        self.run(happen())

    def publish(self, pick: int) -> None:
        self.stage.publish(size=pick)
        for member in self.here:
            if member.since < self.stage.offset:
                self.owed[id(member)].append(self.stage.offset)

    def come(self, pick: int) -> None:
        self._come(pick, ahead=0)

    def ahead(self, pick: int) -> None:
        """Somebody whose history has more than was announced here."""
        self._come(pick, ahead=pick % 3)

    def _come(self, pick: int, ahead: int) -> None:
        variant = BYTES if pick % 2 else JSON
        member = self.stage.member(variant, hears=pick % 3 == 0, ahead=ahead)
        self.here.append(member)
        self.owed[id(member)] = []

    def go(self, pick: int) -> None:
        if self.here:
            member = self.here.pop(pick % len(self.here))
            self.gone.append(member)
            self.stage.discard(member)

    def join(self, pick: int) -> None:
        self.joins += 1
        self.stage.join(f"user {self.joins}")
        for member in self.here:
            if member.subscription.hears_joins:
                self.owed[id(member)].append(f"user {self.joins}")

    @rule(pick=PICKS)
    def stall(self, pick: int) -> None:
        if self.here:
            member = self.here[pick % len(self.here)]
            if member.wire._stalled is None:
                self.now(member.wire.stall)

    @rule(pick=PICKS)
    def flow(self, pick: int) -> None:
        stalled = [each for each in self.here + self.gone if each.wire._stalled is not None]
        if stalled:
            self.now(stalled[pick % len(stalled)].wire.flow)

    @invariant()
    def nobody_is_ahead(self) -> None:
        for member in self.here + self.gone:
            owed = self.owed[id(member)]
            assert self.lossy or member.got == owed[: len(member.got)]
            assert set(member.got) <= set(owed)

    def teardown(self) -> None:
        fanout.CHUNK = self._chunk
        for member in self.here + self.gone:
            if member.wire._stalled is not None:
                self.now(member.wire.flow)
        self.run(asyncio.sleep(1))
        for member in self.here + self.gone:
            self._compare(member)
        if hasattr(self, "stage"):
            assert (self.stage.fanout.weight, len(self.stage.fanout._outboxes)) == (0, 0)
        assert not self.loop.failures, self.loop.failures
        self.loop.close()

    def _compare(self, member: Member) -> None:
        owed = self.owed[id(member)]
        if not self.lossy:
            assert member.got == owed
            return
        offsets = _only(int, member.got)
        assert offsets == sorted(set(offsets))
        assert offsets[-1:] == _only(int, owed)[-1:], "the newest is never given up"
        assert _only(str, member.got) == _only(str, owed)


def _only(kind: type, got: list[Any]) -> list[Any]:
    return [each for each in got if type(each) is kind]


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=150, stateful_step_count=20, deadline=None, derandomize=True)
