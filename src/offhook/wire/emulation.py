"""What a client of an HTTP transport posts: commands, and whose they are (protocol §14)."""

import msgspec
from msgspec import Raw, Struct

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.protobuf import Data, Message, Text


class EmulationRequest(Struct, frozen=True, gc=False):
    """A frame for the session whose secret is *session*, at process *node*. The secret must never be logged."""

    node: str
    session: str
    data: Payload


class _ProtobufRequest(Struct, frozen=True, gc=False):
    node: str = ""
    session: str = ""
    data: Raw = Raw()


class _JsonRequest(Struct, frozen=True, gc=False):
    node: str = ""
    session: str = ""
    data: str = ""


_PROTOBUF = Message(_ProtobufRequest, node=(1, Text()), session=(2, Text()), data=(3, Data()))
_json = msgspec.json.Decoder(_JsonRequest)


def emulation_request(body: bytes, protobuf: bool) -> EmulationRequest:
    """The request in *body*. In JSON the frame is a string, in Protobuf it is bytes.

    :raises Malformed: it holds no such request.
    """
    if protobuf:
        message = _PROTOBUF.decode(body)
        return EmulationRequest(message.node, message.session, bytes(message.data))
    try:
        request = _json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    return EmulationRequest(request.node, request.session, request.data)
