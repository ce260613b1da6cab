"""Lines on which only the server speaks, for clients without an SDK: ``EventSource``, ``curl`` (protocol §14)."""

from offhook.base.types import AsgiMessage
from offhook.transports.base import Entrance
from offhook.transports.http import EVENTS, NO_EVENT, Exchange, Opening, StreamEndpoint, chunk
from offhook.wire.codec import Variant
from offhook.wire.event_ids import EventIds, positions_of
from offhook.wire.uni_json_codec import UniJsonCodec


def _line(content: bytes) -> AsgiMessage:
    return chunk(content + b"\n")


_CODEC = UniJsonCodec()
_LINES = Variant(_CODEC, _line)

_ANYBODY = "{}"
"""What a client wants that says nothing."""


def uni_sse(entrance: Entrance) -> StreamEndpoint:
    """``GET``, with a connect request as ``?cf_connect=`` perhaps, or ``POST`` with it as body."""
    return StreamEndpoint(entrance, ["GET", "POST"], _read_sse, uni=True)


def uni_http_stream(entrance: Entrance) -> StreamEndpoint:
    """``POST``, with a connect request as body perhaps; each push is a line."""
    return StreamEndpoint(entrance, ["POST"], _read_lines, uni=True)


def _read_sse(exchange: Exchange, body: bytes) -> Opening:
    since = positions_of(exchange.incoming.headers.get("last-event-id", ""))
    variant = Variant(UniJsonCodec(since), _Events().frame)
    return Opening(variant, exchange.asked(body) or _ANYBODY, EVENTS, NO_EVENT)


class _Events:
    """The events of one connection, with ids: its frames are its own, because the ids are."""

    def __init__(self) -> None:
        self._ids = EventIds()

    def frame(self, content: bytes) -> AsgiMessage:
        """Each line as one event."""
        return chunk(b"".join(map(self._event, content.split(b"\n"))))

    def _event(self, push: bytes) -> bytes:
        event_id = self._ids.after(push)
        head = b"" if event_id is None else b"id: " + event_id + b"\n"
        return head + b"data: " + push + b"\n\n"


def _read_lines(exchange: Exchange, body: bytes) -> Opening:
    return Opening(_LINES, body or _ANYBODY, "application/x-ndjson")
