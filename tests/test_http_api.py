"""The HTTP API: publishing and asking from another server."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from offhook import Channel, Client, History, Identity, Incoming, Limits, Realtime, UsageError
from offhook.brokers.memory import MemoryBroker
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env

KEY = "a key for the tests only"


class Board(Channel[dict[str, int]], pattern="board:{name}", history=History(10, "1m"), presence=True):
    name: str

    async def on_subscribe(self, client: Client[str]) -> None:
        return


class Plain(Channel[dict[str, int]], pattern="plain:{name}"):
    """It keeps nothing, and does not know who is there."""

    name: str


async def by_header(incoming: Incoming) -> Identity[str] | None:
    name = incoming.headers.get("x-user")
    return Identity(name, name) if name else None


class Server:
    """A server that has the key."""

    def __init__(self, **options: Any) -> None:
        self.app = Realtime(
            channels=[Board, Plain], authenticate=by_header, api_key=KEY, env=virtual_env(), **options
        )

    async def call(self, verb: str, body: object, *, key: str = KEY, method: str = "POST") -> asgi.Response:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await asgi.request(self.app, method, f"/api/{verb}", headers={"X-API-Key": key}, body=sent)

    async def result(self, verb: str, **body: object) -> Any:
        answer = json.loads((await self.call(verb, body)).body)
        return answer["result"]

    async def error(self, verb: str, **body: object) -> Any:
        answer = await self.call(verb, body)
        assert answer.status == 200
        return json.loads(answer.body)["error"]


def test_what_is_published_has_a_position_and_is_in_the_history() -> None:
    server = Server()

    async def scenario() -> None:
        async with asgi.lifespan(server.app):
            first = await server.result("publish", channel="board:a", data={"n": 1}, tags={"by": "x"})
            again = await server.result("position", channel="board:a")
            history = await server.result("history", channel="board:a", limit=-1)
        assert first == again == {"offset": 1, "epoch": history["epoch"]}
        [publication] = history["publications"]
        assert (publication["data"], publication["tags"], history["offset"]) == ({"n": 1}, {"by": "x"}, 1)

    run(scenario())


def test_publishing_again_with_the_same_key_or_an_old_version_changes_nothing() -> None:
    server = Server()

    async def scenario() -> list[int]:
        async with asgi.lifespan(server.app):
            told: list[Mapping[str, Any]] = [{"idempotency_key": "k"}] * 2 + [{"version": 5}, {"version": 4}]
            return [(await server.result("publish", channel="board:a", data={}, **how))["offset"] for how in told]

    assert run(scenario()) == [1, 1, 2, 2]


def test_a_broadcast_answers_for_each_channel() -> None:
    server = Server()

    async def scenario() -> Any:
        async with asgi.lifespan(server.app):
            return await server.result("broadcast", channels=["board:a", "nowhere", "board:b"], data={"n": 1})

    one, nowhere, other = run(scenario())["responses"]
    assert one["result"]["offset"] == other["result"]["offset"] == 1
    assert nowhere == {"error": {"code": 102, "message": "unknown channel"}}


def test_history_by_pages_in_both_directions() -> None:
    server = Server()

    async def scenario() -> None:
        async with asgi.lifespan(server.app):
            for n in range(4):
                epoch = (await server.result("publish", channel="board:a", data={"n": n}))["epoch"]

            async def offsets(**how: object) -> list[int]:
                page = await server.result("history", channel="board:a", **how)
                return [each["offset"] for each in page["publications"]]

            assert await offsets() == []
            assert await offsets(limit=2) == [1, 2]
            assert await offsets(limit=2, since={"offset": 2, "epoch": epoch}) == [3, 4]
            assert await offsets(limit=2, reverse=True) == [4, 3]
            positions = await server.result("positions", channels=["board:a", "board:b"])
            assert [each["offset"] for each in positions["positions"].values()] == [4, 0]

    run(scenario())


def test_a_history_answer_is_bounded_and_a_long_broadcast_reaches_all() -> None:
    server = Server()

    async def scenario() -> None:
        async with asgi.lifespan(server.app):
            channels = [f"board:{n}" for n in range(150)]
            answer = await server.result("broadcast", channels=channels, data={"n": 1}, tags={"x": "x" * 400_000})
            assert [each["result"]["offset"] for each in answer["responses"]] == [1] * 150
            for _ in range(3):
                await server.result("publish", channel="board:1", data={"n": 1}, tags={"x": "x" * 400_000})
            page = await server.result("history", channel="board:1", limit=-1)
            since = {"offset": 2, "epoch": page["epoch"]}
            rest = await server.result("history", channel="board:1", limit=-1, since=since)
            offsets = [[each["offset"] for each in one["publications"]] for one in (page, rest)]
            assert (offsets, page["offset"]) == ([[1, 2], [3, 4]], 4)

    run(scenario())


def test_users_are_subscribed_seen_unsubscribed_and_disconnected() -> None:
    server = Server()

    async def scenario() -> None:
        line = asgi.websocket(server.app, "/connection/websocket", headers={"X-User": "ann"})
        async with asgi.lifespan(server.app), line as client:
            await client.send('{"id":1,"connect":{}}')
            await client.receive()
            await server.result("subscribe", user="ann", channel="board:a")
            assert '"subscribe"' in str(await client.receive())
            assert '"join"' in str(await client.receive())
            present = await server.result("presence", channel="board:a")
            assert [each["user"] for each in present["presence"].values()] == ["ann"]
            assert await server.result("presence_stats", channel="board:a") == {"num_clients": 1, "num_users": 1}
            await server.result("unsubscribe", user="ann", channel="board:a")
            assert '"unsubscribe"' in str(await client.receive())
            await server.result("disconnect", user="ann", disconnect={"code": 4000, "reason": "bye"})
            closed = await client.closed()
            assert (closed.code, closed.reason) == (4000, "bye")

    run(scenario())


def test_an_invalidated_channel_has_another_epoch() -> None:
    server = Server()

    async def scenario() -> None:
        async with asgi.lifespan(server.app):
            before = await server.result("position", channel="board:a")
            await server.result("invalidate", channel="board:a")
            assert (await server.result("position", channel="board:a"))["epoch"] != before["epoch"]

    run(scenario())


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("publish", {"channel": "nowhere", "data": 1}, 102),
        ("publish", {"channel": "board:a", "data": {"n": "text"}}, 107),
        ("publish", {"channel": "board:a", "data": {}, "tags": {"action": "ours"}}, 107),
        ("position", {"channel": "plain:a"}, 108),
        ("history", {"channel": "plain:a"}, 108),
        ("presence", {"channel": "plain:a"}, 108),
        ("presence_stats", {"channel": "plain:a"}, 108),
        ("disconnect", {"user": "ann", "disconnect": {"code": 1000}}, 107),
        ("disconnect", {"user": "ann", "disconnect": {"code": 4000, "reason": "x" * 124}}, 107),
    ],
)
def test_a_refusal_has_its_code(verb: str, body: dict[str, Any], code: int) -> None:
    server = Server()

    async def scenario() -> Any:
        async with asgi.lifespan(server.app):
            return await server.error(verb, **body)

    assert run(scenario())["code"] == code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"channel":"board:a"}',
        b'{"channel":1,"data":1}',
        b'{"channel":"board:a","data":{},"idempotencyKey":"misspelt"}',
        b'{"channel":"board:a","data":{},"version":1e400}',
    ],
)
def test_what_is_not_a_request_is_400(body: bytes) -> None:
    server = Server()

    async def scenario() -> int:
        async with asgi.lifespan(server.app):
            return (await server.call("publish", body)).status

    assert run(scenario()) == 400


@pytest.mark.parametrize("key", ["", "a key for the tests onlx", KEY + "x", KEY[:-1], "\xff"])
def test_without_the_key_nobody_is_heard(key: str) -> None:
    server = Server()

    async def scenario() -> None:
        async with asgi.lifespan(server.app):
            answer = await server.call("publish", {"channel": "board:a", "data": {}}, key=key)
            assert (answer.status, b"result" in answer.body) == (401, False)
            assert (await server.result("position", channel="board:a"))["offset"] == 0

    run(scenario())


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "HEAD"])
def test_only_posts_are_heard(method: str) -> None:
    server = Server()

    async def scenario() -> asgi.Response:
        async with asgi.lifespan(server.app):
            return await server.call("publish", {}, method=method)

    answer = run(scenario())
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "access-control-allow-origin" not in answer.headers


def test_a_body_has_a_bound() -> None:
    server = Server(limits=Limits(body=1000))

    async def scenario() -> int:
        async with asgi.lifespan(server.app):
            return (await server.call("publish", b" " * 1001)).status

    assert run(scenario()) == 413


def test_other_addresses_are_not_the_apis() -> None:
    server, closed = Server(), Realtime(channels=[Board])

    async def scenario() -> list[int]:
        answers = [await server.call("unknown", {}), await asgi.request(closed, "POST", "/api/publish")]
        return [answer.status for answer in answers]

    assert run(scenario()) == [404, 404]


def test_a_broker_that_fails_is_100_and_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(broker=Failing())

    async def scenario() -> Any:
        async with asgi.lifespan(server.app):
            return await server.error("position", channel="board:a")

    with caplog.at_level(logging.ERROR):
        assert run(scenario()) == {"code": 100, "message": "internal server error", "temporary": True}
    [line] = caplog.messages
    assert "ZeroDivisionError" in line


class Failing(MemoryBroker):
    """A broker with a mistake in it."""

    async def positions(self, channels: Any) -> Any:
        return 1 / 0


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_is_no_secret(key: str) -> None:
    with pytest.raises(UsageError, match="at least 16 characters"):
        Realtime(channels=[Board], api_key=key)
