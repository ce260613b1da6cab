"""JSON, one object a line (protocol §2.1)."""

import re
from collections.abc import Sequence

import msgspec
from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import UNREADABLE_AT_ONCE, Command, UnreadableCommand
from offhook.wire.replies import Outbound, Push

_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode


def one_line(encoded: bytes) -> bytes:
    """*encoded* without line breaks, which only a payload can have, between its tokens (protocol §2.1)."""
    if b"\n" in encoded or b"\r" in encoded:
        return encoded.translate(None, b"\r\n")
    return encoded


_FIRST = re.compile(r'\s*\{\s*"id"\s*:\s*(\d{1,10})\s*,')
_LAST = re.compile(r',\s*"id"\s*:\s*(\d{1,10})\s*\}\s*\Z')
_ENDS = 64
"""Characters at each end of a line in which its number is looked for; SDKs write it first or last."""


def _readable(text: str) -> list[Command]:
    """The commands of a frame of which some are not JSON: NaN, half a surrogate pair, nested too deeply.

    :raises Malformed: a command has another form than the protocol's, or its number cannot be found.
    """
    commands: list[Command] = []
    unreadable = 0
    for line in text.removesuffix("\n").split("\n"):
        try:
            commands.append(_decode(line))
        except msgspec.ValidationError as error:
            raise Malformed(str(error)) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            unreadable += 1
            number = _number(line)
            if not number or unreadable > UNREADABLE_AT_ONCE:
                raise Malformed(str(error)) from None
            commands.append(UnreadableCommand(number))
    return commands


def _number(line: str) -> int:
    """The number of a command that cannot be read; 0 if it is not found, or the line does not end as one."""
    found = _FIRST.match(line[:_ENDS]) or _LAST.search(line[-_ENDS:])
    number = int(found[1]) if found and line.rstrip().endswith("}") else 0
    return number if number < 2**32 else 0


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
        except UnicodeError as error:
            raise Malformed(str(error)) from None
        except (msgspec.DecodeError, RecursionError):
            return _readable(text)

    def encode(self, value: Outbound) -> bytes:
        """A push is wrapped as ``{"push": …}``, a reply stands alone (protocol §3)."""
        if isinstance(value, Push):
            return one_line(b'{"push":%b}' % _encode(value))
        return one_line(_encode(value))

    def text(self, data: bytes, *, binary: bool = False) -> Raw:
        """A string: the data of a delta is not JSON (protocol §11)."""
        return Raw(_encode((_encode(data) if binary else data).decode()))

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """One line each."""
        return b"\n".join(encoded)
