"""Lines on which only the server speaks: connecting, following, recovering, and how it ends (protocol §14)."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest

from offhook.base.types import AsgiApp
from offhook.brokers.memory import MemoryBroker
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env
from tests.conformance.lines import KINDS
from tests.conformance.worlds import Inbox, World, world

FIRST = [("GET", "uni_sse"), ("POST", "uni_sse"), ("POST", "uni_http_stream")]


@dataclass(slots=True)
class Follower:
    """A client that only listens; it keeps the last id, as an ``EventSource`` does."""

    stream: asgi.StreamClient
    events: bool
    last_id: str = ""

    async def next(self) -> Any:
        """The next push."""
        text = await self.stream.until(b"\n\n" if self.events else b"\n", within=60)
        if not self.events:
            return json.loads(text)
        *ids, data = text.removeprefix(b"\r\n").strip().split(b"\n")
        for event_id in ids:
            self.last_id = event_id.removeprefix(b"id: ").decode()
        return json.loads(data.removeprefix(b"data: "))

    async def ended(self) -> Any:
        """How it was told that it is over."""
        last = await self.next()
        with pytest.raises(EOFError):
            await self.next()
        return last["disconnect"]


@dataclass(frozen=True, slots=True)
class Follow:
    """The way in for those who listen."""

    app: AsgiApp
    method: str
    name: str

    @asynccontextmanager
    async def __call__(self, user: str = "ann", last_id: str = "", **request: Any) -> AsyncIterator[Follower]:
        said = json.dumps(request)
        path = f"/connection/{self.name}"
        if self.method == "GET":
            path += f"?cf_connect={quote(said)}"
        body = said.encode() if self.method == "POST" else b""
        headers = {"x-user": user, "last-event-id": last_id}
        async with asgi.stream(self.app, self.method, path, headers=headers, body=body) as stream:
            yield Follower(stream, self.name == "uni_sse")


Scenario: TypeAlias = Callable[[World, Follow], Coroutine[Any, Any, None]]
Play: TypeAlias = Callable[[Scenario], None]


@pytest.fixture(params=FIRST, ids=lambda first: f"{first[0]}-{first[1]}")
def play(request: pytest.FixtureRequest) -> Play:
    """Plays a scenario that is given a world, and a way to follow in it."""

    async def played(scenario: Scenario) -> None:
        env = virtual_env()
        async with world(KINDS[0], MemoryBroker(env=env), env) as here:
            await scenario(here, Follow(here.app, *request.param))

    return lambda scenario: run(played(scenario))


def test_14_what_the_server_subscribes_to_is_followed(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        async with follow(data={"inboxes": ["ann"]}) as follower:
            connect = (await follower.next())["connect"]
            assert connect["data"] == {"welcome": "ann"}
            assert list(connect["subs"]) == ["inbox:ann"]
            await world.app.line.publish(Inbox(user="ann"), {"n": 1})
            push = await follower.next()
            assert (push["channel"], push["pub"]["data"], push["pub"]["offset"]) == ("inbox:ann", {"n": 1}, 1)

    play(scenario)


def test_14_who_comes_back_with_a_position_recovers(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        for number in (1, 2, 3):
            await world.app.line.publish(Inbox(user="ann"), number)
        epoch = (await world.app.line.position(Inbox(user="ann"))).epoch
        position = {"recover": True, "offset": 1, "epoch": epoch}
        async with follow(data={"inboxes": ["ann"]}, subs={"inbox:ann": position}) as follower:
            told = (await follower.next())["connect"]["subs"]["inbox:ann"]
            assert (told["recovered"], [each["data"] for each in told["publications"]]) == (True, [2, 3])
            await world.app.line.publish(Inbox(user="ann"), 4)
            assert (await follower.next())["pub"]["offset"] == 4

    play(scenario)


def test_14_an_event_source_goes_on_after_its_last_event_in_all_channels(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        said: Any = {"data": {"inboxes": ["ann", "bob"]}}
        line = world.app.line
        async with follow(**said) as follower:
            await follower.next()
            for user, number in (("ann", 1), ("bob", 1), ("ann", 2)):
                await line.publish(Inbox(user=user), number)
            if not follower.events:
                assert follower.last_id == ""
                return
            for _ in range(3):
                await follower.next()
        await line.publish(Inbox(user="ann"), 3)
        await line.publish(Inbox(user="bob"), 2)
        async with follow(last_id=follower.last_id, **said) as again:
            subs = (await again.next())["connect"]["subs"]
            missed = {name: [each["data"] for each in sub["publications"]] for name, sub in subs.items()}
            assert missed == {"inbox:ann": [3], "inbox:bob": [2]}
        await line.invalidate(Inbox(user="ann"))
        async with follow(last_id=again.last_id, **said) as later:
            subs = (await later.next())["connect"]["subs"]
            assert {name: sub.get("recovered", False) for name, sub in subs.items()} == {
                "inbox:ann": False,
                "inbox:bob": True,
            }
            assert subs["inbox:ann"]["was_recovering"]
        async with follow(last_id="nonsense", **said) as fresh:
            assert "was_recovering" not in (await fresh.next())["connect"]["subs"]["inbox:ann"]

    play(scenario)


def test_14_subs_ask_for_no_channel_that_the_server_does_not_give(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        async with follow(subs={"inbox:eve": {}, "news": {}}) as follower:
            assert "subs" not in (await follower.next())["connect"]

    play(scenario)


@pytest.mark.parametrize(
    ("request_", "user", "told"),
    [
        ({}, "", (3501, "bad request")),
        ({"token": "forged"}, "", (3500, "invalid token")),
        ({"token": "bob@0"}, "", (3005, "connection expired")),
        ({"data": {"refuse": True}}, "ann", (3507, "permission denied")),
    ],
    ids=str,
)
def test_14_who_may_not_connect_is_told_by_a_disconnect(
    play: Play, request_: Any, user: str, told: tuple[int, str]
) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        async with follow(user, **request_) as follower:
            ended = await follower.ended()
            assert (ended["code"], ended["reason"]) == told

    play(scenario)


def test_8_5_the_end_is_told_with_its_code(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        async with follow() as follower:
            await follower.next()
            await world.app.line.disconnect("ann")
            assert await follower.ended() == {"code": 3503, "reason": "force disconnect"}

    play(scenario)


def test_8_4_a_gap_is_3010_so_that_it_comes_back(play: Play) -> None:
    async def scenario(world: World, follow: Follow) -> None:
        async with follow(data={"inboxes": ["ann"]}) as follower:
            await follower.next()
            await world.app.line.invalidate(Inbox(user="ann"))
            assert (await follower.ended())["code"] == 3010

    play(scenario)
