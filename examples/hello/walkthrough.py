"""The walk-through in a terminal: ``python -m examples.hello.walkthrough [--url ws://localhost:8080]``.

Without ``--url`` it starts the application itself, on a free port. Both endings run, one after the other.
"""

import argparse
import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from typing import Literal

import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from examples.hello.app import app
from examples.hello.runs import Tables
from examples.hello.steps import Kind, Seen, State
from offhook.dev.build import build

Ending = Literal["client", "server"]


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The application on a free port of this machine, as long as the block runs; built first if need be."""
    if not app.build.is_dir():
        build(app)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class Client:
    """The client's end: dials, says hello, and notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def _saw(self, kind: Kind, state: State, text: str = "") -> None:
        self.seen.append(Seen("client", kind, state, text))

    async def walk(self, address: str, ending: Ending) -> None:
        """One run, from dialling to the end."""
        self._saw("created", "connecting")
        async with connect(address) as ws:
            self._saw("accepted", "open")
            await ws.send("Hello Server")
            self._saw("sent", "open", "Hello Server")
            self._saw("received", "open", str(await ws.recv()))
            self._saw("waiting", "open")
            await self._end(ws, ending)
        self._saw("closed", "closed", ending)

    @staticmethod
    async def _end(ws: ClientConnection, ending: Ending) -> None:
        if ending == "server":
            await ws.send("Goodbye Server")
        else:
            await ws.close()
        await ws.wait_closed()


async def post(url: str, body: bytes) -> bytes:
    """POST one JSON document to an ``http`` address of this server."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port or 80))
    head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2]


async def run(url: str, ending: Ending) -> Tables:
    """One walk-through against the server at *url*; the tables of both ends."""
    name = uuid.uuid4().hex
    client = Client()
    await client.walk(f"{url}/?run={name}", ending)
    body = msgspec.json.encode({"seen": client.seen})
    return msgspec.json.decode(await post(f"http{url.removeprefix('ws')}/runs/{name}", body), type=Tables)


def text_table(heads: list[str], lines: list[list[str]]) -> str:
    """A table in plain text."""
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    ruled = [heads, ["-" * width for width in widths], *lines]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in ruled
    )


def show(tables: Tables) -> str:
    """Both tables in plain text."""
    first = ["Step", "Action", "Client", "Server", "Message", "Result"]
    second = ["Step", "Client", "Server", "Last message sent", "Last message received"]
    row_cells = [[str(cell) for cell in msgspec.structs.astuple(row)] for row in tables.rows]
    change_cells = [[str(cell) for cell in msgspec.structs.astuple(change)] for change in tables.changes]
    return f"{text_table(first, row_cells)}\n\n{text_table(second, change_cells)}"


async def main(url: str | None) -> None:
    """Print both tables for both endings."""
    async with contextlib.AsyncExitStack() as stack:
        address = url if url is not None else await stack.enter_async_context(served())
        for ending in ("client", "server"):
            print(f"\nThe {ending} closes\n\n{show(await run(address, ending))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="the server to talk to, such as ws://localhost:8080")
    asyncio.run(main(parser.parse_args().url))
