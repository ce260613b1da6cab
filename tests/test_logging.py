"""What the log says, and what it never says: payloads, cookies, tokens, keys."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from offhook import Channel, Client, Denied, History, Identity, Incoming, Limits, Realtime
from offhook.base.observe import JsonLines, Lines, failure
from offhook.jwt import JwtTokens
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env

SECRETS = ("s3cret-payload", "s3cret-cookie", "s3cret-token", "s3cret-key-long-enough", "s3cret-user")
PAYLOAD, COOKIE, TOKEN, KEY, USER = SECRETS


class Room(
    Channel[dict[str, str]], pattern="room:{name}", history=History(10, "1m"), without_subscription=("publish",)
):
    name: str

    async def on_subscribe(self, client: Client[str]) -> None:
        if self.name == "closed":
            raise Denied(PAYLOAD)

    async def on_publish(self, client: Client[str], data: dict[str, str]) -> dict[str, str]:
        raise ValueError(f"cannot take {data}")


async def authenticate(incoming: Incoming) -> Identity[str] | None:
    if "broken" in incoming.query:
        raise KeyError(incoming.headers["cookie"])
    return Identity(USER, USER)


def mischief(app: Realtime) -> Any:
    """Everything that ends up in a log."""
    commands = [
        {"id": 2, "subscribe": {"channel": "room:closed"}},
        {"id": 3, "subscribe": {"channel": "room:a", "token": TOKEN, "data": PAYLOAD}},
        {"id": 4, "subscribe": {"channel": "room:a"}},
        {"id": 5, "publish": {"channel": "room:a", "data": {"text": PAYLOAD}}},
        {"id": 6, "refresh": {"token": TOKEN}},
        PAYLOAD,
    ]
    headers = {"Cookie": COOKIE}

    async def scenario() -> None:
        async with asgi.lifespan(app):
            for command in commands:
                async with asgi.websocket(app, "/connection/websocket", headers=headers) as client:
                    await client.send(json.dumps({"id": 1, "connect": {"data": PAYLOAD}}))
                    await client.receive()
                    await client.send(json.dumps(command))
                    await app.line.publish(Room(name="a"), {"text": PAYLOAD})
            async with asgi.websocket(app, "/connection/websocket", headers=headers) as client:
                await client.send(json.dumps({"id": 1, "connect": {"token": TOKEN}}))
                await client.closed()
            with pytest.raises(asgi.Denied):
                async with asgi.websocket(app, "/connection/websocket?broken", headers=headers):
                    pass
            for key in (KEY, TOKEN):
                body = json.dumps({"channel": "room:a", "data": [PAYLOAD]}).encode()
                await asgi.request(app, "POST", "/api/publish", headers={"X-API-Key": key}, body=body)

    return scenario()


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tokens = JwtTokens(secret="a secret for the tests only, long enough")
    app = Realtime(
        channels=[Room], authenticate=authenticate, tokens=tokens, api_key=KEY, limits=Limits(), env=virtual_env()
    )

    with caplog.at_level(logging.INFO):
        run(mischief(app))

    assert any("authenticate failed: KeyError" in each for each in caplog.messages)
    assert any("a command failed: ValueError" in each for each in caplog.messages)
    said = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert [secret for secret in SECRETS if secret in said] == []


def test_a_record_is_one_line_of_json_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    app = Realtime(channels=[Room], env=virtual_env())

    async def scenario() -> None:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            await client.send("no command")
            await client.closed()

    with caplog.at_level(logging.DEBUG, "offhook.line"):
        run(scenario())

    [record] = [each for each in caplog.records if "ended" in each.getMessage()]
    line: Mapping[str, Any] = json.loads(JsonLines().format(record))
    assert (line["level"], line["logger"], line["code"]) == ("DEBUG", "offhook.line", 3501)
    assert line["text"] == "a line ended: bad request"
    assert len(line["connection"]) == 36


def test_what_a_peer_sends_does_not_look_like_another_record(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines("%(asctime)s %(message)s")
    forged = "/a\n2026-01-01 FORGED\x1b[2J\u2028\x85"
    try:
        raise ValueError(forged)
    except ValueError as error:
        failure(logging.getLogger("x"), f"the socket of {forged} failed", error)
        caught = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "no page at %s", "args": (forged,), "exc_info": caught})
    first, *rest = lines.format(record).split("\n")

    assert "FORGED" in first
    assert first.isprintable()
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert caplog.records[0].getMessage().isprintable()
