"""How the tests write and read the wire: JSON by the standard library, Protobuf by the official SDK's classes."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from centrifuge.protocol import client_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal.decoder import _DecodeVarint32
from google.protobuf.internal.encoder import _VarintBytes
from google.protobuf.json_format import MessageToDict, ParseDict

from offhook.base.types import Payload

Value: TypeAlias = dict[str, Any]
"""A command, reply or push as it stands in JSON."""

_NEWER = [
    ("Publication", "epoch", 14, descriptor_pb2.FieldDescriptorProto.TYPE_STRING),
    ("SubscribeRequest", "type", 15, descriptor_pb2.FieldDescriptorProto.TYPE_INT32),
]
"""Fields of protocol §2.3 that the SDK's classes do not know yet."""


def _classes() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto()
    client_pb2.DESCRIPTOR.CopyToProto(file)
    messages = {each.name: each for each in file.message_type}
    for message, name, number, kind in _NEWER:
        messages[message].field.add(name=name, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _classes()
_COMMAND, _REPLY = (
    message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{client_pb2.DESCRIPTOR.package}.{name}"))
    for name in ("Command", "Reply")
)
_PAYLOADS = {"data", "conn_info", "chan_info"}
_NUMBERS = {"offset", "time"}
"""64 bits, which Protobuf's own JSON writes as strings."""


class ClientCodec(Protocol):
    """The client's end of a codec."""

    name: str
    content_type: str

    @property
    def malformed(self) -> Sequence[Payload]:
        """Frames that hold no commands (protocol §16)."""
        ...

    def frame(self, commands: Sequence[Mapping[str, Any]]) -> Payload:
        """Several commands as one frame."""
        ...

    def take(self, received: bytes) -> tuple[list[Value], bytes]:
        """The replies that are complete in *received*, each ended as in a stream, and the rest."""
        ...

    def replies(self, frame: Payload) -> list[Value]:
        """The replies in one WebSocket frame."""
        ...


class Json:
    """One object a line."""

    name = "json"
    content_type = "application/json"
    malformed: Sequence[Payload] = (
        "nonsense",
        '{"id":2,"presence":{"channel":"room:1"}}\n\n{"id":3,"presence":{"channel":"room:1"}}',
        '{"id":2,"presence":{"channel":"room:1"}}\n\n',
        '{"id":"2","presence":{"channel":"room:1"}}',
        '{"id":2,"presence":{"channel":5}}',
        '{"id":-1,"presence":{"channel":"room:1"}}',
        '{"id":4294967296,"presence":{"channel":"room:1"}}',
        "[]",
        '{"id":2',
        "[" * 20_000,
    )

    def frame(self, commands: Sequence[Mapping[str, Any]]) -> str:
        return "\n".join(map(json.dumps, commands))

    def take(self, received: bytes) -> tuple[list[Value], bytes]:
        *lines, rest = received.split(b"\n")
        return [json.loads(line) for line in lines], rest

    def replies(self, frame: Payload) -> list[Value]:
        assert isinstance(frame, str)
        return [json.loads(line) for line in frame.split("\n")]


class Protobuf:
    """Messages behind their lengths."""

    name = "protobuf"
    content_type = "application/octet-stream"
    malformed: Sequence[Payload] = (
        b"\x80",
        b"\x05\x08",
        b"\xff" * 11,
        b"\x02\x08\x80",
        b"\x02\x0b\x00",
        b"\x03\x4a\x01\xff",
        b"\x04\x4a\x02\x0a\x05",
    )

    def frame(self, commands: Sequence[Mapping[str, Any]]) -> bytes:
        messages = [ParseDict(_encoded(each), _COMMAND()).SerializeToString() for each in commands]
        return b"".join(_VarintBytes(len(each)) + each for each in messages)

    def take(self, received: bytes) -> tuple[list[Value], bytes]:
        found = []
        while received:
            try:
                length, start = _DecodeVarint32(received, 0)
            except IndexError:
                break
            if len(received) < start + length:
                break
            found.append(_decoded(_REPLY.FromString(received[start : start + length])))
            received = received[start + length :]
        return found, received

    def replies(self, frame: Payload) -> list[Value]:
        assert isinstance(frame, bytes)
        found, rest = self.take(frame)
        assert not rest
        return found


def _encoded(value: Any, name: str = "") -> Any:
    """*value* with its payloads as Protobuf's JSON wants them."""
    if name in _PAYLOADS:
        return base64.b64encode(json.dumps(value).encode()).decode()
    if isinstance(value, Mapping):
        return {key: _encoded(each, key) for key, each in value.items()}
    return value


def _decoded(message: Any) -> Value:
    found: Value = _plain(MessageToDict(message, preserving_proto_field_name=True))
    return found


def _plain(value: Any, name: str = "") -> Any:
    if name in _PAYLOADS:
        return _payload(base64.b64decode(value).decode())
    if name in _NUMBERS:
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _payload(text: str) -> Any:
    """What a payload says; a delta is no JSON and stays as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text
