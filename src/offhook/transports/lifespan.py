"""The ASGI lifespan protocol (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send


async def serve_lifespan(
    running: Callable[[], AbstractAsyncContextManager[None]], receive: Receive, send: Send
) -> None:
    """Enter *running* at startup and leave it at shutdown; what it raises is reported to the server and raised."""
    await receive()
    started = False
    try:
        async with running():
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except BaseException as error:
        phase = "shutdown" if started else "startup"
        await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
        raise
    await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def nested(app: AsgiApp, scope: Scope) -> AsyncIterator[None]:
    """*app*, which stands inside another application, between its own startup and shutdown.

    An application that knows no lifespan raises on its *scope*, or ends; then there is nothing to do.

    :raises RuntimeError: it reported that its startup or shutdown failed.
    """
    asked: asyncio.Queue[AsgiMessage] = asyncio.Queue()
    said: asyncio.Queue[AsgiMessage] = asyncio.Queue()

    async def serve() -> None:
        with suppress(Exception):
            await app(scope, asked.get, said.put)
        await said.put({"type": "ended"})

    async def phase(name: str) -> None:
        if serving.done():
            return
        await asked.put({"type": f"lifespan.{name}"})
        answer = await said.get()
        if answer["type"] == f"lifespan.{name}.failed":
            raise RuntimeError(answer.get("message", f"{name} failed"))

    serving = asyncio.ensure_future(serve())
    try:
        await phase("startup")
        try:
            yield
        finally:
            await phase("shutdown")
    finally:
        serving.cancel()
        await asyncio.wait([serving])
