"""``WebSocket`` for a route's own socket: whatever the application and any WebSocket client agree on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Self

from offhook.base import observe
from offhook.base.errors import CommandError, Disconnect
from offhook.base.incoming import Incoming
from offhook.base.limits import Limits
from offhook.base.types import AsgiMessage, Payload, Receive, Scope, Send
from offhook.transports.base import await_upgrade, deny, exceeds

# RFC 6455, section 7.4.1
_NORMAL = 1000
_NO_STATUS = 1005
_ABNORMAL = 1006
_POLICY = 1008
_TOO_BIG = 1009
_INTERNAL = 1011


class WebSocketState(StrEnum):
    """Where a socket stands, in the words of the browser's ``readyState``."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Closed(Exception):
    """The socket is closed: by the peer, by us, or because the network is gone."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class WebSocket:
    """One connection of any WebSocket client.

    It is accepted when it is first used, or by ``accept``. ``async for`` receives until it is closed::

        async def socket(ws: WebSocket) -> None:
            async for text in ws:
                await ws.send(text)

    Every method may be cancelled, and the socket can be used afterwards. Two tasks may use it at once, one of them
    to receive.

    ``incoming`` is the request that opened it. ``close_code`` and ``close_reason`` say how it was closed, and are
    None and empty until then.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, incoming: Incoming, limits: Limits) -> None:
        self.incoming = incoming
        self.state = WebSocketState.CONNECTING
        self.close_code: int | None = None
        self.close_reason = ""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limits = limits

    async def accept(self, subprotocol: str | None = None) -> None:
        """Complete the upgrade, with one of the subprotocols that the client offered if any; once is enough.

        :raises Closed: the client is gone.
        """
        if self.state is WebSocketState.CONNECTING:
            self.state = WebSocketState.OPEN
            await self._pass_on({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive(self) -> Payload:
        """The next message: text as ``str``, binary as ``bytes``.

        :raises Closed: no further one will come.
        """
        await self.accept()
        self._check_open()
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._ended(message.get("code", _NO_STATUS), message.get("reason") or "")
            self._check_open()
        text: str | None = message.get("text")
        data: Payload = message["bytes"] if text is None else text
        if exceeds(data, self._limits.socket_message):
            await self.close(_TOO_BIG, "message too big")
            self._check_open()
        return data

    async def send(self, data: Payload) -> None:
        """Send one message; returns when the network has taken it.

        :raises Closed: it cannot be sent any more; also when the peer did not read for ``Limits.write`` seconds.
        """
        await self.accept()
        self._check_open()
        await self._pass_on({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})

    async def close(self, code: int = _NORMAL, reason: str = "") -> None:
        """Close, or refuse with 403 when it was not accepted; nothing when it is closed already."""
        if self.state is WebSocketState.CONNECTING:
            await self._refuse(403)
        elif self.state is WebSocketState.OPEN:
            self.state = WebSocketState.CLOSING
            with contextlib.suppress(Closed):
                await self._pass_on({"type": "websocket.close", "code": code, "reason": reason})
            self._ended(code, reason)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Payload:
        try:
            return await self.receive()
        except Closed:
            raise StopAsyncIteration from None

    async def _refuse(self, status: int) -> None:
        self._ended(_ABNORMAL, "")
        with contextlib.suppress(OSError):
            await deny(self._scope, self._send, status)

    async def _pass_on(self, message: AsgiMessage) -> None:
        """Send; what a server raises for a connection that is gone differs from server to server."""
        try:
            async with asyncio.timeout(self._limits.write):
                await self._send(message)
        except (OSError, RuntimeError):
            self._ended(_ABNORMAL, "")
            self._check_open()

    def _ended(self, code: int, reason: str) -> None:
        self.state = WebSocketState.CLOSED
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason

    def _check_open(self) -> None:
        if self.state is not WebSocketState.OPEN:
            raise Closed(self.close_code or _ABNORMAL, self.close_reason)


async def serve_socket(ws: WebSocket, handler: Callable[[], Awaitable[object]]) -> None:
    """Run a route's socket *handler* from the upgrade to the end, whatever it raises.

    It returns: closed with 1000, or refused with 403 if it never used the socket. It raises an error that a page
    understands: the page's status before it accepted, 1008 after. Anything else is closed with 1011 and logged.
    """
    if not await await_upgrade(ws._receive):
        return
    try:
        await handler()
    except Closed:
        pass
    except CommandError as error:
        await _turn_away(ws, error.status, _POLICY, error.code.name)
    except Disconnect as disconnect:
        await _turn_away(ws, 403, disconnect.code.number, disconnect.reason)
    except Exception as error:
        observe.failure(observe.LINE, f"the socket of {ws.incoming.path} failed", error)
        await _turn_away(ws, 500, _INTERNAL, "internal error")
    await ws.close()


async def _turn_away(ws: WebSocket, status: int, code: int, reason: str) -> None:
    if ws.state is WebSocketState.CONNECTING:
        await ws._refuse(status)
    await ws.close(code, reason)
