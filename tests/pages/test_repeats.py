"""A form that is sent twice by a double click."""

import asyncio
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from offhook.pages.results import redirect
from offhook.pages.routes import route

from .support import FORM, Exchange, Reply, site

BROWSER = {"content-type": FORM, "origin": "http://site.test", "sec-fetch-mode": "navigate", "cookie": "a=b"}


class Orders:
    """An action that takes as long as a test lets it."""

    def __init__(self, fails: bool = False, streams: bool = False) -> None:
        self.made: list[str] = []
        self.ready = asyncio.Event()
        self._fails, self._streams = fails, streams

    async def action(self, form: dict[str, str]) -> Any:
        self.made.append(form["what"])
        number = len(self.made)
        await self.ready.wait()
        if self._fails:
            raise RuntimeError
        return StreamingResponse(iter(["tea"])) if self._streams else redirect(f"/orders/{number}")


def twice(orders: Orders, second: dict[str, str] | None = None, body: bytes = b"what=tea") -> list[Reply]:
    async def run() -> list[Reply]:
        app = site([route("a", "a")], a={"action": orders.action})
        sent = [("/a", b"what=tea", BROWSER), ("/a", body, {**BROWSER, **(second or {})})]
        exchanges = [Exchange("POST", target, named, [body]) for target, body, named in sent]
        async with asyncio.TaskGroup() as group:
            for exchange in exchanges:
                group.create_task(exchange.run(app))
            for _ in range(100):
                await asyncio.sleep(0)  # both requests are as far as they can come
            orders.ready.set()
        return [exchange.reply for exchange in exchanges]

    return asyncio.run(run())


@pytest.mark.parametrize("fails", [False, True])
def test_the_second_gets_the_answer_of_the_first(fails: bool) -> None:
    orders = Orders(fails)

    first, second = twice(orders)

    assert orders.made == ["tea"]
    assert (first.status, first.header("location"), first.body) == (
        second.status,
        second.header("location"),
        second.body,
    )


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"what=coffee"),
        ({"cookie": "a=c"}, b"what=tea"),
        ({"sec-fetch-mode": "cors"}, b"what=tea"),
    ],
)
def test_what_differs_is_no_repetition(headers: dict[str, str], body: bytes) -> None:
    orders = Orders()

    replies = twice(orders, headers, body)

    assert [reply.header("location") for reply in replies] == ["/orders/1", "/orders/2"]


def test_a_stream_is_sent_once() -> None:
    orders = Orders(streams=True)

    assert [reply.body for reply in twice(orders)] == [b"tea", b"tea"]
    assert orders.made == ["tea", "tea"]


def test_after_the_answer_it_is_a_submission_of_its_own() -> None:
    orders = Orders()

    twice(orders)
    orders.ready = asyncio.Event()
    twice(orders)

    assert orders.made == ["tea", "tea"]
