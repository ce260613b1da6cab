"""The official Python SDK, unchanged, against ``offhook serve``, in both codecs."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from centrifuge import (
    CentrifugeError,
    Client,
    ClientEventHandler,
    DeltaType,
    JoinContext,
    LeaveContext,
    PublicationContext,
    ServerPublicationContext,
    ServerSubscribedContext,
    StreamPosition,
    SubscribedContext,
    SubscriptionEventHandler,
)

from offhook.testing.proxy import FaultProxy
from tests.apps.sdk import SECRET
from tests.sdk.conftest import Servers

DEADLINE = 20
TEXT = "lorem ipsum dolor sit amet, consectetur adipiscing elit é " * 5

both_codecs = pytest.mark.parametrize("binary", [False, True], ids=["json", "protobuf"])


class Heard:
    """What was heard of, in order."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._changed = asyncio.Condition()

    async def add(self, value: Any) -> None:
        async with self._changed:
            self.values.append(value)
            self._changed.notify_all()

    async def until(self, count: int) -> list[Any]:
        """All of it, when there is so much."""
        async with self._changed, asyncio.timeout(DEADLINE):
            await self._changed.wait_for(lambda: len(self.values) >= count)
        return self.values


class Log(SubscriptionEventHandler):  # type: ignore[misc]
    """What one subscription was told."""

    def __init__(self) -> None:
        self.published, self.moves, self.subscribed = Heard(), Heard(), Heard()

    async def on_subscribed(self, ctx: SubscribedContext) -> None:
        await self.subscribed.add((ctx.was_recovering, ctx.recovered))

    async def on_publication(self, ctx: PublicationContext) -> None:
        await self.published.add(ctx.pub)

    async def on_join(self, ctx: JoinContext) -> None:
        await self.moves.add(("join", ctx.info.user))

    async def on_leave(self, ctx: LeaveContext) -> None:
        await self.moves.add(("leave", ctx.info.user))


class Person(ClientEventHandler):  # type: ignore[misc]
    """Somebody with a client, who shows tokens."""

    def __init__(self, port: int, user: str, *, binary: bool, first: int = 3600) -> None:
        self.inbox, self.subscribed = Heard(), Heard()
        self.tokens = 0
        self.refreshed = Heard()
        self._user = user
        self._binary = binary
        self._first = first
        self.client = Client(
            f"ws://127.0.0.1:{port}/connection/websocket",
            self,
            get_token=self._token,
            use_protobuf=binary,
            min_reconnect_delay=0.05,
        )

    async def _token(self) -> str:
        self.tokens += 1
        await self.refreshed.add(self.tokens)
        return token(self._first if self.tokens == 1 else 3600, sub=self._user, channels=[f"private:{self._user}"])

    async def on_subscribed(self, ctx: ServerSubscribedContext) -> None:
        await self.subscribed.add((ctx.channel, ctx.was_recovering, ctx.recovered))

    async def on_publication(self, ctx: ServerPublicationContext) -> None:
        await self.inbox.add(self.unpack(ctx.pub.data))

    def pack(self, data: Any) -> Any:
        """A payload as the SDK takes it."""
        return json.dumps(data).encode() if self._binary else data

    def unpack(self, data: Any) -> Any:
        """A payload as the SDK gives it."""
        return json.loads(data) if self._binary else data

    def numbers(self, publications: list[Any]) -> list[int]:
        """What they say."""
        return [self.unpack(each.data)["n"] for each in publications]

    async def publish(self, channel: str, *numbers: int, **more: Any) -> None:
        """One publication for each number."""
        for number in numbers:
            await self.client.publish(channel, self.pack({"n": number, **more}))


def token(seconds: int, **claims: Any) -> str:
    """One that lives for so long."""
    claims["exp"] = datetime.now(UTC) + timedelta(seconds=seconds)
    return jwt.encode(claims, SECRET, "HS256")


@asynccontextmanager
async def people(reader_port: int, writer_port: int, *, binary: bool, first: int = 3600) -> AsyncIterator[Any]:
    """Ann, who reads, and Bob, who writes; and what the SDK leaves to the background is waited for."""
    ann = Person(reader_port, "ann", binary=binary, first=first)
    bob = Person(writer_port, "bob", binary=binary)
    for person in (ann, bob):
        await person.client.connect()
        await person.client.ready(timeout=DEADLINE)
    yield ann, bob
    for person in (ann, bob):
        await person.client.disconnect()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, pending = await asyncio.wait(others, timeout=DEADLINE)
        assert not pending


@both_codecs
def test_publish_history_presence_join_leave_calls(servers: Servers, binary: bool) -> None:
    async def scenario() -> None:
        async with people(servers[0].port, servers[1].port, binary=binary) as (ann, bob):
            log = Log()
            room = ann.client.new_subscription("room:1", log, join_leave=True)
            await room.subscribe()
            await log.moves.until(1)
            other = bob.client.new_subscription("room:1")
            await other.subscribe()
            await log.moves.until(2)
            await bob.publish("room:1", 1, 2)
            await log.published.until(2)
            await other.unsubscribe()
            assert await log.moves.until(3) == [("join", "ann"), ("join", "bob"), ("leave", "bob")]
            assert ann.numbers(log.published.values) == [1, 2]

            forward = await room.history(limit=10)
            assert ann.numbers(forward.publications) == [1, 2]
            backward = await room.history(limit=10, reverse=True)
            assert ann.numbers(backward.publications) == [2, 1]
            later = await room.history(limit=10, since=StreamPosition(1, forward.epoch))
            assert ann.numbers(later.publications) == [2]
            assert [each.user for each in (await room.presence()).clients.values()] == ["ann"]
            assert (await room.presence_stats()).num_clients == 1
            answer = ann.unpack((await ann.client.rpc("room:1", ann.pack({"a": "é"}))).data)
            assert answer == {"who": "ann", "asked": {"a": "é"}}
            await _refused(104, lambda: ann.client.rpc("nowhere", ann.pack({})))
            await _refused(112, lambda: room.history(limit=1, since=StreamPosition(1, "wrong")))

    asyncio.run(scenario())


@both_codecs
def test_joins_and_leaves_that_the_channel_forces(servers: Servers, binary: bool) -> None:
    async def scenario() -> None:
        async with people(servers[0].port, servers[1].port, binary=binary) as (ann, bob):
            log = Log()
            await ann.client.new_subscription("hall:1", log).subscribe()
            await log.moves.until(1)
            other = bob.client.new_subscription("hall:1")
            await other.subscribe()
            await log.moves.until(2)
            await other.unsubscribe()
            assert await log.moves.until(3) == [("join", "ann"), ("join", "bob"), ("leave", "bob")]

    asyncio.run(scenario())


@both_codecs
def test_a_raw_payload_keeps_its_bytes(servers: Servers, binary: bool) -> None:
    texts = [b'{"n": 1.0,  "n":1e2}', b"[\n]", b'"\\u00e9 \xc3\xa9"', b" 5 "]
    payloads = texts if binary else [json.loads(text) for text in texts]

    async def scenario() -> None:
        async with people(servers[0].port, servers[1].port, binary=binary) as (ann, bob):
            plain, delta = Log(), Log()
            first = ann.client.new_subscription("raw:1", plain)
            await first.subscribe()
            await ann.client.new_subscription("raw:2", delta, delta=DeltaType.FOSSIL).subscribe()
            for channel, log in (("raw:1", plain), ("raw:2", delta)):
                await log.subscribed.until(1)
                for payload in payloads:
                    await bob.client.publish(channel, payload)
                assert [each.data for each in await log.published.until(len(texts))] == payloads
            assert [each.data for each in (await first.history(limit=10)).publications] == payloads

    asyncio.run(scenario())


async def _refused(code: int, ask: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(CentrifugeError) as refused:
        await ask()
    assert getattr(refused.value, "code", None) == code


@both_codecs
def test_a_token_is_refreshed_and_a_channel_may_want_one(servers: Servers, binary: bool) -> None:
    async def scenario() -> None:
        async with people(servers[0].port, servers[1].port, binary=binary, first=2) as (ann, _):
            log = Log()

            async def get_token(channel: str) -> str:
                return token(3600, sub="ann", channel=channel)

            private = ann.client.new_subscription("private:2", log, get_token=get_token)
            await private.subscribe()
            await log.subscribed.until(1)
            await ann.refreshed.until(2)
            assert ann.unpack((await ann.client.rpc("room:1", ann.pack({}))).data)["who"] == "ann"

    asyncio.run(scenario())


@both_codecs
def test_what_was_missed_during_a_cut_is_recovered(servers: Servers, binary: bool) -> None:
    async def scenario(proxy: FaultProxy) -> None:
        async with people(proxy.port, servers[1].port, binary=binary) as (ann, bob):
            plain, delta = Log(), Log()
            for channel, log, options in (
                ("room:a", plain, {"recoverable": True}),
                ("room:b", delta, {"recoverable": True, "delta": DeltaType.FOSSIL}),
            ):
                await ann.client.new_subscription(channel, log, **options).subscribe()
                await log.subscribed.until(1)
                await bob.publish(channel, 1, 2, text=TEXT)
                await log.published.until(2)
            await bob.publish("private:ann", 1)
            await ann.inbox.until(1)

            await asyncio.to_thread(proxy.cut)
            for channel in ("room:a", "room:b"):
                await bob.publish(channel, 3, 4, 5, text=TEXT)
            await bob.publish("private:ann", 2)
            await asyncio.to_thread(proxy.heal)

            for log in (plain, delta):
                assert await log.subscribed.until(2) == [(False, False), (True, True)]
                assert ann.numbers(await log.published.until(5)) == [1, 2, 3, 4, 5]
                assert all(ann.unpack(each.data)["text"] == TEXT for each in log.published.values)
            assert await ann.subscribed.until(2) == [("private:ann", False, False), ("private:ann", True, True)]
            assert await ann.inbox.until(2) == [{"n": 1}, {"n": 2}]

    with FaultProxy(servers[0].port) as proxy:
        asyncio.run(scenario(proxy))


@both_codecs
def test_9_2_a_position_that_cannot_be_recovered_asks_for_the_state_again(servers: Servers, binary: bool) -> None:
    async def scenario() -> None:
        async with people(servers[0].port, servers[1].port, binary=binary) as (ann, bob):
            await bob.publish("room:s", 1, 2, 3)
            helper = bob.client.new_subscription("room:s")
            await helper.subscribe()
            asked = []

            async def get_state(channel: str) -> StreamPosition:
                asked.append(channel)
                top = await helper.history(limit=0)
                return StreamPosition(top.offset - 1, top.epoch if len(asked) > 1 else "wrong")

            log = Log()
            await ann.client.new_subscription("room:s", log, get_state=get_state).subscribe()
            assert ann.numbers(await log.published.until(1)) == [3]
            assert asked == ["room:s", "room:s"]

    asyncio.run(scenario())
