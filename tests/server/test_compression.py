"""RFC 7692 end to end: whatever parameters a client asks for, the same messages come back."""

import random
import zlib
from collections.abc import Iterator, Sequence

import pytest

from offhook.testing.clock import run
from offhook.wire.handshake import parse_extensions
from tests.server.applications import echo
from tests.server.network import House, Network, settle
from tests.server.raw import BINARY, CLOSE, CONTINUATION, HANDSHAKE, PING, PONG, TEXT, frame

_COMPRESSED = 0x40
_TAIL = b"\x00\x00\xff\xff"
_LIMIT = 1 << 20
_WORDS = [b"lorem", b"ipsum", "dolorès".encode(), b"sit", b"amet", b"0123456789"]
_SIZES = (0, 1, 16, 64, 125, 126, 256, 1024, 4096, 65535, 65536, 131072)


class Client:
    """A client's end, which keeps to what was agreed on.

    :param answer: the value of ``Sec-WebSocket-Extensions`` in the server's answer.
    """

    def __init__(self, network: Network, answer: str) -> None:
        [agreed] = parse_extensions(answer)
        given = dict(agreed.parameters)
        assert agreed.name == "permessage-deflate"
        assert "server_no_context_takeover" in given
        self._network = network
        self._bits = int(given.get("client_max_window_bits") or 15)
        self._server_bits = int(given.get("server_max_window_bits") or 15)
        self._takes_over = "client_no_context_takeover" not in given
        self._compressor = self._new()

    def _new(self) -> "zlib._Compress":
        return zlib.compressobj(wbits=-self._bits)

    def compress(self, payload: bytes) -> bytes:
        """The payload of a compressed message (section 7.2.1)."""
        if not self._takes_over:
            self._compressor = self._new()
        made = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return made.removesuffix(_TAIL)

    async def echoed(self, *frames: bytes) -> Sequence[tuple[int, bytes]]:
        """Opcode and content of what comes back for *frames*."""
        for each in frames:
            self._network.say(each)
        await settle()
        return list(self._contents(self._network.take()))

    def _contents(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        while data:
            first, size, start = data[0], data[1], 2
            if size > 125:
                start = 4 if size == 126 else 10
                size = int.from_bytes(data[2:start])
            payload, data = data[start : start + size], data[start + size :]
            if first & _COMPRESSED:
                payload = zlib.decompressobj(-self._server_bits).decompress(payload + _TAIL)
            yield first & 0x0F, payload


async def _connected(offer: str) -> Client:
    network = House(echo, ws_per_message_deflate=True, ws_max_size=_LIMIT).connect()
    network.say(HANDSHAKE + f"Sec-WebSocket-Extensions: {offer}\r\n\r\n".encode())
    await settle()
    [answer] = [line for line in network.take().decode().split("\r\n") if "sec-websocket-ext" in line]
    return Client(network, answer.partition(": ")[2])


def _text(size: int) -> bytes:
    """So many bytes that compress a little."""
    chance = random.Random(size)
    return b" ".join(chance.choices(_WORDS, k=size))[:size].decode("utf-8", "ignore").ljust(size).encode()[:size]


def _fragments(opcode: int, payload: bytes, size: int) -> Sequence[bytes]:
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    opcodes = [opcode, *[CONTINUATION] * (len(pieces) - 1)]
    last = len(pieces) - 1
    return [
        frame(code, piece, fin=at == last, reserved=0 if at else _COMPRESSED)
        for at, (code, piece) in enumerate(zip(opcodes, pieces, strict=True))
    ]


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
        *(f"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits" for bits in range(9, 16)),
        *(f"permessage-deflate; client_max_window_bits={bits}" for bits in range(9, 16)),
        "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10",
        "x-unknown; a=1, permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
)
def test_messages_of_all_sizes_come_back(offer: str) -> None:
    async def scenario() -> None:
        client = await _connected(offer)
        for size in _SIZES:
            for opcode in (TEXT, BINARY):
                payload = _text(size)
                whole = frame(opcode, client.compress(payload), reserved=_COMPRESSED)
                assert await client.echoed(whole) == [(opcode, payload)]
                pieces = _fragments(opcode, client.compress(payload), 256)
                assert await client.echoed(*pieces) == [(opcode, payload)]

    run(scenario())


def test_6_1_what_is_not_compressed_and_pings_stand_between() -> None:
    async def scenario() -> None:
        client = await _connected("permessage-deflate")
        first, *rest = _fragments(TEXT, client.compress(_text(4096)), 100)
        assert await client.echoed(first, frame(PING, b"?"), *rest) == [(PONG, b"?"), (TEXT, _text(4096))]
        assert await client.echoed(frame(TEXT, b"plain")) == [(TEXT, b"plain")]

    run(scenario())


@pytest.mark.parametrize(
    ("payload", "reserved", "code"),
    [(b"\xff\xff\xff", 0x40, 1007), (b"\xff\xff\xff", 0x60, 1002), (b"plain", 0x20, 1002)],
)
def test_6_what_cannot_be_inflated_closes(payload: bytes, reserved: int, code: int) -> None:
    async def scenario() -> None:
        client = await _connected("permessage-deflate")
        assert _codes(await client.echoed(frame(TEXT, payload, reserved=reserved))) == [code]

    run(scenario())


def test_8_1_a_text_that_is_none_when_it_is_inflated() -> None:
    async def scenario() -> None:
        client = await _connected("permessage-deflate")
        packed = client.compress(b"ok \xff")
        assert _codes(await client.echoed(frame(TEXT, packed, reserved=_COMPRESSED))) == [1007]

    run(scenario())


@pytest.mark.parametrize("end", [zlib.Z_SYNC_FLUSH, zlib.Z_FINISH])
def test_a_bomb_closes_with_1009(end: int) -> None:
    async def scenario() -> None:
        client = await _connected("permessage-deflate")
        stream = zlib.compressobj(9, wbits=-15)
        bomb = stream.compress(bytes(_LIMIT * 32)) + stream.flush(end)
        assert _codes(await client.echoed(*_fragments(BINARY, bomb * 2, 60_000))) == [1009]

    run(scenario())


def _codes(received: Sequence[tuple[int, bytes]]) -> Sequence[int]:
    """The code of the Close that came, and that alone."""
    assert [opcode for opcode, _ in received] == [CLOSE]
    return [int.from_bytes(payload[:2]) for _, payload in received]
