"""Frames cut anywhere, and frames of another implementation: the sans-IO client of ``websockets``."""

import sys
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings, strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from offhook.wire import frames, mask
from offhook.wire.deflate import Deflater, Terms, negotiate
from offhook.wire.handshake import parse_extensions
from tests.wire import clients as ws
from tests.wire.clients import RSV1, close, closed, more, ping, pinged, ponged, sent, text

_LIMIT = 200
_deflate = Deflater(smallest=0).deflate


def _compressed(payload: bytes) -> bytes:
    return text(_deflate(payload) or b"\0", reserved=RSV1)


payloads = st.binary(max_size=20) | st.sampled_from(
    [b"a" * 126, b"a" * _LIMIT, b"a" * (_LIMIT + 1), "κόσμε🎈".encode()]
)
texts = st.text(max_size=30).map(str.encode)
keys = st.binary(min_size=4, max_size=4)
good = st.one_of(
    st.builds(sent, st.sampled_from([1, 2]), texts, key=keys),
    st.builds(sent, st.sampled_from([9, 10]), st.binary(max_size=20), key=keys),
    st.lists(texts, max_size=4).map(
        lambda parts: b"".join([text("", fin=False), *(more(p, fin=False) for p in parts), more()])
    ),
    texts.map(lambda each: _compressed(each * 3)),
)
wrong = st.one_of(
    st.builds(
        sent,
        st.integers(0, 15),
        payloads,
        fin=st.booleans(),
        reserved=st.sampled_from([0, 0, 0, 0x40, 0x20, 0x10]),
        key=keys | st.none(),
        size_bytes=st.sampled_from([None, None, 2, 8]),
    ),
    st.sampled_from([*range(990, 1020), 3000, 5000]).map(close),
    st.binary(max_size=20),
    st.sampled_from([_compressed(b"a" * 1000), text(b"\xff\xfe", reserved=RSV1)]),
)


@settings(max_examples=300)
@given(
    st.lists(good | wrong, max_size=8), st.lists(st.integers(0, 400), max_size=12), st.booleans(), st.booleans()
)
@example([text("a", fin=False), ping(), more("\u20ac")], [1, 9], False, False)
def test_a_cut_changes_nothing(
    parts: Sequence[bytes], cuts: Sequence[int], compressed: bool, as_bytes: bool
) -> None:
    data = b"".join(parts)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def outcome(pieces: Sequence[bytes]) -> object:
        reader = ws.reader(limit=_LIMIT, fragments=5, turn=3, compressed=compressed, text_as_bytes=as_bytes)
        return ws.read(reader, pieces)

    at_once = outcome([data])
    assert outcome(pieces) == at_once
    assert outcome([data[at : at + 1] for at in range(len(data))]) == at_once


@given(st.binary(max_size=300), keys)
def test_masks_in_python_and_in_c_are_equal(data: bytes, key: bytes) -> None:
    assert mask.apply_mask is not mask.xor
    assert mask.xor(data, key) == mask.apply_mask(data, key)
    assert mask.xor(mask.xor(data, key), key) == data


def test_without_the_mask_in_c_that_in_python_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.speedups", None)

    assert mask.fastest() is mask.xor


@pytest.fixture(params=["in C", "in Python"])
def masks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the reader is the same with both."""
    if request.param == "in Python":
        monkeypatch.setattr(frames, "apply_mask", mask.xor)


def _client(*extensions: PerMessageDeflate) -> ClientProtocol:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN)
    client.extensions = list(extensions)
    return client


def _speak(client: ClientProtocol, *words: Callable[[], None]) -> bytes:
    for word in words:
        word()
    return b"".join(client.data_to_send())


@pytest.mark.usefixtures("masks")
def test_we_read_what_websockets_sends() -> None:
    client = _client()
    data = _speak(
        client,
        lambda: client.send_text("κόσμε".encode()),
        lambda: client.send_binary(b"\xff" * 70000),
        lambda: client.send_text(b"Hel", fin=False),
        lambda: client.send_ping(b"?"),
        lambda: client.send_continuation(b"lo", fin=True),
        lambda: client.send_pong(b"!"),
        lambda: client.send_close(3000, "bye"),
    )

    received, code, _ = ws.read(ws.reader(), [data])

    assert code is None
    assert received == ["κόσμε", b"\xff" * 70000, pinged(b"?"), "Hello", ponged(b"!"), closed(3000, "bye")]


def test_websockets_reads_what_we_send() -> None:
    client = _client()
    client.receive_data(frames.text("κόσμε".encode()) + frames.binary(b"\xff" * 70000) + frames.binary(b"x" * 300))
    client.receive_data(frames.frame(1, b"Hel", fin=False) + frames.ping(b"?") + frames.frame(0, b"lo"))
    client.receive_data(frames.close(3001, "shutdown"))

    events = [event for event in client.events_received() if isinstance(event, Frame)]

    assert [bytes(event.data) for event in events[:6]] == [
        "κόσμε".encode(),
        b"\xff" * 70000,
        b"x" * 300,
        b"Hel",
        b"?",
        b"lo",
    ]
    assert client.close_rcvd is not None
    assert (client.close_rcvd.code, client.close_rcvd.reason) == (3001, "shutdown")


WORDS = [f'{{"channel":"room:{number}","data":"{"wort " * 80}"}}' for number in range(5)]


@pytest.mark.parametrize("client_bits", [None, True, 9, 15])
@pytest.mark.parametrize("server_bits", [None, 9, 15])
@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("terms", [Terms(), Terms(Deflater(15), 10, True), Terms(Deflater(9), 15, True)])
def test_7692_websockets_negotiates_and_talks(
    client_bits: int | bool | None, server_bits: int | None, takeover: bool, terms: Terms
) -> None:
    factory = ClientPerMessageDeflateFactory(
        client_no_context_takeover=not takeover,
        client_max_window_bits=client_bits,
        server_max_window_bits=server_bits,
    )
    offered = "; ".join(
        name if value is None else f"{name}={value}" for name, value in factory.get_request_params()
    )
    agreement = negotiate(parse_extensions(f"permessage-deflate; {offered}".rstrip("; ")), terms)
    assert agreement is not None
    [answer] = parse_extensions(agreement.extension)
    client = _client(factory.process_response_params(answer.parameters, []))

    client.receive_data(b"".join(frames.text(word.encode(), agreement.deflater) for word in WORDS))
    data = _speak(client, *(lambda word=word: client.send_text(word.encode()) for word in [*WORDS, "", "", "a"]))

    assert [bytes(event.data).decode() for event in client.events_received() if isinstance(event, Frame)] == WORDS
    reader = ws.reader()
    reader.inflater = agreement.inflater()
    assert ws.read(reader, [data]) == ([*WORDS, "", "", "a"], None, None)
