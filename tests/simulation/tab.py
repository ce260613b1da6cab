"""One tab of a browser and its network."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

from offhook.testing.asgi import Closed, WebSocketClient, request, websocket
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.server import Server

_ORIGIN = {"origin": "http://testserver"}
_LONG = 3600.0
_FINE = 1e-6
"""Seconds by which a timer is later than due, so that rounding does not make it too early."""


class Tab:
    """A tab in Node. Everything that it wants it gets through *network* from *server*."""

    def __init__(self, node: Node, network: Network, server: Server) -> None:
        self.network = network
        self.complaints: list[str] = []
        self.screen: Mapping[str, Any] = {}
        self._node = node
        self._server = server
        self._lines: dict[int, asyncio.Queue[str | None]] = {}
        self._drawn = ""
        self._document = 0
        self._loads = 0
        self._asking = 0
        self._timer: asyncio.TimerHandle | None = None

    # What a user does

    async def open(self, path: str) -> None:
        """Load a document."""
        self._loads += 1
        load = self._loads
        answer = await self._server.serve(request(self._server.app, "GET", path, deadline=_LONG))
        if load == self._loads:
            self._leave()
            self.tell("open", url=f"http://testserver{path}", html=answer.text)

    def look(self) -> Mapping[str, Any]:
        """What the screen shows."""
        self.tell("look")
        return self.screen

    @property
    def idle(self) -> bool:
        """Whether no request is on its way."""
        return self._asking == 0

    def draw(self, page: str) -> str:
        """A page's document, by the renderer that would run in the server."""
        self.tell("render", page=page)
        return self._drawn

    def tell(self, does: str, **what: Any) -> None:
        """Let something happen in the tab."""
        loop = asyncio.get_running_loop()
        wants, due = self._node.tell(does, loop.time() * 1000, **what)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else loop.call_at(due / 1000 + _FINE, self.tell, "time")
        granting: Mapping[str, Callable[..., None]] = {
            "fetch": self._fetch,
            "open": self._open,
            "send": self._send,
            "close": self._close,
            "leave": self._navigate,
            "looked": lambda **seen: setattr(self, "screen", seen),
            "rendered": lambda page: setattr(self, "_drawn", page),
            "complaint": lambda text: self.complaints.append(text),
        }
        for want in wants:
            granting[want.pop("want")](**want)

    def end(self) -> None:
        """Close the tab."""
        self._leave()
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self) -> None:
        """The document goes, and with it all that it had open."""
        self._document += 1
        self._asking = 0
        for sending in self._lines.values():
            sending.put_nowait(None)
        self._lines.clear()

    # What a tab wants

    def _navigate(self, url: str) -> None:
        self.network.start(self.open(urlsplit(url).path), lambda: None)

    def _fetch(self, number: int, method: str, url: str, headers: dict[str, str], body: str) -> None:
        document = self._document
        self._asking += 1

        def over(does: str, **what: Any) -> None:
            if document == self._document:
                self._asking -= 1
                self.tell(does, number=number, **what)

        async def refused() -> None:
            """A network that lets no long answers through: the line is a WebSocket here, or nothing."""
            await self.network.travel()
            over("fail")

        async def exchange() -> None:
            await self.network.travel()
            target = "?".join(filter(None, urlsplit(url)[2:4]))
            asking = request(
                self._server.app,
                method,
                target,
                headers={**_ORIGIN, **headers},
                body=body.encode(),
                deadline=_LONG,
            )
            answer = await self._server.serve(asking)
            await self.network.travel()
            over("answer", status=answer.status, headers=dict(answer.headers), body=answer.text)

        is_line = urlsplit(url).path.startswith("/connection/")
        self.network.start(refused() if is_line else exchange(), lambda: over("fail"))

    def _open(self, number: int, url: str) -> None:
        sending: asyncio.Queue[str | None] = asyncio.Queue()
        self._lines[number] = sending

        def closed(code: int = 1006, reason: str = "") -> None:
            if self._lines.get(number) is sending:
                del self._lines[number]
                self.tell("closed", number=number, code=code, reason=reason)

        async def line() -> None:
            await self.network.travel()
            try:
                async with websocket(
                    self._server.app, urlsplit(url).path, headers=_ORIGIN, deadline=_LONG
                ) as client:
                    if self._lines.get(number) is sending:
                        self.tell("accepted", number=number)
                    await _first(self._upwards(sending, client), self._downwards(number, sending, client))
            except Closed as end:
                closed(end.code, end.reason)

        self.network.start(line(), closed)

    async def _upwards(self, sending: "asyncio.Queue[str | None]", client: WebSocketClient) -> None:
        while (data := await sending.get()) is not None:
            await self.network.travel()
            await client.send(data)

    async def _downwards(self, number: int, sending: "asyncio.Queue[str | None]", client: WebSocketClient) -> None:
        while True:
            data = await client.receive()
            await self.network.travel()
            if self._lines.get(number) is sending:
                self.tell("received", number=number, data=data)

    def _send(self, number: int, data: str) -> None:
        if number in self._lines:
            self._lines[number].put_nowait(data)

    def _close(self, number: int, code: int, reason: str) -> None:
        sending = self._lines.pop(number, None)
        if sending is not None:
            sending.put_nowait(None)
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: self.tell("closed", number=number, code=code, reason=reason))


async def _first(*parts: Coroutine[Any, Any, None]) -> None:
    """All until one of them ends; its failure is ours."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
