"""Somebody else who is served meanwhile: ``python -m tests.attacks.bystanders PORT``, until its input ends.

A process of its own, so that what it measures is the server's doing and not the attacker's. For each line of its
input it says in JSON what was seen since the last one.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from websockets.asyncio.client import ClientConnection, connect

from tests.attacks.peer import PATIENCE

_PAUSE = 0.02
Round = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Seen:
    """What one kind of client has seen: how often it was served, its longest wait in seconds, and what failed."""

    rounds: int = 0
    longest: float = 0.0
    failed: str = ""


class Bystander:
    """One who asks again and again."""

    def __init__(self, once: Round) -> None:
        self.seen = Seen()
        self._once = once
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """For ever; a failure ends it."""
        while not self.seen.failed:
            asked, began = self._asked, time.monotonic()
            try:
                await asyncio.wait_for(self._once(), PATIENCE)
            except Exception as error:
                self.seen.failed = f"{type(error).__name__}: {error}"
            self.seen.rounds += 1
            self.seen.longest = max(self.seen.longest, time.monotonic() - began)
            asked.set()
            await asyncio.sleep(_PAUSE)
        self._asked.set()

    async def look(self) -> Seen:
        """What was seen since the last look, with one more round that begins now."""
        self._asked = asyncio.Event()
        if not self.seen.failed:
            await self._asked.wait()
        seen = self.seen
        self.seen = Seen(failed=seen.failed)
        return seen


async def _page(port: int) -> None:
    """A request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:80]


async def _echo(socket: ClientConnection) -> None:
    await socket.send("?")
    assert await socket.recv() == "?"


async def _published(socket: ClientConnection) -> None:
    """Publish, and hear it as a subscriber."""
    await socket.send('{"id":3,"publish":{"channel":"feed:bystanders","data":"!"}}')
    missing = {"pub", "publish"}
    while missing:
        for line in str(await socket.recv()).splitlines():
            reply = json.loads(line)
            if not reply:
                await socket.send("{}")
            missing -= {*reply, *reply.get("push", {})}


async def _bystand(port: int) -> None:
    address = f"ws://127.0.0.1:{port}"
    async with connect(f"{address}/echo") as raw, connect(f"{address}/connection/websocket") as line:
        await line.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"feed:bystanders"}}')
        kinds = {
            "page": Bystander(lambda: _page(port)),
            "echo": Bystander(lambda: _echo(raw)),
            "line": Bystander(lambda: _published(line)),
        }
        running = [asyncio.create_task(each.run()) for each in kinds.values()]
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({name: asdict(await each.look()) for name, each in kinds.items()}), flush=True)
        for each in running:
            each.cancel()


if __name__ == "__main__":
    asyncio.run(_bystand(int(sys.argv[1])))
