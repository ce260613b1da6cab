"""The line over HTTP alone: the server's half is one answer that goes on, a line for each reply (protocol §14)."""

from offhook.base.types import AsgiMessage
from offhook.transports.base import Entrance, Refused
from offhook.transports.http import PROTOBUF, Exchange, Opening, StreamEndpoint, chunk
from offhook.wire.codec import Variant
from offhook.wire.json_codec import JsonCodec
from offhook.wire.protobuf_codec import ProtobufCodec


def _line(content: bytes) -> AsgiMessage:
    return chunk(content + b"\n")


_JSON = Variant(JsonCodec(), _line)
_PROTOBUF = Variant(ProtobufCodec(), chunk)


def http_stream(entrance: Entrance) -> StreamEndpoint:
    """``POST`` with the connect command as body; the commands after it come through ``/emulation``."""
    return StreamEndpoint(entrance, ["POST"], _read)


def _read(exchange: Exchange, body: bytes) -> Opening:
    if not body:
        raise Refused(400)
    if exchange.media_type == PROTOBUF:
        return Opening(_PROTOBUF, body, PROTOBUF)
    return Opening(_JSON, body, "application/x-ndjson")
