"""Connections over every transport and codec: who comes in, who stays, and with which code it ends."""

import asyncio
from typing import Any

import pytest

from offhook.base.limits import Limits
from tests.conformance.codecs import Json, Protobuf
from tests.conformance.conftest import Play
from tests.conformance.lines import Line
from tests.conformance.worlds import World

CONNECT = {"id": 1, "connect": {}}


def test_4_who_connects_is_told_how_the_connection_works(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected(name="test", version="1") as line:
            told = line.connected
            assert (told["ping"], told["pong"], told["data"]) == (25, True, {"welcome": "ann"})
            assert len(told["client"]) == 36
            assert ("session" in told, "node" in told) == (world.kind.emulated, world.kind.emulated)

    play(scenario)


def test_3_the_commands_of_a_frame_are_done_in_order(play: Play) -> None:
    async def scenario(world: World) -> None:
        subscribe = {"id": 2, "subscribe": {"channel": world.room().format(), "flag": 1}}
        async with world.opened(CONNECT, subscribe) as line:
            await line.answer(2)
            assert line.order[:2] == ["connect", "subscribe"]

    play(scenario)


@pytest.mark.parametrize(
    "first", [{"id": 1, "presence": {"channel": "news"}}, {}, {"id": 1}, {"send": {"data": 1}}], ids=str
)
def test_16_the_first_command_is_connect(play: Play, first: dict[str, Any]) -> None:
    async def scenario(world: World) -> None:
        async with world.opened(first) as line:
            assert await line.closed() == (3501, "bad request")

    play(scenario)


@pytest.mark.parametrize(
    "command",
    [
        {"id": 2, "connect": {}},
        {},
        {"id": 2},
        {"presence": {"channel": "news"}},
        {"id": 2, "presence": {}},
        {"id": 2, "subscribe": {"channel": "news", "delta": "other"}},
        {"id": 2, "refresh": {}},
        {"id": 2, "sub_refresh": {"channel": "news"}},
    ],
    ids=str,
)
def test_16_what_no_sdk_says_is_the_end(play: Play, command: dict[str, Any]) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await line.say(command)
            assert await line.closed() == (3501, "bad request")

    play(scenario)


@pytest.mark.parametrize("number", range(max(len(Json.malformed), len(Protobuf.malformed))))
def test_16_a_frame_that_cannot_be_read_is_the_end(play: Play, number: int) -> None:
    async def scenario(world: World) -> None:
        malformed = world.kind.codec.malformed
        async with world.connected() as line:
            await line.wire.send(malformed[number % len(malformed)])
            assert await line.closed() == (3501, "bad request")

    play(scenario)


def test_2_1_one_line_break_at_the_end_is_welcome(play: Play) -> None:
    async def scenario(world: World) -> None:
        if isinstance(frame := world.kind.codec.frame([CONNECT]), str):
            async with world.opened(frame=f"{frame}\n") as line:
                assert (await line.answer(1))["ping"] == 25

    play(scenario)


# Tokens


def test_4_a_token_says_who_it_is(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected("", token=f"bob@{world.env.now() + 60}") as line:
            assert line.connected["data"] == {"welcome": "bob"}
            assert (line.connected["expires"], line.connected["ttl"]) == (True, 60)

    play(scenario)


def test_4_an_expired_token_is_error_109_and_what_follows_is_not_done(play: Play) -> None:
    async def scenario(world: World) -> None:
        expired = {"id": 1, "connect": {"token": f"bob@{world.env.now()}"}}
        async with world.opened(expired, {"id": 2, "presence": {"channel": "news"}}, user="") as line:
            assert await line.answer(1) == {"error": 109}
            assert await line.closed() == (3501, "bad request")

    play(scenario)


def test_4_after_an_error_the_connection_is_unusable(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.opened({"id": 1, "connect": {"token": "bob@0"}}, user="") as line:
            assert await line.answer(1) == {"error": 109}
            await line.say({"id": 2, "connect": {}})
            # Over HTTP nobody was told how to say more; there it is the time that runs out.
            assert await line.closed() == ((3502, "stale") if world.kind.emulated else (3501, "bad request"))

    play_in_virtual_time(scenario)


def test_4_a_token_that_is_none_is_3500(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.opened({"id": 1, "connect": {"token": "forged"}}) as line:
            assert await line.closed() == (3500, "invalid token")

    play(scenario)


def test_4_nobody_in_particular_is_3501(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.opened(CONNECT, user="") as line:
            assert await line.closed() == (3501, "bad request")

    play(scenario)


def test_4_the_application_refuses(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.opened({"id": 1, "connect": {"data": {"refuse": True}}}) as line:
            assert await line.answer(1) == {"error": 103}

    play(scenario)


def test_8_2_a_token_is_refreshed_in_time(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected("", token="bob@100") as line:
            await asyncio.sleep(90)
            result = await line.ask(refresh={"token": "bob@200"})
            assert (result["client"], result["ttl"]) == (line.connected["client"], 110)
            await asyncio.sleep(120)
            assert (await line.ask(unsubscribe={"channel": "news"})) == {}
            assert await line.closed() == (3005, "connection expired")
            assert world.env.now() == pytest.approx(225, abs=1)

    play_in_virtual_time(scenario)


def test_8_2_a_token_of_somebody_else_is_3500(play: Play) -> None:
    async def scenario(world: World) -> None:
        later = world.env.now() + 60
        async with world.connected("", token=f"bob@{later}") as line:
            await line.say(line.command(refresh={"token": f"eve@{later}"}))
            assert await line.closed() == (3500, "invalid token")

    play(scenario)


# Pings and limits


def test_5_pings_are_answered_or_it_is_the_end(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line, world.connected("bob", pong=False) as silent:
            assert await silent.closed() == (3012, "no pong")
            await asyncio.sleep(300)
            assert line.pings >= 12
            assert await line.ask(unsubscribe={"channel": "news"}) == {}

    play_in_virtual_time(scenario)


def test_16_too_many_commands_are_111_and_a_flood_is_3013(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            answers = [await line.ask(presence={"channel": "news"}) for _ in range(8)]
            assert answers[0] != {"error": 111}
            assert answers[-1] == {"error": 111}
            for _ in range(1000):
                await line.say(line.command(presence={"channel": "news"}))
            assert await line.closed() == (3013, "too many requests")

    play_in_virtual_time(scenario, Limits(commands_a_second=0.1, commands_at_once=5, channels=4))


def test_4_connections_of_one_user_are_limited(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected(), world.connected("bob"), world.opened(CONNECT) as line:
            assert await line.closed() == (3016, "connection limit")

    play(scenario, Limits(connections_of_user=1))


def test_2_4_a_slow_reader_is_3008(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as slow, world.connected("bob") as fast:
            for line in (slow, fast):
                await line.subscribe(world.room().format())
            slow.wire.stall()
            for _ in range(100):
                await world.app.line.publish(world.room(), "x" * 1000)
                await asyncio.sleep(0.01)
            slow.wire.flow()
            assert await slow.closed() == (3008, "slow")
            assert fast.waiting("pub") == 100

    play_in_virtual_time(scenario, Limits(queue=20_000))


# The end


async def _disconnect(world: World) -> None:
    await world.app.line.disconnect("ann")


async def _revoke(world: World) -> None:
    await world.app.line.revoke(user="ann")


async def _stop(world: World) -> None:
    await world.app.stop()


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (_disconnect, (3503, "force disconnect")),
        (_revoke, (3014, "state invalidated")),
        (_stop, (3001, "shutdown")),
    ],
)
def test_8_5_codes_at_the_end(play: Play, act: Any, told: tuple[int, str]) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await act(world)
            assert await line.closed() == told

    play(scenario)


def test_7_send_without_a_handler_is_3508(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await line.say({"send": {"data": 1}})
            assert await line.closed() == (3508, "not available")

    play(scenario)


def test_8_1_the_application_tells_all_lines_of_a_user(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as one, world.connected() as two, world.connected("bob") as other:
            await world.app.line.send("ann", {"text": "hi"})
            for line in (one, two):
                assert await line.push("message") == {"data": {"text": "hi"}}
            assert other.waiting("message") == 0

    play(scenario)


def test_a_client_that_vanishes_is_no_longer_present(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as stays, world.connected("bob") as goes:
            await stays.subscribe(world.room().format(), join_leave=True)
            await goes.subscribe(world.room().format())
            await goes.wire.vanish()
            assert (await stays.push("leave"))["info"]["user"] == "bob"
            assert len(await _present(stays, world)) == 1

    play(scenario)


async def _present(line: Line, world: World) -> Any:
    return (await line.ask(presence={"channel": world.room().format()}))["presence"]
