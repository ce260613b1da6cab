"""RFC 6455: conformance cases of our own, group by group. Each is fed at once and byte by byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, strategies as st

from offhook.base.errors import UsageError
from offhook.wire import frames
from offhook.wire.closing import may_travel
from offhook.wire.deflate import Deflater
from offhook.wire.frames import BINARY, CLOSE, PING, PONG, TEXT, Received
from tests.wire import clients as ws
from tests.wire.clients import RSV1, RSV2, RSV3, binary, closed, more, ping, pinged, pong, ponged, sent, text

SHORT = [
    sent(opcode, payload, size_bytes=size_bytes)
    for opcode in (TEXT, BINARY, PING, CLOSE, 0)
    for payload in (b"", b"a", b"\xff", b"a" * 120, b"a" * 126, b"a" * 128, b"a" * 200, b"a" * 600)
    for size_bytes in (None, 2, 8)
]
BAD, INVALID, POLICY, BIG = 1002, 1007, 1008, 1009


@dataclass(frozen=True)
class Case:
    """What a client sends, what of it is received, and the code of the error that ends it."""

    name: str
    data: bytes
    received: Sequence[Received] = ()
    code: int | None = None
    reader: dict[str, Any] = field(default_factory=dict)


FRAMING = [
    Case("5.7 the example of a masked text", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", ["Hello"]),
    Case("empty text", text(""), [""]),
    Case("empty binary", binary(), [b""]),
    *(Case(f"text of {size} bytes", text("*" * size), ["*" * size]) for size in (1, 125, 126, 127, 65535, 65536)),
    *(
        Case(f"binary of {size} bytes", binary(b"\xfe" * size), [b"\xfe" * size])
        for size in (125, 126, 65535, 65536)
    ),
    Case("several in one segment", text("a") + binary(b"b") + text("c"), ["a", b"b", "c"]),
    Case("a mask of zeros", sent(TEXT, b"abc", key=bytes(4)), ["abc"]),
    Case("not masked", sent(TEXT, b"abc", key=None), [], BAD),
    Case("not masked, after a good one", text("a") + sent(TEXT, b"abc", key=None) + text("b"), ["a"], BAD),
    Case("masked by a server", text("abc"), [], BAD, {"masked": False}),
    Case("not masked by a server", sent(TEXT, b"abc", key=None), ["abc"], None, {"masked": False}),
    Case("size in 16 bits, needlessly", text("a" * 125, size_bytes=2), [], BAD),
    Case("size in 64 bits, needlessly", text("a" * 65535, size_bytes=8), [], BAD),
    Case("size with the 64th bit", b"\x82\xff\x80" + bytes(7) + ws.KEY, [], BAD),
]
PINGS = [
    Case("empty", ping(), [pinged()]),
    Case("with a payload", ping(b"\x00\xff\xfe"), [pinged(b"\x00\xff\xfe")]),
    Case("of 125 bytes", ping(b"p" * 125), [pinged(b"p" * 125)]),
    Case("of 126 bytes", ping(b"p" * 126), [], BAD),
    Case("ten", b"".join(ping(bytes([n])) for n in range(10)), [pinged(bytes([n])) for n in range(10)]),
    Case("a pong that nobody asked for", pong(b"x"), [ponged(b"x")]),
    Case("a ping in pieces", ping(b"a", fin=False) + more(b"b"), [], BAD),
    Case("after text", text("a") + ping() + text("b"), ["a", pinged(), "b"]),
    Case("not held to the limit of a message", ping(b"p" * 20), [pinged(b"p" * 20)], None, {"limit": 10}),
]
RESERVED_BITS = [
    *(
        Case(f"{bits >> 4:03b} on {opcode}", text("a") + sent(opcode, b"\x03\xe8", reserved=bits), ["a"], BAD)
        for opcode in (TEXT, BINARY, CLOSE, PING, PONG)
        for bits in (RSV1, RSV2, RSV3, RSV1 | RSV2 | RSV3)
    ),
    Case("on a continuation", text("a", fin=False) + more("b", reserved=RSV1), [], BAD),
    *(
        Case(
            f"RFC 7692, 6: RSV1 on {opcode:x}", start + sent(opcode, reserved=RSV1), [], BAD, {"compressed": True}
        )
        for opcode, start in ((0, text("a", fin=False)), (CLOSE, b""), (PING, b""), (PONG, b""))
    ),
]
OPCODES = [
    Case(f"{opcode:x}, {where}", before + sent(opcode, b"x"), [], BAD)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    for where, before in (("alone", b""), ("within a message", text("a", fin=False)))
]
FRAGMENTATION = [
    Case("5.7 the example in two fragments", text("Hel", fin=False) + more("lo"), ["Hello"]),
    Case("binary", binary(b"\xff", fin=False) + more(b"\xfe"), [b"\xff\xfe"]),
    Case("empty ones", text("", fin=False) + more("", fin=False) * 3 + more(""), [""]),
    Case("empty around one", text("", fin=False) + more("a", fin=False) + more(""), ["a"]),
    Case("a ping between", text("a", fin=False) + ping(b"p") + more("b"), [pinged(b"p"), "ab"]),
    Case("a close between", text("a", fin=False) + ws.close(1000) + more("b"), [closed(1000)]),
    Case("a message after it", text("a", fin=False) + more("b") + text("c"), ["ab", "c"]),
    Case("a text begins within", text("a", fin=False) + text("b"), [], BAD),
    Case("a binary begins within", text("a", fin=False) + binary(b"b", fin=False), [], BAD),
    Case("nothing to continue", more("a"), [], BAD),
    Case("nothing to continue, more to come", more("a", fin=False), [], BAD),
    Case("nothing to continue any more", text("a", fin=False) + more("b") + more("c"), ["ab"], BAD),
    Case("large ones", binary(b"a" * 70000, fin=False) + more(b"b" * 300), [b"a" * 70000 + b"b" * 300]),
]
VALID_TEXTS = [
    "κόσμε",
    "\x00",
    "\x7f",
    "\x80",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
]
INVALID_TEXTS = {
    "a continuation alone": b"\x80",
    "the start of two": b"\xc3",
    "the start of three": b"\xe2\x82",
    "the start of four": b"\xf0\x9f\x8e",
    "cut within": b"\xe2\x82a",
    "overlong /": b"\xc0\xaf",
    "overlong NUL": b"\xe0\x80\x80",
    "overlong in four": b"\xf0\x8f\xbf\xbf",
    "a high surrogate": b"\xed\xa0\x80",
    "a low surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "over U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "FE and FF": b"\xfe\xff",
    "in the middle": "κόσμε".encode() + b"\xff" + b"edited",
}
UTF_8 = [
    *(Case(f"valid: {each!a}", text(each), [each]) for each in VALID_TEXTS),
    *(
        Case(f"valid as bytes: {each!a}", text(each), [each.encode()], None, {"text_as_bytes": True})
        for each in VALID_TEXTS
    ),
    *(
        Case(f"valid in fragments: {each!a}", text(each.encode()[:1], fin=False) + more(each.encode()[1:]), [each])
        for each in VALID_TEXTS
    ),
    *(Case(f"invalid: {name}", text("a") + text(each), ["a"], INVALID) for name, each in INVALID_TEXTS.items()),
    *(
        Case(f"invalid as bytes: {name}", text(each), [], INVALID, {"text_as_bytes": True})
        for name, each in INVALID_TEXTS.items()
    ),
    *(
        Case(f"invalid in fragments: {name}", text("a", fin=False) + more(each), [], INVALID)
        for name, each in INVALID_TEXTS.items()
    ),
    *(
        Case(
            f"invalid in fragments, as bytes: {name}",
            text(each, fin=False) + more(),
            [],
            INVALID,
            {"text_as_bytes": True},
        )
        for name, each in INVALID_TEXTS.items()
    ),
    Case("not asked of binary", binary(b"\xff\xfe"), [b"\xff\xfe"]),
]
MAY_TRAVEL = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
MAY_NOT_TRAVEL = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
CLOSING = [
    Case("without a code", ws.close(), [closed()]),
    Case("half a code", sent(CLOSE, b"\x03"), [], BAD),
    *(Case(f"code {code}", ws.close(code, b"bye"), [closed(code, "bye")]) for code in MAY_TRAVEL),
    *(Case(f"code {code}", ws.close(code), [], BAD) for code in MAY_NOT_TRAVEL),
    Case("a reason in UTF-8", ws.close(1000, "tschüß".encode()), [closed(1000, "tschüß")]),
    Case("a reason that is not", ws.close(1000, b"\xff"), [], INVALID),
    Case("a reason cut within a character", ws.close(1000, b"\xe2\x82"), [], INVALID),
    Case("the longest reason", ws.close(1000, b"r" * 123), [closed(1000, "r" * 123)]),
    Case("a longer one", ws.close(1000, b"r" * 124), [], BAD),
    Case("in pieces", sent(CLOSE, fin=False), [], BAD),
    Case("nothing counts after it", ws.close(1000) + ping() + text(b"\xff") + ws.close(1001), [closed(1000)]),
    Case("nothing counts after an error", text(b"\xff") + text("a"), [], INVALID),
]
LIMITS = [
    Case("a message at the limit", text("a" * 10), ["a" * 10], None, {"limit": 10}),
    Case("over it", text("a" * 11), [], BIG, {"limit": 10}),
    Case("binary over it", binary(b"a" * 11), [], BIG, {"limit": 10}),
    Case("bytes count, not characters", text("ä" * 6), [], BIG, {"limit": 10}),
    Case("fragments at it", text("a" * 5, fin=False) + more("b" * 5), ["aaaaabbbbb"], None, {"limit": 10}),
    Case("fragments over it", text("a" * 5, fin=False) + more("b" * 6), [], BIG, {"limit": 10}),
    Case("each message has it anew", text("a" * 10) * 2, ["a" * 10] * 2, None, {"limit": 10}),
    Case("a size of 2^63 - 1", b"\x82\xff\x7f" + b"\xff" * 7 + ws.KEY, [], BIG),
    Case("as many fragments as may be", text("", fin=False) + more("", fin=False) * 4094 + more("a"), ["a"]),
    Case("one more", text("", fin=False) + more("", fin=False) * 4095 + more("a"), [], POLICY),
    Case(
        "fragments count for each message",
        (text("", fin=False) + more("a")) * 3,
        ["a"] * 3,
        None,
        {"fragments": 2},
    ),
    Case(
        "control frames are none",
        text("", fin=False) + ping() * 3 + more(),
        [*[pinged()] * 3, ""],
        None,
        {"fragments": 2},
    ),
]
GROUPS = {
    "framing": FRAMING,
    "pings": PINGS,
    "reserved bits": RESERVED_BITS,
    "opcodes": OPCODES,
    "fragmentation": FRAGMENTATION,
    "UTF-8": UTF_8,
    "close": CLOSING,
    "limits": LIMITS,
}
CASES = [pytest.param(case, id=f"{group}: {case.name}") for group, cases in GROUPS.items() for case in cases]


@pytest.mark.parametrize("case", CASES)
def test_6455_at_once(case: Case) -> None:
    received, code, _ = ws.read(ws.reader(**case.reader), [case.data])

    assert (received, code) == (list(case.received), case.code)


@pytest.mark.parametrize("case", CASES)
def test_6455_byte_by_byte(case: Case) -> None:
    received, code, _ = ws.read(ws.reader(**case.reader), (case.data[at : at + 1] for at in range(len(case.data))))

    assert (received, code) == (list(case.received), case.code)


def test_an_error_ends_and_empties_the_reader() -> None:
    reader = ws.reader()

    assert reader.feed(text("a") + text(b"\xff") + text("b")) == ["a"]
    assert reader.error is not None
    assert (reader.error.code, reader.error.reason, str(reader.error)) == (1007, "not UTF-8", "1007 not UTF-8")
    assert reader.closed
    assert reader.feed(text("c")) == []


def test_a_close_is_no_error() -> None:
    reader = ws.reader()

    assert reader.feed(ws.close(1001, b"away") + b"\xff" * 100) == [closed(1001, "away")]
    assert (reader.closed, reader.error, reader.more) == (True, None, False)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(text("a" * 100)[:8], None, id="no mistake"),
        pytest.param(text("a\xff".encode("latin-1") + b"b" * 98)[:8], INVALID, id="within a frame"),
        pytest.param(text("κ".encode()[:1], fin=False) + more(b"a" * 9)[:7], INVALID, id="within a continuation"),
        pytest.param(text(b"\xed\xa0\x80", fin=False), INVALID, id="a surrogate"),
        pytest.param(text(b"\xf4\x90", fin=False), INVALID, id="half of what is over U+10FFFF"),
        pytest.param(b"\x82\xff" + (2**40).to_bytes(8, "big"), BIG, id="before the mask, and any payload"),
        pytest.param(b"\x82\xfe\xff\xff", BIG, id="in 16 bits"),
        pytest.param(b"\xf2\x80", BAD, id="reserved bits, before the mask"),
        pytest.param(b"\x89\xfe", BAD, id="a long ping, before its size"),
    ],
)
def test_a_mistake_is_seen_as_soon_as_it_is_there(data: bytes, code: int | None) -> None:
    assert ws.read(ws.reader(limit=1000), [data])[:2] == ([], code)


def test_nothing_is_allocated_for_a_payload_that_did_not_come() -> None:
    reader = ws.reader(limit=2**62)
    reader.feed(b"\x82\xff" + (2**61).to_bytes(8, "big") + ws.KEY + b"1234")

    assert reader.error is None
    assert reader._message is not None
    assert len(reader._message.payload) == 4


def test_a_turn_counts_fragments() -> None:
    reader = ws.reader(turn=10)

    assert reader.feed(text("a", fin=False) + more("b", fin=False) * 15 + more("c")) == []
    assert reader.more
    assert reader.feed(b"") == ["a" + "b" * 15 + "c"]
    assert not reader.more


@pytest.mark.parametrize(("data", "expected"), [(text("a"), "a"), (ping(), pinged())])
def test_a_turn_has_a_bound(data: bytes, expected: Received) -> None:
    reader = ws.reader(turn=10)

    first = reader.feed((data * 9 + text("b")) * 10)

    assert 10 <= len(first) <= 20
    assert reader.more
    assert first + ws.read(reader, [b""])[0] == [*[expected] * 9, "b"] * 10
    assert not reader.more


def test_a_turn_that_ends_with_the_data_leaves_nothing_over() -> None:
    reader = ws.reader(turn=3)

    assert reader.feed(ping() * 3) == [pinged()] * 3
    assert not reader.more


def test_what_comes_while_a_turn_is_over_waits_for_the_next() -> None:
    reader = ws.reader(turn=1)

    received = reader.feed(ping(b"1") + text("2") + text("3")) + reader.feed(text("4"))

    assert received + ws.read(reader, [b""])[0] == [pinged(b"1"), "2", "3", "4"]


def test_settings_may_change_between_two_calls() -> None:
    reader = ws.reader(limit=3)
    assert reader.feed(text("abc")) == ["abc"]

    reader.limit, reader.text_as_bytes = 4, True

    assert reader.feed(text("abcd")) == [b"abcd"]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 1000, 65535])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_one_whole_short_frame_by_itself_is_read_at_once(size: int, as_bytes: bool) -> None:
    reader = ws.reader(limit=70_000, text_as_bytes=as_bytes)

    assert reader.whole(binary(b"\xff" * size)) == b"\xff" * size
    assert reader.whole(text("x" * size)) == (b"x" * size if as_bytes else "x" * size)


@given(st.binary(max_size=150) | st.sampled_from(SHORT), st.integers(0, 400), st.binary())
def test_what_is_read_at_once_is_what_would_have_been_read(data: bytes, cut: int, more: bytes) -> None:
    for each in (data, data[:cut], data + more[:2], data[:1] + more[:1] + data[2:]):
        whole, reader = ws.reader(limit=500).whole(each), ws.reader(limit=500)
        received = reader.feed(each)

        assert whole is None or (received == [whole] and reader.error is None and reader.feed(text("y")) == ["y"])


def test_nothing_is_read_at_once_within_a_message() -> None:
    reader = ws.reader()
    reader.feed(text("a", fin=False))

    assert reader.whole(text("b")) is None


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (frames.text(b"Hello"), b"\x81\x05Hello"),  # RFC 6455, section 5.7
        (frames.frame(TEXT, b"Hel", fin=False), b"\x01\x03Hel"),
        (frames.frame(0, b"lo"), b"\x80\x02lo"),
        (frames.ping(b"Hello"), b"\x89\x05Hello"),
        (frames.ping(), b"\x89\x00"),
        (frames.pong(b"Hello"), b"\x8a\x05Hello"),
        (frames.binary(b"x" * 125), b"\x82\x7d" + b"x" * 125),
        (frames.binary(b"x" * 126), b"\x82\x7e\x00\x7e" + b"x" * 126),
        (frames.binary(b"x" * 256), b"\x82\x7e\x01\x00" + b"x" * 256),
        (frames.binary(b"x" * 65536), b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + b"x" * 65536),
        (frames.frame(TEXT, b"x", compressed=True), b"\xc1\x01x"),
        (frames.message("é"), b"\x81\x02\xc3\xa9"),
        (frames.message(b"\xff" * 126), b"\x82\x7e\x00\x7e" + b"\xff" * 126),
        (frames.message("x", Deflater()), b"\x81\x01x"),
        (frames.message(b"x", Deflater()), b"\x82\x01x"),
        (frames.close(), b"\x88\x00"),
        (frames.close(1005), b"\x88\x00"),
        (frames.close(1000), b"\x88\x02\x03\xe8"),
        (frames.close(3001, "bye"), b"\x88\x05\x0b\xb9bye"),
    ],
)
def test_5_2_what_a_server_sends(frame: bytes, expected: bytes) -> None:
    assert frame == expected


@pytest.mark.parametrize("reason", ["r" * 200, "ä" * 100, "🎈" * 50, "a\ud800"])
def test_5_5_a_reason_keeps_to_its_size_and_is_utf_8(reason: str) -> None:
    [read], code, _ = ws.read(ws.reader(masked=False), [frames.close(1000, reason)])

    assert code is None
    assert isinstance(read, frames.Control)
    assert reason.replace("\ud800", "?").startswith(read.reason)
    assert 119 < len(read.payload) <= 125 or reason == "a\ud800"


@pytest.mark.parametrize("code", [code for code in MAY_NOT_TRAVEL if code != 1005])
def test_7_4_a_code_that_may_not_be_sent_is_the_applications_mistake(code: int) -> None:
    with pytest.raises(UsageError, match=f"{code} is no close code"):
        frames.close(code)


def test_7_4_the_codes() -> None:
    assert [code for code in MAY_TRAVEL + MAY_NOT_TRAVEL if may_travel(code)] == MAY_TRAVEL
