"""The one port of ``offhook dev``: the application's process, and Vite behind it for what the browser runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from html import escape
from pathlib import Path
from typing import TypeAlias

from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.dev.files import ServedFiles, is_local
from offhook.dev.serving import Failed
from offhook.transports.lifespan import serve_lifespan

Running: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]

_SUBPROTOCOLS = frozenset({"vite-hmr", "vite-ping"})


class Front:
    """Passes each request on, and keeps it waiting while the application is exchanged.

    :param hosts: names of this machine beside ``localhost`` that a request may have in ``Host``.
    """

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        self._hosts = [host.lower() for host in hosts]
        self._files: ServedFiles | None = None
        self._vite: AsgiApp | None = None
        self._application: AsgiApp | None = None
        self._settled = asyncio.Event()
        self._rendering = asyncio.Event()
        self._rendering.set()
        self._running: Running = _nothing

    def during(self, running: Running) -> None:
        """What runs as long as the server does."""
        self._running = running

    def behind(self, folder: Path, vite: AsgiApp) -> None:
        """Have *vite* serve the views of *folder*."""
        self._files, self._vite = ServedFiles(folder), vite

    def pause(self) -> None:
        """Requests wait from now on."""
        self._settled.clear()

    def use(self, application: AsgiApp) -> None:
        """Requests go to *application* from now on."""
        self._application = application
        self._settled.set()

    def hold_documents(self) -> None:
        """Documents wait from now on: they would be rendered from the views of a moment ago."""
        self._rendering.clear()

    def release_documents(self) -> None:
        """Documents are rendered again."""
        self._rendering.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(self._running, receive, send)
        elif not is_local(host := _host(scope), self._hosts):
            await _refuse(host, scope, receive, send)
        elif self._vite is not None and self._is_of_vite(scope):
            await self._vite(scope, receive, send)
        else:
            if _is_document(scope):
                await self._rendering.wait()
            await self._settled.wait()
            assert self._application is not None
            await self._application(scope, receive, send)

    def _is_of_vite(self, scope: Scope) -> bool:
        if scope["type"] == "websocket":
            return not _SUBPROTOCOLS.isdisjoint(scope["subprotocols"])
        return self._files is not None and self._files.has(scope["path"], scope["query_string"].decode("latin-1"))


def _host(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


async def _refuse(host: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 403 to a request for another machine's name."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    name = host.encode("ascii", "backslashreplace").decode()
    text = f"offhook dev answers for localhost and for addresses, not for {name!r}. Add --hosts NAME to allow one."
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _is_document(scope: Scope) -> bool:
    return (b"sec-fetch-dest", b"document") in scope["headers"]


def broken(failed: Failed) -> AsgiApp:
    """An application that shows why there is none. The page asks again each second."""
    page = _PAGE.format(message=escape(failed.message), stack=escape(failed.stack)).encode()

    async def show(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    return show


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>Does not start</title>
<style>
body {{ margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark }}
pre {{ overflow-x: auto; padding: 1rem; border-left: 3px solid crimson }}
</style>
</head>
<body>
<h1>The application does not start</h1>
<p>{message}</p>
<pre>{stack}</pre>
<p>This page looks again each second.</p>
</body>
</html>
"""


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
