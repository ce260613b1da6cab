"""What a client of an HTTP transport posts (protocol §14)."""

import pytest
from centrifuge.protocol import client_pb2
from hypothesis import given, strategies as st

from offhook.wire.codec import Malformed
from offhook.wire.emulation import EmulationRequest, emulation_request


def test_14_json_holds_the_frame_as_a_string() -> None:
    body = rb'{"session":"s","node":"n","data":"{\"id\":1}\n{}","newer":1}'

    assert emulation_request(body, protobuf=False) == EmulationRequest("n", "s", '{"id":1}\n{}')


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), st.binary())
def test_14_protobuf_as_google_writes_it(node: str, session: str, data: bytes) -> None:
    body = client_pb2.EmulationRequest(node=node, session=session, data=data).SerializeToString()

    assert emulation_request(body, protobuf=True) == EmulationRequest(node, session, data)


@pytest.mark.parametrize(
    ("body", "protobuf"),
    [
        (b"", False),
        (b"[]", False),
        (b'{"session":1}', False),
        (b'{"session":null}', False),
        (b'{"data":{"id":1}}', False),
        (b'{"data":"\xff"}', False),
        (b'{"data":"\\ud800"}', False),
        (b'{"data":"a"', False),
        (b'{"newer":' + b"[" * 20000, False),
        (b"\x12", True),
        (b"\x12\x05abc", True),
        (b"\x12\x01\xff", True),
        (b"\x10\x01", True),
    ],
)
def test_14_16_malformed(body: bytes, protobuf: bool) -> None:
    with pytest.raises(Malformed):
        emulation_request(body, protobuf)


@given(st.binary(max_size=60), st.booleans())
def test_14_16_nothing_but_malformed_is_raised(body: bytes, protobuf: bool) -> None:
    try:
        emulation_request(body, protobuf)
    except Malformed:
        return
