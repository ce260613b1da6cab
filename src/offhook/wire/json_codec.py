"""JSON, one object a line (protocol §2.1)."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command
from offhook.wire.replies import Outbound, Push

_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode


def one_line(encoded: bytes) -> bytes:
    """*encoded* without line breaks, which only a payload can have, between its tokens (protocol §2.1)."""
    if b"\n" in encoded or b"\r" in encoded:
        return encoded.translate(None, b"\r\n")
    return encoded


class JsonCodec:
    """The JSON codec. Payloads are embedded as they are and not as strings."""

    subprotocol = "centrifuge-json"
    ping = b"{}"

    def decode(self, frame: Payload) -> list[Command]:
        """One command a line. Exactly one line break stands between two, and at most one after the last."""
        try:
            text = frame if isinstance(frame, str) else frame.decode()
            if "\n" not in text:
                return [_decode(text)]
            return [_decode(line) for line in text.removesuffix("\n").split("\n")]
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Malformed(str(error)) from None

    def encode(self, value: Outbound) -> bytes:
        """A push is wrapped as ``{"push": …}``, a reply stands alone (protocol §3)."""
        if isinstance(value, Push):
            return one_line(b'{"push":%b}' % _encode(value))
        return one_line(_encode(value))

    def text(self, data: bytes) -> Raw:
        """A string: the data of a delta is not JSON (protocol §11)."""
        return Raw(_encode(data.decode()))

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """One line each."""
        return b"\n".join(encoded)
