"""RFC 6455 over real sockets: all cases of ``tests/wire/test_frames.py``, and what they leave open.

What is malformed stands in ``test_hostile.py``, compression in ``test_compression.py``.
"""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from offhook.wire.frames import Control, Received
from tests.server.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawClient, frame
from tests.servers import Server
from tests.wire.test_frames import GROUPS, Case

_SMILE = "naïve 😀".encode()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Server("tests.server.applications:echo") as server:
        yield server.port
    assert "ERROR" not in server.log


@pytest.fixture
def client(port: int) -> Iterator[RawClient]:
    with RawClient(port) as client:
        client.upgrade()
        yield client


_LONG = 1000
"""Bytes; what is longer is not sent one by one."""
_NORMAL = b"\x03\xe8"
_END = frame(CLOSE, _NORMAL)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("step", [1 << 20, 7, 1])
def test_every_case_of_the_reader(port: int, group: str, step: int) -> None:
    cases = [case for case in GROUPS[group] if not case.reader and (step > _LONG or len(case.data) < _LONG)]

    assert {case.name: _heard(port, case, step) for case in cases} == {case.name: _answer(case) for case in cases}


def _heard(port: int, case: Case, step: int) -> Sequence[tuple[int, bytes]]:
    """What comes back for the data of *case*, sent *step* bytes at once.

    What the application answers to may be lost where the next bytes end it all (section 5.5.1).
    """
    with RawClient(port) as client:
        client.upgrade()
        for at in range(0, len(case.data), step):
            client.send(case.data[at : at + step])
        if _ends(case):
            return [each for each in client.frames() if each[0] == CLOSE]
        found = [client.frame() for _ in _answer(case)]
        client.send(_END)
        assert list(client.frames()) == [(CLOSE, _NORMAL)]
        return _by_kind(found)


def _ends(case: Case) -> bool:
    closes = [each for each in case.received if isinstance(each, Control) and each.opcode == CLOSE]
    return case.code is not None or bool(closes)


def _answer(case: Case) -> Sequence[tuple[int, bytes]]:
    """What has to come back; of a Close its code, since the reason is for people."""
    frames = [each for received in case.received for each in _echo(received)]
    frames += [] if case.code is None else [(CLOSE, case.code.to_bytes(2))]
    return _by_kind(each for each in frames if each[0] == CLOSE or not _ends(case))


def _by_kind(frames: Iterable[tuple[int, bytes]]) -> Sequence[tuple[int, bytes]]:
    """The server may answer a ping before the application has answered what came before it."""
    return sorted(frames, key=lambda each: each[0])


def _echo(received: Received) -> Sequence[tuple[int, bytes]]:
    match received:
        case str():
            return [(TEXT, received.encode())]
        case bytes():
            return [(BINARY, received)]
        case Control(opcode=8):
            return [(CLOSE, received.payload[:2])]
        case Control(opcode=9):
            return [(PONG, received.payload)]
    return []


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65535, 65536, 70000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_5_2_every_form_of_length(client: RawClient, opcode: int, size: int) -> None:
    client.send(frame(opcode, b"*" * size))

    assert client.frame() == (opcode, b"*" * size)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_5_2_a_frame_may_arrive_in_pieces(client: RawClient, size: int) -> None:
    data = frame(TEXT, _SMILE * 50)
    for at in range(0, len(data), size):
        client.send(data[at : at + size])

    assert client.frame() == (TEXT, _SMILE * 50)


def test_5_2_many_frames_may_arrive_in_one_piece(client: RawClient) -> None:
    client.send(b"".join(frame(TEXT, b"%d" % number) for number in range(2000)))

    assert [client.frame()[1] for _ in range(2000)] == [b"%d" % number for number in range(2000)]


@pytest.mark.parametrize("count", [2, 3, 4096])
def test_5_4_fragments_are_joined(client: RawClient, count: int) -> None:
    middle = [frame(CONTINUATION, b"x", fin=False)] * (count - 2)
    client.send(frame(BINARY, b"x", fin=False) + b"".join(middle) + frame(CONTINUATION, b"x"))

    assert client.frame() == (BINARY, b"x" * count)


def test_5_4_control_frames_between_fragments(client: RawClient) -> None:
    first, last = frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"c")
    client.send(
        first + frame(PING, b"1") + frame(CONTINUATION, fin=False) + frame(PONG) + frame(PING, b"2") + last
    )

    assert [client.frame() for _ in range(3)] == [(PONG, b"1"), (PONG, b"2"), (TEXT, b"ac")]


def test_5_5_1_a_close_between_fragments_ends_it(client: RawClient) -> None:
    client.send(frame(TEXT, b"a", fin=False) + frame(CLOSE, b"\x03\xe8") + frame(CONTINUATION, b"b"))

    assert client.frame() == (CLOSE, b"\x03\xe8")
    assert client.rest() == b""


@pytest.mark.parametrize("payload", [b"", b"hello", b"\x00\xff" * 62])
def test_5_5_2_a_ping_is_answered_with_what_it_carries(client: RawClient, payload: bytes) -> None:
    client.send(frame(PONG, b"nobody asked") + frame(PING, payload))

    assert client.frame() == (PONG, payload)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_7_4_a_close_comes_back_with_its_code(client: RawClient, code: int) -> None:
    client.send(frame(CLOSE, code.to_bytes(2) + "é".encode() * 61))

    assert client.close_code() == code
    assert client.rest() == b""


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_7_4_a_code_that_may_not_be_sent_is_an_error(client: RawClient, code: int) -> None:
    client.send(frame(CLOSE, code.to_bytes(2)))

    assert client.close_code() == 1002


@pytest.mark.parametrize("cut", range(1, len(_SMILE)))
def test_8_1_a_character_may_be_cut_by_fragments(client: RawClient, cut: int) -> None:
    client.send(frame(TEXT, _SMILE[:cut], fin=False) + frame(CONTINUATION, _SMILE[cut:]))

    assert client.frame() == (TEXT, _SMILE)


@pytest.mark.parametrize(
    "text", [b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"ok\xfe", b"\xe2\x82"]
)
@pytest.mark.parametrize("whole", [True, False])
def test_8_1_what_is_not_utf_8_closes_with_1007(client: RawClient, text: bytes, whole: bool) -> None:
    client.send(frame(TEXT, text) if whole else frame(TEXT, text[:1], fin=False) + frame(CONTINUATION, text[1:]))

    assert client.close_code() == 1007


def test_8_1_wrong_text_is_found_before_its_message_ends(client: RawClient) -> None:
    client.send(frame(TEXT, b"\xff", fin=False))

    assert client.close_code() == 1007
