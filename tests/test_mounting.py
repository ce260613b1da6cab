"""The engine inside, and in front of, other frameworks' applications: any prefix, with and without a lifespan."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from offhook import Realtime, UsageError
from offhook.base.types import AsgiApp
from offhook.testing import asgi
from offhook.testing.clock import run, virtual_env
from tests.apps.ticks import Ticks

SUBSCRIBE = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"ticks:a"}}'


class Site:
    """A Starlette application with the engine mounted at *prefix*, and two views that publish."""

    def __init__(self, prefix: str) -> None:
        self.realtime = Realtime(channels=[Ticks], env=virtual_env(), api_key="for the tests only")
        routes = [
            Route("/count", self.count),
            Route("/count-sync", self.count_sync),
            Mount(prefix, app=self.realtime),
        ]
        self.app = Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await self.realtime.start()
        yield
        await self.realtime.stop()

    async def count(self, request: Request) -> Response:
        await self.realtime.line.publish(Ticks(name="a"), {"n": 1})
        return PlainTextResponse("counted")

    def count_sync(self, request: Request) -> Response:
        self.realtime.line.publish_sync(Ticks(name="a"), {"n": 2})
        return PlainTextResponse("counted")


async def subscribed(client: asgi.WebSocketClient) -> None:
    await client.send(SUBSCRIBE)
    while '"id":2' not in str(await client.receive()):
        pass


async def numbers(client: asgi.WebSocketClient, count: int) -> list[int]:
    """The numbers of the next publications."""
    found: list[int] = []
    while len(found) < count:
        lines = [json.loads(line) for line in str(await client.receive()).splitlines()]
        found += [line["push"]["pub"]["data"]["n"] for line in lines if "pub" in line.get("push", {})]
    return found


async def follow(app: AsgiApp, prefix: str, *views: str) -> list[int]:
    """Ask for *views* while a line is open, and hear what they publish."""
    async with asgi.websocket(app, f"{prefix}/connection/websocket") as client:
        await subscribed(client)
        for view in views:
            async with asgi.stream(app, "GET", view) as answer:
                assert answer.status == 200
        return await numbers(client, len(views))


@pytest.mark.parametrize("prefix", ["", "/realtime", "/a/b"])
@pytest.mark.parametrize("lifespan", [True, False])
def test_mounted_at_any_prefix_with_and_without_a_lifespan(prefix: str, lifespan: bool) -> None:
    async def scenario() -> list[int]:
        site = Site(prefix)
        if not lifespan:
            return await follow(site.app, prefix, "/count", "/count-sync")
        async with asgi.lifespan(site.app):
            return await follow(site.app, prefix, "/count", "/count-sync")

    assert asyncio.run(scenario()) == [1, 2]


def test_all_endpoints_stand_below_the_prefix() -> None:
    site = Site("/realtime")

    async def scenario() -> list[int]:
        async with asgi.lifespan(site.app):
            api = {"X-API-Key": "for the tests only"}
            answers = [
                await asgi.request(site.app, "POST", "/realtime/emulation", body=b"{"),
                await asgi.request(site.app, "POST", "/realtime/api/position", headers=api, body=b"{}"),
                await asgi.request(site.app, "POST", "/api/position", headers=api),
                await asgi.request(site.app, "POST", "/realtime/realtime/api/position", headers=api),
            ]
        return [answer.status for answer in answers]

    assert run(scenario()) == [400, 400, 404, 404]


def test_mounted_in_an_application_of_fastapi() -> None:
    realtime = Realtime(channels=[Ticks])
    app = FastAPI()
    app.mount("/realtime", realtime)

    @app.get("/count")
    def count() -> None:
        realtime.line.publish_sync(Ticks(name="a"), {"n": 7})

    assert asyncio.run(follow(app, "/realtime", "/count")) == [7]


def test_in_front_of_a_django_project() -> None:
    from tests.apps.django_site import application

    async def scenario() -> list[int]:
        async with asgi.lifespan(application):
            return await follow(application, "", "/count/1", "/count-async/2")

    assert asyncio.run(scenario()) == [1, 2]


def test_a_second_event_loop_is_a_mistake() -> None:
    site = Site("/realtime")

    async def first() -> None:
        await site.realtime.start()

    async def second() -> None:
        await site.realtime.line.publish(Ticks(name="a"), {"n": 1})

    with asyncio.Runner() as runner:
        runner.run(first())
        with pytest.raises(UsageError, match="another event loop"), asyncio.Runner() as other:
            other.run(second())
        runner.run(site.realtime.stop())
