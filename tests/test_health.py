"""Probes and metrics of an engine."""

import asyncio
import subprocess
import sys

import pytest

from offhook import Channel, Client, History, Limits, Realtime, UsageError
from offhook.brokers.memory import MemoryBroker
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env

KEY = "a key for the tests only"


class Room(Channel[dict[str, str]], pattern="room:{name}", history=History(1, "1m")):
    name: str

    async def on_subscribe(self, client: Client[None]) -> None:
        return


def watched() -> Realtime:
    return Realtime(channels=[Room], health=True, metrics_key=KEY, env=virtual_env())


async def numbers(app: Realtime) -> dict[str, float]:
    answer = await asgi.request(app, "GET", "/metrics", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("offhook_"): float(value) for name, _, value in lines}


async def status(app: Realtime, path: str, method: str = "GET") -> int:
    return (await asgi.request(app, method, path)).status


async def joined(client: asgi.WebSocketClient, since: str = "") -> None:
    await client.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:secret"' + since + "}}")
    while '"id":2' not in str(await client.receive()):
        pass


def test_a_process_is_ready_while_its_engine_and_its_broker_are() -> None:
    class Away(MemoryBroker):
        ready = False

    async def scenario() -> list[int]:
        app, away = watched(), Realtime(channels=[Room], broker=Away(), health=True)
        async with asgi.lifespan(app), asgi.lifespan(away):
            seen = [await status(app, "/readyz"), await status(away, "/readyz"), await status(away, "/healthz")]
        return [*seen, await status(app, "/readyz"), await status(app, "/healthz")]

    assert run(scenario()) == [200, 503, 200, 503, 200]


def test_what_happened_is_counted() -> None:
    app = watched()

    async def scenario() -> None:
        async with asgi.lifespan(app):
            async with asgi.websocket(app, "/connection/websocket") as client:
                await joined(client)
                await client.send('{"id":3,"subscribe":{"channel":"nowhere"}}')
                await app.line.publish(Room(name="secret"), {"text": "private"})
                while "private" not in str(await client.receive()):
                    pass
                during = await numbers(app)
            async with asgi.websocket(app, "/connection/websocket") as client:
                await joined(client, ',"recover":true,"offset":1,"epoch":"other"')
            async with asgi.websocket(app, "/connection/websocket") as client:
                await joined(client, ',"recover":true,"offset":1')
            after = await numbers(app)
        assert (during["connections"], during["subscriptions"], during["channels"]) == (1, 1, 1)
        assert (during["publications_total"], during["deliveries_total"]) == (1, 1)
        assert during["delivered_bytes_total"] > len('{"text":"private"}')
        assert during['command_errors_total{code="102"}'] == during["broker_ready"] == 1
        assert (after["connections"], after["connections_opened_total"], after["queue_bytes"]) == (0, 3, 0)
        assert after['disconnects_total{code="3000"}'] == 3
        assert after['recoveries_total{result="lost"}'] == after['recoveries_total{result="recovered"}'] == 1

    run(scenario())


def test_what_waits_for_a_slow_client_is_counted() -> None:
    app = Realtime(channels=[Room], metrics_key=KEY, limits=Limits(write=1000), env=virtual_env())

    async def scenario() -> float:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            await joined(client)
            client.stall()
            for _ in range(3):
                await app.line.publish(Room(name="secret"), {"text": "x" * 1000})
                await asyncio.sleep(0)  # or all of them are one write
            return (await numbers(app))["queue_bytes"]

    assert run(scenario()) > 2000


def test_metrics_name_no_channel_and_no_text() -> None:
    app = watched()

    async def scenario() -> str:
        async with asgi.lifespan(app), asgi.websocket(app, "/connection/websocket") as client:
            await joined(client)
            await app.line.publish(Room(name="secret"), {"text": "private"})
            answer = await asgi.request(app, "GET", "/metrics", headers={"Authorization": f"Bearer {KEY}"})
            return answer.text

    text = run(scenario())
    assert "secret" not in text
    assert "private" not in text


@pytest.mark.parametrize("sent", ["", "Bearer", f"Bearer {KEY}x", KEY, "Bearer \xff"])
def test_metrics_want_their_key(sent: str) -> None:
    app = watched()

    async def scenario() -> asgi.Response:
        return await asgi.request(app, "GET", "/metrics", headers={"Authorization": sent})

    answer = run(scenario())
    assert (answer.status, b"offhook_" in answer.body) == (401, False)


def test_other_methods_and_what_was_not_asked_for() -> None:
    async def scenario() -> list[int]:
        app, plain = watched(), Realtime(channels=[Room])
        head = await asgi.request(app, "HEAD", "/healthz")
        assert (head.body, head.headers["content-length"]) == (b"", "3")
        refused = [await status(app, path, "POST") for path in ("/healthz", "/metrics")]
        return [*refused, *[await status(plain, path) for path in ("/healthz", "/readyz", "/metrics")]]

    assert run(scenario()) == [405, 405, 404, 404, 404]


def test_a_key_that_is_no_secret() -> None:
    with pytest.raises(UsageError, match="at least 16 characters"):
        Realtime(channels=[Room], metrics_key="short")


def test_metrics_without_the_extra() -> None:
    program = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from offhook import Realtime, UsageError\n"
        "Realtime(channels=[], health=True)\n"
        "try: Realtime(channels=[], metrics_key='x' * 16)\n"
        "except UsageError as error: print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed == "metrics need prometheus-client: install offhook[metrics]\n"
