"""RFC 7692: conformance cases of our own, group by group."""

import tracemalloc
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from offhook.wire import frames
from offhook.wire.closing import FrameError
from offhook.wire.deflate import Deflater, Inflater, Terms, negotiate
from offhook.wire.frames import BINARY
from offhook.wire.handshake import parse_extensions
from tests.wire import clients as ws
from tests.wire.clients import RSV1, binary, more, ping, pinged, sent, text

NAME = "permessage-deflate"
HELLO = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
HELLO_AGAIN = b"\xf2\x00\x11\x00\x00"
HELLO_STORED = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
HELLO_FINAL = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"
HELLO_IN_TWO_BLOCKS = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"

MESSAGES = [
    ("7.2.3.1 one block", [HELLO], ["Hello"]),
    ("7.2.3.2 the window is shared", [HELLO, HELLO_AGAIN], ["Hello", "Hello"]),
    ("7.2.3.3 a block without compression", [HELLO_STORED], ["Hello"]),
    ("7.2.3.4 a final block", [HELLO_FINAL, HELLO, HELLO_FINAL, HELLO_FINAL], ["Hello"] * 4),
    ("7.2.3.5 two blocks", [HELLO_IN_TWO_BLOCKS], ["Hello"]),
    ("7.2.3.6 an empty one", [b"\x00", HELLO, b"\x00"], ["", "Hello", ""]),
]


@pytest.mark.parametrize(
    ("payloads", "expected"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES]
)
def test_7692_messages(payloads: Sequence[bytes], expected: Sequence[str]) -> None:
    data = b"".join(text(payload, reserved=RSV1) for payload in payloads)

    assert ws.read(ws.reader(compressed=True), [data]) == (expected, None, None)


def test_6_1_a_compressed_message_in_fragments_with_a_ping_between() -> None:
    data = text(HELLO[:3], fin=False, reserved=RSV1) + ping() + more(HELLO[3:])

    assert ws.read(ws.reader(compressed=True), [data])[0] == [pinged(), "Hello"]


def test_6_messages_that_are_not_compressed_stand_between() -> None:
    data = text(HELLO, reserved=RSV1) + text("plain") + sent(BINARY, HELLO_AGAIN, reserved=RSV1)

    assert ws.read(ws.reader(compressed=True), [data])[0] == ["Hello", "plain", b"Hello"]


def _squeezed(payload: bytes, bits: int = 15) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -bits)
    return (stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


BROKEN = [
    ("no compressed data", b"\xff\xff\xff\xff", 1007),
    ("a block of the reserved kind", b"\x07", 1007),
    ("refers to what was not there", HELLO_AGAIN, 1007),
    ("ends again and again", b"\x03\x00" * 100, 1007),
    ("not UTF-8 when inflated", _squeezed(b"a\xff"), 1007),
    ("too big when inflated", _squeezed(b"a" * 1001), 1009),
    ("too big in several streams", (zlib.compress(b"a" * 600, wbits=-15)) * 2, 1009),
    ("too big as it comes", b"\x00" * 1001, 1009),
]


@pytest.mark.parametrize(("payload", "code"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_7692_what_is_refused(payload: bytes, code: int) -> None:
    assert ws.read(ws.reader(limit=1000, compressed=True), [text(payload, reserved=RSV1)])[:2] == ([], code)


def test_a_message_inflated_to_the_limit() -> None:
    data = binary(_squeezed(b"a" * 1000), reserved=RSV1) * 2

    assert ws.read(ws.reader(limit=1000, compressed=True), [data])[0] == [b"a" * 1000] * 2


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    bomb = text(_squeezed(bytes(500_000_000))[:900_000], reserved=RSV1)
    reader = ws.reader(limit=1_000_000, compressed=True)
    tracemalloc.start()

    _, code, _ = ws.read(reader, [bomb])

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == 1009
    assert peak < 8_000_000


def test_many_bombs_under_the_limit_are_a_turn_each() -> None:
    reader = ws.reader(limit=100_000, compressed=True)

    first = reader.feed(binary(_squeezed(bytes(100_000)), reserved=RSV1) * 100)

    assert len(first) == 2
    assert reader.more
    assert len(ws.read(reader, [b""])[0]) == 98


def test_7_1_1_2_without_takeover_nothing_is_held() -> None:
    inflater = Inflater(takeover=False)

    assert inflater.inflate(HELLO, 5) == b"Hello"
    with pytest.raises(FrameError):
        inflater.inflate(HELLO_AGAIN, 5)


@pytest.mark.parametrize("bits", range(9, 16))
def test_7_1_2_2_all_windows_of_a_client(bits: int) -> None:
    payload = b"".join(bytes([n % 251, n % 7]) for n in range(20_000))

    assert Inflater(bits).inflate(_squeezed(payload, bits), 40_000) == payload


def test_7_1_2_2_the_window_that_zlib_cannot_compress_with() -> None:
    assert Inflater(8).inflate(_squeezed(b"ab" * 100, 9), 200) == b"ab" * 100


TERMS = Terms(Deflater(12), 15, True)
BOTH_DROPPED = "; server_no_context_takeover; client_no_context_takeover"
ACCEPTED = [
    ("", Terms(), f"{BOTH_DROPPED}; server_max_window_bits=12"),
    ("", TERMS, "; server_no_context_takeover; server_max_window_bits=12"),
    ("; client_no_context_takeover", TERMS, f"{BOTH_DROPPED}; server_max_window_bits=12"),
    ("; server_no_context_takeover", TERMS, "; server_no_context_takeover; server_max_window_bits=12"),
    ("; server_max_window_bits=10", TERMS, "; server_no_context_takeover; server_max_window_bits=10"),
    ("; server_max_window_bits=15", TERMS, "; server_no_context_takeover; server_max_window_bits=12"),
    ('; server_max_window_bits="9"', TERMS, "; server_no_context_takeover; server_max_window_bits=9"),
    ("; client_max_window_bits", TERMS, "; server_no_context_takeover; server_max_window_bits=12"),
    (
        "; client_max_window_bits",
        Terms(client_bits=10),
        f"{BOTH_DROPPED}; server_max_window_bits=12; client_max_window_bits=10",
    ),
    (
        "; client_max_window_bits=8",
        Terms(client_bits=10),
        f"{BOTH_DROPPED}; server_max_window_bits=12; client_max_window_bits=8",
    ),
    ("", Terms(client_bits=10), f"{BOTH_DROPPED}; server_max_window_bits=12"),  # 7.1.2.2: it cannot be told
]


@pytest.mark.parametrize(("parameters", "terms", "answer"), ACCEPTED)
def test_7_1_offers_that_are_accepted(parameters: str, terms: Terms, answer: str) -> None:
    agreement = negotiate(parse_extensions(NAME + parameters), terms)

    assert agreement is not None
    assert agreement.extension == NAME + answer
    assert agreement.client_bits == (15 if "client_max" not in answer else int(answer[-2:].strip("=")))
    assert agreement.client_takeover == ("client_no" not in answer)
    assert f"server_max_window_bits={agreement.deflater.bits}" in answer


@pytest.mark.parametrize(
    "parameters",
    [
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits; client_max_window_bits=10",
        "server_max_window_bits",
        *(
            f"server_max_window_bits={bits}"
            for bits in ("7", "16", "010", "9.0", "-9", "+9", "x", "99999999999999999999")
        ),
        *(f"client_max_window_bits={bits}" for bits in ("7", "16", "08", "x", "0")),
        "server_max_window_bits=8",  # zlib cannot
        "unknown",
        "unknown=1",
        "Server_No_Context_Takeover",
    ],
)
def test_7_1_offers_that_are_declined(parameters: str) -> None:
    assert negotiate(parse_extensions(f"{NAME}; {parameters}"), TERMS) is None


def test_5_the_first_offer_that_can_be_is_taken() -> None:
    offers = parse_extensions(
        f"x-other, {NAME}; server_max_window_bits=8, {NAME}; server_max_window_bits=11, {NAME}"
    )

    agreement = negotiate(offers, TERMS)

    assert agreement is not None
    assert agreement.deflater.bits == 11
    assert negotiate(offers[:2], TERMS) is None
    assert negotiate([], TERMS) is None


def test_small_or_incompressible_payloads_stay_as_they_are() -> None:
    deflater = Deflater(smallest=100)

    assert deflater.deflate(b"a" * 99) is None
    assert deflater.deflate(bytes(range(256))) is None
    assert len(deflater.deflate(b"a" * 100) or b"") < 10
    assert frames.text(b"a" * 99, deflater) == frames.text(b"a" * 99)
    assert frames.binary(b"a" * 100, deflater)[0] == 0xC2


def test_equal_deflaters_share_what_they_make() -> None:
    assert {Deflater(12): "once"}[Deflater(12)] == "once"
    assert Deflater(12).deflate(b"ab" * 200) == Deflater(12).deflate(b"ab" * 200)


@given(st.binary(min_size=1, max_size=2000), st.integers(9, 15), st.integers(1, 9))
def test_what_we_compress_is_what_was_there(part: bytes, bits: int, level: int) -> None:
    payload = part + bytes(200)

    deflated = Deflater(bits, level).deflate(payload * 2)

    assert deflated is not None
    assert Inflater(bits).inflate(deflated, 5000) == payload * 2
