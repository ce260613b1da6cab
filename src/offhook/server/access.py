"""One line for each request and each upgrade. The query is left out: tokens travel in it."""

import asyncio
import logging
from urllib.parse import quote

from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send

LOG = logging.getLogger("offhook.access")
_UPGRADED = 101
_DENIED = 403
_GONE = 499
"""Nobody was there any more to be answered; a number that nginx made known."""
_FAILED = 500


class AccessLog:
    """*app*, of whose answers is told: of an HTTP answer when it has ended, of a WebSocket when it is opened."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask *app*, and tell what it answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        try:
            await self._app(scope, receive, answer.send)
        except BaseException:
            answer.tell(_FAILED)
            raise
        answer.tell(_GONE)


class _Answer:
    """One answer: what is said of it, once."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._status: int | None = None
        self._told = False
        self._began = asyncio.get_running_loop().time()

    async def send(self, message: AsgiMessage) -> None:
        """ASGI's ``send``."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self._status = message["status"]
            case "websocket.accept":
                self.tell(_UPGRADED)
            case "websocket.close":
                self.tell(_DENIED)
        await self._send(message)

    def tell(self, status: int) -> None:
        """Log it, with *status* unless it has one."""
        if not self._told:
            self._told = True
            seconds = asyncio.get_running_loop().time() - self._began
            log(_client(self._scope), _method(self._scope), _path(self._scope), self._status or status, seconds)


def log(client: str, method: str, path: str, status: int, seconds: float) -> None:
    """One line."""
    fields = {"client": client, "method": method, "path": path, "status": status, "seconds": round(seconds, 3)}
    LOG.info('%s "%s %s" %d %.3f', client, method, path, status, seconds, extra=fields)


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "-"


def _method(scope: Scope) -> str:
    return "GET" if scope["type"] == "websocket" else str(scope["method"])


def _path(scope: Scope) -> str:
    return quote(scope["path"])
