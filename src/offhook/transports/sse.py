"""The line over server-sent events: the server's half is one answer, an event for each reply (protocol §14)."""

from offhook.transports.base import Entrance, Refused
from offhook.transports.http import EVENTS, NO_EVENT, Exchange, Opening, StreamEndpoint, event
from offhook.wire.codec import Variant
from offhook.wire.json_codec import JsonCodec

_JSON = Variant(JsonCodec(), event)


def sse(entrance: Entrance) -> StreamEndpoint:
    """``GET ?cf_connect=`` with the connect command, or ``POST`` with it as body."""
    return StreamEndpoint(entrance, ["GET", "POST"], _read)


def _read(exchange: Exchange, body: bytes) -> Opening:
    frame = exchange.asked(body)
    if not frame:
        raise Refused(400)
    return Opening(_JSON, frame, EVENTS, NO_EVENT)
