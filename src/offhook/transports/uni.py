"""Lines on which only the server speaks, for clients without an SDK: ``EventSource``, ``curl`` (protocol §14)."""

from offhook.base.types import AsgiMessage
from offhook.transports.base import Entrance
from offhook.transports.http import EVENTS, NO_EVENT, Exchange, Opening, StreamEndpoint, chunk, event
from offhook.wire.codec import Variant
from offhook.wire.uni_json_codec import UniJsonCodec


def _line(content: bytes) -> AsgiMessage:
    return chunk(content + b"\n")


_CODEC = UniJsonCodec()
_EVENTS = Variant(_CODEC, event)
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
    return Opening(_EVENTS, exchange.asked(body) or _ANYBODY, EVENTS, NO_EVENT)


def _read_lines(exchange: Exchange, body: bytes) -> Opening:
    return Opening(_LINES, body or _ANYBODY, "application/x-ndjson")
