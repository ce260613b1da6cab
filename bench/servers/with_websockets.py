"""``websockets``: its server on uvloop, and its ``broadcast``."""

import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

_subscribers: set[ServerConnection] = set()


async def _socket(connection: ServerConnection) -> None:
    assert connection.request is not None
    match connection.request.path:
        case "/sub":
            _subscribers.add(connection)
            try:
                await connection.wait_closed()
            finally:
                _subscribers.discard(connection)
        case "/pub":
            async for text in connection:
                broadcast(_subscribers, text)
        case "/echo":
            async for text in connection:
                await connection.send(text)


async def main(port: int) -> None:
    """Serve until killed."""
    async with serve(_socket, "127.0.0.1", port, compression=None, backlog=2048) as server:
        await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
