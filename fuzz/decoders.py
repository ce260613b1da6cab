"""Each decoder with what it may answer: a value, or the one error that it promises."""

from collections.abc import Sequence

from offhook.brokers.redis import envelope
from offhook.realtime import orders
from offhook.realtime.pattern import Pattern
from offhook.wire import frames as websocket
from offhook.wire.codec import Codec, Malformed
from offhook.wire.deflate import Deflater, Inflater, Terms, negotiate
from offhook.wire.emulation import emulation_request
from offhook.wire.fossil import BadDelta, apply_delta, create_delta
from offhook.wire.handshake import BadHandshake, opening
from offhook.wire.json_codec import JsonCodec
from offhook.wire.protobuf_codec import ProtobufCodec
from offhook.wire.publication import ClientInfo, Publication
from offhook.wire.uni_json_codec import UniJsonCodec

_PATTERNS = [Pattern(text) for text in ("news", "room:{name}", "{a}/{b}:x")]

JSON_SEEDS = (
    b'{"connect":{"name":"js","data":{"a":[1,2.5,null]},"headers":{"k":"v"}},"id":1}',
    b'{"subscribe":{"channel":"room:1","flag":1,"recover":true,"offset":1,"epoch":"abcd"},"id":2}',
    b'{"id":3,"history":{"channel":"room:1","limit":-1,"since":{"offset":2,"epoch":"e"},"reverse":true}}',
    b'{"id":4,"rpc":{"method":"room:1","data":"\\u00e9 \xc3\xa9"}}\n{"send":{"data":{}}}\n{}',
    b'{"id":5,"publish":{"channel":"room:1","data":7}}',
    b'{"id":6,"unsubscribe":{"channel":"room:1"}}',
    b'{"id":7,"subscribe":{"channel":"room:2","tf":{"key":"a"},"delta":"fossil","type":1}}',
)
UNI_SEEDS = (
    b"{}",
    b'{"token":"t","data":{"a":1},"subs":{"room:1":{"recover":true,"offset":3,"epoch":"e"}},"name":"n"}',
)
PROTOBUF_SEEDS = (
    b"\x07\x08\x01\x22\x03\x22\x01n",
    b"\x0e\x08\x02\x2a\x0a\x0a\x06room:1\x18\x01",
    b"\x0a\x08\x01\x22\x06\x0a\x01t\x22\x01n",
    b"\x19\x08\x01\x22\x15\x1a\x0d\x0a\x01a\x12\x08\x0a\x01a\x18\x01\x38\x96\x01\x32\x04\x0a\x00\x12\x00",
    b"\x10\x08\x02\x2a\x0c\x0a\x06room:1\x18\x01\x38\x07",
    b"\x12\x08\x03\x52\x0e\x0a\x06room:1\x38\x05\x42\x02\x08\x02",
    b"\x00",
    b"\x0e\x08\x04\x3a\x0a\x0a\x06room:1\x12\x00" + b"\x08\x08\x05\x6a\x04\x0a\x02{}",
)
EMULATION_SEEDS = (
    b'{"session":"s","node":"n","data":"{\\"id\\":1}\\n{}"}',
    b"\x0a\x01n\x12\x01s\x1a\x03\x02\x08\x01",
)
DELTA_SEEDS = (
    b"abcdefghijklmnopqrstuvwxyz0123456789",
    b"z\nK@0,4:abcdG@2,1XObD_;",
    create_delta(b"abcdefghijklmnopqrstuvwxyz" * 3, b"!" + b"abcdefghijklmnopqrstuvwxyz" * 2),
    "Zeile für Zeile: 🎈🎈🎉🎈".encode() * 3,
)
CHANNEL_SEEDS = (b"news", b"room:1", b"room:a%2Fb%20%C3%A9", b"a/b:x")
ORDER_SEEDS = (
    orders.encode(orders.Answer(7, True)),
    orders.encode(orders.Emulated("s", b"{}", "n", 7)),
)
ENVELOPE_SEEDS = (
    b"1:2:epoch:"
    + envelope.encode_payload(Publication(b"[1]", info=ClientInfo("u", "c", b"{}"), tags={"a": "b"})),
    envelope.encode_payload(Publication(b"1")),
    envelope.encode_info(ClientInfo("u", "c", None, b"1")),
)

_HELLO = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
FRAME_SEEDS = (
    b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
    b"\x82\xfe\x01\x00\0\0\0\0" + bytes(range(256)),
    b"\x01\x83\0\0\0\0\xe2\x82\xac\x89\x81\0\0\0\0p\x00\x81\0\0\0\0\xc3\x80\x81\0\0\0\0\xbc",
    (b"\xc1\x87\0\0\0\0" + _HELLO) * 3 + b"\xc2\x85\0\0\0\0\xf2\x00\x11\x00\x00",
    b"\xc1\x8a\0\0\0\0" + (Deflater(smallest=0).deflate(bytes(4000)) or b"").ljust(10, b"\0"),
    b"\xc2\x88\0\0\0\0\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x88\x85\0\0\0\0\x03\xe8bye",
    b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0" + bytes(70),
)
HANDSHAKE_SEEDS = (
    b"permessage-deflate; client_max_window_bits",
    b'a; b="c\\d", permessage-deflate; server_max_window_bits=10; client_no_context_takeover',
    b"centrifuge-json, centrifuge-protobuf",
    b"dGhlIHNhbXBsZSBub25jZQ==",
)


def frames(data: bytes) -> None:
    """What a WebSocket's client sends: where it is cut changes nothing."""
    for compressed in (False, True):
        at_once = _frames(compressed, [data])
        assert _frames(compressed, [data[: len(data) // 2], data[len(data) // 2 :]]) == at_once
        assert _frames(compressed, [data[at : at + 1] for at in range(len(data))]) == at_once


def _frames(compressed: bool, pieces: Sequence[bytes]) -> tuple[object, ...]:
    reader = websocket.Reader(2000, fragments=10, inflater=Inflater() if compressed else None, turn=4)
    received: list[websocket.Received] = []
    for piece in pieces:
        received += reader.feed(piece)
        while reader.more:
            received += reader.feed(b"")
    return received, reader.closed, str(reader.error)


def handshake(data: bytes) -> None:
    """The header fields that open a WebSocket."""
    valid = {
        b"host": b"x",
        b"upgrade": b"websocket",
        b"connection": b"upgrade",
        b"sec-websocket-version": b"13",
        b"sec-websocket-key": HANDSHAKE_SEEDS[-1],
    }
    for name in (*valid, b"sec-websocket-protocol", b"sec-websocket-extensions"):
        try:
            opened = opening("GET", "1.1", (valid | {name: data}).items())
        except BadHandshake:
            continue
        agreement = negotiate(opened.offers, Terms())
        assert agreement is None or agreement.inflater().inflate(_HELLO, 5) == b"Hello"


def json(data: bytes) -> None:
    """JSON frames, binary and as text."""
    _decode(JsonCodec(), data)


def uni_json(data: bytes) -> None:
    """A bare request to connect."""
    _decode(UniJsonCodec(), data)


def protobuf(data: bytes) -> None:
    """Protobuf frames."""
    _decode(ProtobufCodec(), data)


def _decode(codec: Codec, data: bytes) -> None:
    for frame in (data, data.decode("utf-8", "surrogateescape")):
        try:
            commands = codec.decode(frame)
        except Malformed:
            continue
        assert commands
        assert all(each.number >= 0 and (each.request is None or each.request) for each in commands)


def emulation(data: bytes) -> None:
    """What is posted to ``/emulation``."""
    for is_protobuf in (False, True):
        try:
            emulation_request(data, is_protobuf)
        except Malformed:
            continue


def delta(data: bytes) -> None:
    """Deltas that are none."""
    source, target = data[: len(data) // 2], data[len(data) // 2 :]
    for changes in (data, target):
        try:
            apply_delta(source, changes)
        except BadDelta:
            continue


def two_texts(data: bytes) -> None:
    """Any two contents: their delta makes the second out of the first, and is a text where they are."""
    source, target = data[: len(data) // 2], data[len(data) // 2 :]
    assert apply_delta(source, create_delta(source, target)) == target
    source, target = (text.decode("utf-8", "ignore").encode() for text in (source, target))
    assert apply_delta(source, create_delta(source, target).decode().encode()) == target


def channel(data: bytes) -> None:
    """Names of channels: what a pattern reads out of one, it writes again."""
    name = data.decode("utf-8", "replace")
    for pattern in _PATTERNS:
        variables = pattern.parse(name)
        assert variables is None or pattern.parse(pattern.format(variables)) == variables


def order(data: bytes) -> None:
    """What another process says."""
    orders.decode(data)


def redis(data: bytes) -> None:
    """What stands in Redis, if somebody else wrote it."""
    for decode in (
        envelope.decode_announcement,
        envelope.decode_info,
        lambda raw: envelope.decode_payload(raw, 1, ""),
    ):
        try:
            decode(data)
        except ValueError:
            continue
