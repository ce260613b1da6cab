"""Channels over every transport and codec: subscribing, publishing, history, presence, calls, recovery."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from offhook.base.limits import Limits
from offhook.wire.fossil import apply_delta
from tests.conformance.conftest import Play
from tests.conformance.lines import Line
from tests.conformance.worlds import Inbox, News, Page, Trial, Weather, World


async def _publish(world: World, count: int, first: int = 1) -> str:
    """Publications in a room, whose name this is."""
    for number in range(first, first + count):
        await world.app.line.publish(world.room(), {"n": number})
    return world.room().format()


async def _position(line: Line, channel: str) -> dict[str, Any]:
    top = await line.ask(history={"channel": channel})
    return {"offset": top.get("offset", 0), "epoch": top["epoch"]}


def _data(publications: Sequence[Any]) -> list[Any]:
    return [each["data"] for each in publications]


# Subscribing and publishing


def test_6_2_a_subscription_says_where_it_starts(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = await _publish(world, 2)
        async with world.connected() as line:
            result = await line.subscribe(room, flag=1)
            epoch = result.pop("epoch")
            assert result == {"recoverable": True, "positioned": True, "offset": 2}
            assert len(epoch) == 8
            assert await line.subscribe("news") == {}

    play(scenario)


def test_7_what_a_client_publishes_says_who_it_was(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = world.room().format()
        async with world.connected() as line:
            await line.subscribe(room)
            assert await line.ask(publish={"channel": room, "data": {"text": "hé"}}) == {}
            push = await line.push("pub")
            info = {"user": "ann", "client": line.connected["client"], "conn_info": {"name": "ann"}}
            assert (push["channel"], push["data"], push["info"]) == (room, {"text": "hé"}, info)

    play(scenario)


def test_8_1_only_the_first_publication_of_a_stream_tells_its_epoch(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            result = await line.subscribe(world.room().format())
            await _publish(world, 2)
            first, second = await line.push("pub"), await line.push("pub")
            assert (first["offset"], first["epoch"]) == (1, result["epoch"])
            assert (second["offset"], "epoch" in second) == (2, False)

    play(scenario)


def test_8_1_tags_and_payloads_of_every_shape(play: Play) -> None:
    async def scenario(world: World) -> None:
        shapes = [0, False, "", [], {}, None, "a\nb \u2028 \U0001f600", 2**53 - 1, {"deep": [[{"er": 1.5}]]}]
        async with world.connected() as line:
            await line.subscribe(world.room().format())
            for shape in shapes:
                await world.app.line.publish(world.room(), shape, tags={"a": "é"})
            for shape in shapes:
                push = await line.push("pub")
                assert (push["data"], push["tags"]) == (shape, {"a": "é"})

    play(scenario)


@pytest.mark.parametrize(
    ("channel", "options", "code"),
    [
        ("room:1", {}, 105),
        ("nowhere", {}, 102),
        ("board:1", {}, 103),
        ("x" * 256, {}, 107),
        ("é" * 128, {}, 107),
        ("news", {"type": 1}, 108),
        ("news", {"type": 4}, 108),
    ],
)
def test_6_1_who_may_not_subscribe_is_told_why(play: Play, channel: str, options: Any, code: int) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await line.subscribe("room:1")
            assert await line.subscribe(channel, **options) == {"error": code}
            assert await line.subscribe("news") == {}

    play(scenario)


def test_6_1_too_many_channels_are_106(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            found = [await line.subscribe(world.room(str(number)).format()) for number in range(3)]
            assert found[-1] == {"error": 106}

    play(scenario, Limits(channels=2))


def test_6_4_after_unsubscribing_nothing_comes_any_more(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line, world.connected("bob") as other:
            for each in (line, other):
                await each.subscribe(world.room().format())
            for _ in range(2):  # also when there is nothing to end
                assert await line.ask(unsubscribe={"channel": world.room().format()}) == {}
            await _publish(world, 1)
            await other.push("pub")
            assert line.waiting("pub") == 0

    play(scenario)


@pytest.mark.parametrize(("channel", "code"), [("news", 103), ("nowhere", 102), ("board:1", 103)])
def test_7_who_may_not_publish_is_told_why(play: Play, channel: str, code: int) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            answer = await line.ask(publish={"channel": channel, "data": 1})
            assert answer in ({"error": code}, {"error": 108})

    play(scenario)


# History, presence, calls


def test_9_1_history_in_both_directions(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = await _publish(world, 5)
        async with world.connected() as line:
            await line.subscribe(room)
            top = await _position(line, room)
            middle = {**top, "offset": 3}
            asked: list[tuple[dict[str, Any], list[int]]] = [
                ({"limit": -1}, [1, 2, 3, 4, 5]),
                ({"limit": 2}, [1, 2]),
                ({"limit": 2, "reverse": True}, [5, 4]),
                ({"limit": -1, "since": middle}, [4, 5]),
                ({"limit": -1, "since": middle, "reverse": True}, [2, 1]),
                ({"limit": 0}, []),
            ]
            for options, expected in asked:
                page = await line.ask(history={"channel": room, **options})
                assert [each["offset"] for each in page.get("publications", [])] == expected, options
                assert (page["offset"], page["epoch"]) == (5, top["epoch"])

    play(scenario)


@pytest.mark.parametrize(
    ("channel", "options", "code"),
    [
        ("room:1", {"since": {"offset": 1, "epoch": "wrong"}}, 112),
        ("room:1", {"since": {"offset": 0, "epoch": ""}, "reverse": True}, 107),
        ("news", {}, 108),
        ("room:2", {}, 103),
    ],
)
def test_7_history_that_cannot_be_read(play: Play, channel: str, options: Any, code: int) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await line.subscribe("news")
            await line.subscribe("room:1")
            assert await line.ask(history={"channel": channel, "limit": 1, **options}) == {"error": code}

    play(scenario)


def test_7_presence_and_its_numbers(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = world.room().format()
        async with world.connected() as line, world.connected() as tab, world.connected("bob") as other:
            for each in (line, tab, other):
                await each.subscribe(room)
            present = (await line.ask(presence={"channel": room}))["presence"]
            assert present[other.connected["client"]]["conn_info"] == {"name": "bob"}
            assert len(present) == 3
            assert await line.ask(presence_stats={"channel": room}) == {"num_clients": 3, "num_users": 2}
            await line.subscribe("news")
            assert await line.ask(presence={"channel": "news"}) == {"error": 108}
            assert await line.ask(presence_stats={"channel": "room:elsewhere"}) == {"error": 103}

    play(scenario)


def test_6_3_who_joins_and_leaves_is_told_in_that_order(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = world.room().format()
        async with world.connected() as line, world.connected("bob") as other:
            await line.subscribe(room, join_leave=True)
            await line.push("join")  # its own
            await other.subscribe(room)
            await other.ask(unsubscribe={"channel": room})
            join, leave = await line.push("join"), await line.push("leave")
            assert join["info"]["client"] == leave["info"]["client"] == other.connected["client"]

    play(scenario)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("room:1", {"data": {"who": "ann", "said": [1]}}),
        ("nowhere", {"error": 104}),
        ("news", {"error": 108}),
        ("board:1", {"error": 103}),
    ],
)
def test_7_a_call_is_a_procedure_with_the_name_of_a_channel(play: Play, method: str, answer: Any) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            assert await line.ask(rpc={"method": method, "data": [1]}) == answer

    play(scenario)


# Recovery


def test_9_2_what_was_missed_comes_with_the_subscription(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = await _publish(world, 3)
        async with world.connected() as line:
            await line.subscribe(room)
            position = await _position(line, room)
            await line.ask(unsubscribe={"channel": room})
            await _publish(world, 2, 4)
            result = await line.subscribe(room, recover=True, **position)
            assert (result["recovered"], result["was_recovering"]) == (True, True)
            assert _data(result["publications"]) == [{"n": 4}, {"n": 5}]
            assert result["offset"] == 3  # the one that the client named
            await _publish(world, 1, 6)
            assert (await line.push("pub"))["offset"] == 6

    play(scenario)


@pytest.mark.parametrize(
    ("change", "recovered", "count"),
    [
        ({}, True, 0),
        ({"offset": 3}, True, 2),
        ({"epoch": ""}, True, 0),
        ({"epoch": "wrong"}, False, 0),
        ({"offset": 6}, False, 0),
    ],
    ids=str,
)
def test_9_2_whether_it_is_whole_again(play: Play, change: Any, recovered: bool, count: int) -> None:
    async def scenario(world: World) -> None:
        room = await _publish(world, 5)
        async with world.connected() as line:
            await line.subscribe(room)
            position = {**await _position(line, room), **change}
            await line.ask(unsubscribe={"channel": room})
            result = await line.subscribe(room, recover=True, **position)
            assert (result.get("recovered", False), len(result.get("publications", []))) == (recovered, count)
            assert result["was_recovering"]
            if not recovered:
                assert await line.ask(unsubscribe={"channel": room}) == {}
                assert await line.subscribe(room, recover=True, flag=3, **position) == {"error": 112}

    play(scenario)


def test_9_2_history_that_does_not_reach_back_is_told(play: Play) -> None:
    async def scenario(world: World) -> None:
        room = await _publish(world, 1)
        async with world.connected() as line:
            await line.subscribe(room)
            position = await _position(line, room)
            await line.ask(unsubscribe={"channel": room})
            await _publish(world, 12, 2)
            result = await line.subscribe(room, recover=True, **position)
            assert (result.get("recovered", False), result["offset"]) == (False, 13)

    play(scenario)


def test_9_4_in_cache_mode_only_the_latest_counts(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            for number in (1, 2, 3):
                await world.app.line.publish(Weather(), number)
            result = await line.subscribe("weather", recover=True)
            assert (result["recovered"], _data(result["publications"])) == (True, [3])
            has = {"offset": result["publications"][0]["offset"], "epoch": result["epoch"]}
            await line.ask(unsubscribe={"channel": "weather"})
            again = await line.subscribe("weather", recover=True, **has)
            assert (again["recovered"], again.get("publications", [])) == (True, [])

    play(scenario)


# Deltas


def _text(publication: Any) -> str:
    """The payload where deltas were negotiated: text in JSON, which Protobuf carries as it is."""
    data = publication["data"]
    return data if isinstance(data, str) else _compact(data)


def _compact(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _patched(base: str, publication: Any) -> str:
    assert publication["delta"]
    return apply_delta(base.encode(), _text(publication).encode()).decode()


_LONG = "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor é"


def _page(number: int) -> dict[str, Any]:
    return {"text": _LONG, "n": number}


def test_11_the_first_is_whole_and_the_next_are_deltas(play: Play) -> None:
    async def scenario(world: World) -> None:
        page = Page(name="1")
        async with world.connected() as line:
            result = await line.subscribe(page.format(), delta="fossil")
            assert result["delta"]
            for number in (1, 2, 3):
                await world.app.line.publish(page, _page(number))
            first = await line.push("pub")
            assert "delta" not in first
            text = _text(first)
            for number in (2, 3):
                text = _patched(text, await line.push("pub"))
                assert text == _compact(_page(number))

    play(scenario)


def test_11_a_recovered_batch_is_deltas_after_its_first(play: Play) -> None:
    async def scenario(world: World) -> None:
        page = Page(name="2")
        for number in (1, 2, 3):
            await world.app.line.publish(page, _page(number))
        async with world.connected() as line:
            result = await line.subscribe(page.format(), delta="fossil", recover=True)
            first, second, third = result["publications"]
            text = _patched(_patched(_text(first), second), third)
            assert text == _compact(_page(3))
            await world.app.line.publish(page, _page(4))
            push = await line.push("pub")
            assert (_patched(text, push) if "delta" in push else _text(push)) == _compact(_page(4))

    play(scenario)


def test_11_nothing_recovered_is_no_base_so_that_the_next_is_whole(play: Play) -> None:
    async def scenario(world: World) -> None:
        page = Page(name="3")
        await world.app.line.publish(page, _page(1))
        top = await world.app.line.position(page)
        async with world.connected() as line:
            result = await line.subscribe(
                page.format(), delta="fossil", recover=True, offset=top.offset, epoch=top.epoch
            )
            assert (result["recovered"], result.get("publications", [])) == (True, [])
            await world.app.line.publish(page, _page(2))
            push = await line.push("pub")
            assert ("delta" in push, _text(push)) == (False, _compact(_page(2)))

    play(scenario)


def test_11_a_channel_without_deltas_negotiates_none(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            assert "delta" not in await line.subscribe(world.room().format(), delta="fossil")
            await _publish(world, 1)
            assert (await line.push("pub"))["data"] == {"n": 1}

    play(scenario)


# Server-side subscriptions, and subscriptions that run out


def test_8_4_the_server_subscribes_who_connects(play: Play) -> None:
    async def scenario(world: World) -> None:
        inbox = Inbox(user="ann")
        async with world.connected(data={"inboxes": [inbox.user]}) as line:
            told = line.connected["subs"][inbox.format()]
            assert (told["recoverable"], told["positioned"]) == (True, True)
            assert await line.subscribe(inbox.format()) == {"error": 105}
            await world.app.line.publish(inbox, "hi")
            assert (await line.push("pub"))["channel"] == inbox.format()

    play(scenario)


def test_8_4_who_comes_back_recovers_them(play: Play) -> None:
    async def scenario(world: World) -> None:
        inbox = Inbox(user="bob")
        name = inbox.format()
        data = {"inboxes": [inbox.user]}
        async with world.connected(data=data) as line:
            top = line.connected["subs"][name]
            position = {"recover": True, "epoch": top["epoch"], "offset": top.get("offset", 0)}
        await world.app.line.publish(inbox, "missed")
        subs = {name: position, "news": position}
        async with world.connected(data=data, subs=subs) as line:
            [(found, told)] = line.connected["subs"].items()
            assert (found, told["recovered"], _data(told["publications"])) == (name, True, ["missed"])

    play(scenario)


def test_8_4_the_server_subscribes_and_unsubscribes_while_it_runs(play: Play) -> None:
    async def scenario(world: World) -> None:
        inbox = Inbox(user="ann")
        async with world.connected() as line, world.connected("bob") as other:
            await world.app.line.subscribe("ann", inbox)
            push = await line.push("subscribe")
            assert (push["channel"], push["recoverable"]) == (inbox.format(), True)
            await world.app.line.publish(inbox, 1)
            assert (await line.push("pub"))["data"] == 1
            await world.app.line.unsubscribe("ann", inbox)
            assert (await line.push("unsubscribe"))["code"] == 2000
            assert other.order == ["connect"]

    play(scenario)


def test_8_3_a_subscription_that_runs_out_is_2501_and_may_be_refreshed(play_in_virtual_time: Play) -> None:
    async def scenario(world: World) -> None:
        trial = Trial(seconds=60).format()
        async with world.connected() as line:
            result = await line.subscribe(trial, token=f"ann/{trial}@60")
            assert (result["expires"], result["ttl"]) == (True, 60)
            await asyncio.sleep(50)
            assert (await line.ask(sub_refresh={"channel": trial, "token": f"ann/{trial}@120"}))["ttl"] == 70
            assert (await line.push("unsubscribe"))["code"] == 2501
            assert world.env.now() == pytest.approx(145, abs=1)
            assert await line.ask(sub_refresh={"channel": trial, "token": f"ann/{trial}@999"}) == {"error": 103}

    play_in_virtual_time(scenario)


def test_6_1_tokens_for_a_channel(play: Play) -> None:
    async def scenario(world: World) -> None:
        inbox = Inbox(user="eve").format()
        later = world.env.now() + 60
        async with world.connected() as line:
            assert await line.subscribe(inbox) == {"error": 103}
            assert await line.subscribe(inbox, token=f"ann/{inbox}@{world.env.now()}") == {"error": 109}
            assert (await line.subscribe(inbox, token=f"ann/{inbox}@{later}"))["recoverable"]
            await line.say(line.command(subscribe={"channel": "inbox:x", "token": f"ann/{inbox}@{later}"}))
            assert await line.closed() == (3500, "invalid token")

    play(scenario)


def test_6_2_a_rule_may_say_something_and_for_how_long(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            result = await line.subscribe(Trial(seconds=60).format())
            assert result["data"] == {"hello": "ann"}

    play(scenario)


def test_9_who_must_take_a_new_snapshot_is_told(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            before = await line.subscribe(world.room().format())
            await world.app.line.invalidate(world.room())
            push = await line.push("unsubscribe")
            assert push["code"] in (2500, 2502)
            position = {"offset": before.get("offset", 0), "epoch": before["epoch"]}
            again = await line.subscribe(world.room().format(), recover=True, **position)
            assert "recovered" not in again

    play(scenario)


def test_8_publications_to_channels_without_history(play: Play) -> None:
    async def scenario(world: World) -> None:
        async with world.connected() as line:
            await line.subscribe("news")
            await world.app.line.publish(News(), 5)
            assert await line.push("pub") == {"channel": "news", "data": 5}

    play(scenario)
