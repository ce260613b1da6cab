"""The line over WebSocket, for any ASGI server (protocol §1)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import parse_qs

from offhook.base import codes
from offhook.base.errors import Disconnect
from offhook.base.types import AsgiMessage, Payload, Receive, Scope, Send
from offhook.realtime.dispatch import open_session
from offhook.realtime.engine import Engine
from offhook.realtime.session import Session
from offhook.transports.base import (
    DIRECT,
    Connection,
    Direct,
    Entrance,
    Refused,
    Visitor,
    await_upgrade,
    deny,
    exceeds,
    line,
    turn_away,
)
from offhook.wire import frames
from offhook.wire.codec import Variant
from offhook.wire.deflate import Deflater
from offhook.wire.json_codec import JsonCodec
from offhook.wire.protobuf_codec import ProtobufCodec


def _text_frame(content: bytes) -> AsgiMessage:
    return {"type": "websocket.send", "text": content.decode()}


def _binary_frame(content: bytes) -> AsgiMessage:
    return {"type": "websocket.send", "bytes": content}


_JSON = Variant(JsonCodec(), _text_frame)
_PROTOBUF = Variant(ProtobufCodec(), _binary_frame)
_SUBPROTOCOLS: Mapping[str, Variant] = {each.codec.subprotocol: each for each in (_JSON, _PROTOBUF)}
"""In the order of preference."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is spoken on one connection.

    :param subprotocol: how it is called where the client offered that.
    :param pings: whether the line pings, and not the server by itself (RFC 6455, section 5.5.2).
    """

    variant: Variant
    subprotocol: str | None
    pings: bool


def _choose(scope: Scope) -> Choice:
    """Our first subprotocol that the client offered; none at all is no reason to refuse (protocol §1)."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    offered = scope.get("subprotocols", ())
    subprotocol = next((each for each in _SUBPROTOCOLS if each in offered), None)
    wants_protobuf = "protobuf" in [*asked.get("cf_protocol", ()), *asked.get("format", ())]
    variant = _PROTOBUF if wants_protobuf else _SUBPROTOCOLS.get(subprotocol or "", _JSON)
    return Choice(variant, subprotocol, pings="true" not in asked.get("cf_ws_frame_ping_pong", ()))


class WebSocketEndpoint:
    """Serves lines: an ASGI application for ``websocket`` scopes."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One line, from the upgrade to its end.

        :raises OSError: the client was gone before the upgrade; a server expects to see that again.
        """
        if not await await_upgrade(receive):
            return
        try:
            visitor = await self._entrance.admit(self._entrance.guard(scope))
        except Refused as refused:
            await deny(scope, send, refused.status)
            return
        choice = _choose(scope)
        await send({"type": "websocket.accept", "subprotocol": choice.subprotocol})
        direct: Direct | None = scope.get("extensions", {}).get(DIRECT)
        if direct is not None:
            DirectLine(self._entrance.engine, choice, direct, visitor)
            return
        connection = Connection(send, _close)
        async with line(self._entrance.engine, choice.variant, connection, visitor, pings=choice.pings) as session:
            await self._read(session, receive)

    async def _read(self, session: Session, receive: Receive) -> None:
        """Until the client is gone. A close from our side ends the block that this is called in."""
        limit = self._entrance.engine.limits.command_frame
        while (message := await receive())["type"] == "websocket.receive":
            text: str | None = message.get("text")
            frame: Payload = message["bytes"] if text is None else text
            if exceeds(frame, limit):
                session.close(Disconnect(codes.FRAME_TOO_LARGE))
            session.receive(frame)
            await session.ready()


def _close(code: int, reason: str) -> AsgiMessage:
    return {"type": "websocket.close", "code": code, "reason": reason}


@cache
def _finished(is_text: bool, deflater: Deflater | None) -> Variant:
    """The variant whose frames are what goes over the network; there are as many as windows of compression."""
    if is_text:
        return Variant(_JSON.codec, partial(frames.text, deflater=deflater), joins_frames=True)
    return Variant(_PROTOBUF.codec, partial(frames.binary, deflater=deflater), joins_frames=True)


class DirectLine:
    """A session on a connection of our own server: its ``Transport``, and the server's ``Sink``.

    What the session writes goes to the network without a step in between; only when that is busy does the
    session's queue hear of it.
    """

    __slots__ = ("_closed", "_direct", "_session", "_writing", "write")

    def __init__(self, engine: Engine, choice: Choice, direct: Direct, visitor: Visitor) -> None:
        self.write: Callable[[bytes], None] = direct.write
        self._direct = direct
        self._writing: asyncio.Future[None] | None = None
        """Done when the network has taken what was written."""
        self._closed = False
        """Whether the connection ends by itself now."""
        is_text = choice.variant is _JSON
        variant = _finished(is_text, direct.deflater)
        self._session = open_session(
            engine, variant, self, visitor.identity, visitor.incoming, mark=visitor.mark, pings=choice.pings
        )
        direct.take(
            self,
            limit=engine.limits.command_frame,
            oversize=codes.FRAME_TOO_LARGE,
            text_as_bytes=is_text,
            pings=not choice.pings,
            leaves=True,
        )
        turn_away(self._session)
        engine.control.catch_up(self._session, visitor.mark)

    # Transport

    @property
    def unsent(self) -> int:
        """``Transport.unsent``."""
        return self._direct.unsent

    async def close(self, code: int, reason: str) -> None:
        """``Transport.close``."""
        self._direct.close(code, reason)
        if self._writing is not None:
            await asyncio.shield(self._writing)
        # Who did not answer a ping will not answer a Close either.
        self._closed = code != codes.NO_PONG.number

    def abort(self) -> None:
        """``Transport.abort``: after a close in order, the server sees to the rest."""
        if not self._closed:
            self._direct.abort()

    # Sink

    def received(self, message: Payload) -> None:
        """``Sink.received``."""
        self._session.receive(message)
        if self._session.busy:
            self._direct.pause_reading()
            self._session.engine.background.start(self._wait())

    async def _wait(self) -> None:
        await self._session.ready()
        self._direct.resume_reading()

    def lost(self, code: int, reason: str) -> None:
        """``Sink.lost``."""
        self._closed = True
        self._session.lost()
        self.resume_writing()

    def pause_writing(self) -> None:
        """``Sink.pause_writing``."""
        self._writing = asyncio.get_running_loop().create_future()
        self._session.queue.watch(self._writing)

    def resume_writing(self) -> None:
        """``Sink.resume_writing``."""
        if self._writing is not None and not self._writing.done():
            self._writing.set_result(None)
        self._writing = None
