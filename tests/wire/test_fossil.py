"""Fossil deltas (protocol §11) against our own decoder and those inside the official SDKs."""

import json
import os
import random
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import pytest
from centrifuge import fossil as python_sdk
from hypothesis import HealthCheck, given, settings, strategies as st

from offhook.dev.node import find_node
from offhook.wire.fossil import BadDelta, apply_delta, create_delta
from tests.servers import ROOT

Apply: TypeAlias = Callable[[bytes, bytes], bytes]


@pytest.fixture(scope="module")
def javascript() -> Iterator[Apply]:
    """``applyDelta`` of the JavaScript SDK."""
    with subprocess.Popen(
        [find_node(), "tests/wire/fossil.mjs"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        asked, answers = node.stdin, node.stdout
        assert asked is not None
        assert answers is not None

        def apply(source: bytes, delta: bytes) -> bytes:
            question = {"source": b64encode(source).decode(), "delta": b64encode(delta).decode()}
            print(json.dumps(question), file=asked, flush=True)
            answer = answers.readline()
            assert not answer.startswith("error"), answer
            return b64decode(answer)

        yield apply
        asked.close()
        assert node.wait(10) == 0


ROWS = [{"id": number, "text": f"Zeile {number} für 🎈 {number * 7919}", "done": False} for number in range(60)]


def _text(rows: Sequence[object]) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def _edited(*edits: int) -> bytes:
    return _text([row | {"done": True, "text": "geändert: 🎉"} if row["id"] in edits else row for row in ROWS])


PAIRS = [
    (b"", b""),
    (b"", b"a"),
    (b"a", b""),
    (b"abc", b"abc"),
    (b"x" * 100, b"x" * 99),
    (bytes(range(256)), bytes(range(1, 256)) + b"\0"),
    (_text(ROWS), _text(ROWS)),
    (_text(ROWS), _edited(7, 40)),
    (_text(ROWS), _text(ROWS[30:] + ROWS[:30])),
    (_text(ROWS), _text(["new", *ROWS])),
    ("ä".encode() * 400, "äö".encode() * 300),
    ("🎈".encode() * 400, "a🎉".encode() + "🎈".encode() * 300),
    (b"ab" * 500, b"ba" * 500),
]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_11_all_decoders_make_the_target(javascript: Apply, source: bytes, target: bytes) -> None:
    delta = create_delta(source, target)

    assert apply_delta(source, delta) == target
    assert javascript(source, delta) == target
    assert python_sdk.apply_delta(source, delta) == target


def test_11_the_format() -> None:
    source = b"The quick brown fox jumps over the lazy dog."

    assert create_delta(source, b"") == b"0\n0;"
    assert create_delta(b"", b"abcd") == b"4\n4:abcd1XObD_;"
    assert create_delta(source, source + b"!") == b"i\nh@0,1:!" + _sum(source + b"!") + b";"


def _sum(text: bytes) -> bytes:
    """The checksum as the specification says it, word by word."""
    text += bytes(-len(text) % 4)
    total = sum(int.from_bytes(text[at : at + 4]) for at in range(0, len(text), 4)) % 2**32
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
    written = ""
    while total or not written:
        total, digit = divmod(total, 64)
        written = digits[digit] + written
    return written.encode()


def test_11_edits_in_two_places_compress() -> None:
    source, target = _text(ROWS), _edited(7, 40)
    delta = create_delta(source, target)

    assert len(delta) < 150 < len(target) / 20
    assert delta.count(b"@") == 3


def test_11_rows_that_moved_compress() -> None:
    delta = create_delta(_text(ROWS), _text(ROWS[30:] + ROWS[:30]))

    assert len(delta) < 60


# Texts of few, long characters: their parts are equal in many places.
texts = st.text(st.sampled_from("aé€🎈🎉"), max_size=60)


@given(texts, texts)
def test_11_the_delta_of_texts_is_a_text(one: str, two: str) -> None:
    source, target = (one * 3 + two).encode(), (two * 2 + one).encode()

    delta = create_delta(source, target).decode()

    assert apply_delta(source, delta.encode()) == target


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_11_whatever_is_made_of_the_same_parts(javascript: Apply, parts: list[bytes], data: st.DataObject) -> None:
    source, target = (b"".join(data.draw(st.lists(st.sampled_from(parts), max_size=12))) for _ in range(2))

    delta = create_delta(source, target)

    assert apply_delta(source, delta) == target
    assert javascript(source, delta) == target


@pytest.mark.parametrize(
    "delta",
    [
        b"",
        b"4",
        b"4\n",
        b"\n",
        b"4;",
        b"4\n4:abcd",
        b"4\n4:abcd;",
        b"4\n4:abcd0;",
        b"3\n4:abcd1XOnYa;",
        b"4\n4:abc",
        b"4\n9@0,",
        b"4\n4@1,",
        b"4\n4@0;",
        b"4\n4@",
        b"4\n4@0",
        b"4\n4!0",
        b"4\n0:",
        b"4\n4:abcd" + b"0" * 20 + b";",
        b"~~~~~~~~\n~~~~~~~~@0,",
        b"\xff\n",
        b"0\n0;0",
        b"0\n0;;",
    ],
)
def test_what_is_no_delta(delta: bytes) -> None:
    with pytest.raises(BadDelta):
        apply_delta(b"wxyz", delta)


@given(st.binary(max_size=40), st.binary(max_size=60))
def test_nothing_but_bad_delta_is_raised(source: bytes, delta: bytes) -> None:
    try:
        apply_delta(source, delta)
    except BadDelta:
        return


@given(st.binary(min_size=1, max_size=80), st.data())
def test_a_damaged_delta_never_exceeds_the_size_that_it_states(target: bytes, data: st.DataObject) -> None:
    delta = bytearray(create_delta(b"0123456789" * 4, target))
    delta[data.draw(st.integers(0, len(delta) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = apply_delta(b"0123456789" * 4, bytes(delta))
    except BadDelta:
        return
    assert len(made) <= 64**4


MEGABYTE = 2**20
NOISE = os.urandom(MEGABYTE)
BLOCKS = [NOISE[at : at + 16] for at in range(0, MEGABYTE, 16)]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param(b"a" * MEGABYTE, b"a" * MEGABYTE, id="all equal"),
        pytest.param(b"a" * MEGABYTE, (b"a" * 17 + b"b") * (MEGABYTE // 18), id="short runs"),
        pytest.param(b"\x80" * MEGABYTE, (b"\x80" * 17 + b"b") * (MEGABYTE // 18), id="never a character"),
        pytest.param(b"ab" * (MEGABYTE // 2), b"ba" * (MEGABYTE // 2), id="period"),
        pytest.param(NOISE, NOISE[::-1], id="nothing in common"),
        pytest.param(NOISE, b"".join(random.Random(1).sample(BLOCKS, len(BLOCKS))), id="shuffled"),
        pytest.param(b"", NOISE, id="from nothing"),
    ],
)
def test_a_megabyte_of_any_kind_takes_linear_time(source: bytes, target: bytes) -> None:
    part = _seconds(source[: MEGABYTE // 8], target[: MEGABYTE // 8])

    assert _seconds(source, target) < 8 * 4 * max(part, 0.01)


def _seconds(source: bytes, target: bytes) -> float:
    began = time.process_time()
    delta = create_delta(source, target)
    spent = time.process_time() - began
    assert apply_delta(source, delta) == target
    return spent
