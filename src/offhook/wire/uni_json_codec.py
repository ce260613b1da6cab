"""JSON for those who only listen (protocol §14): bare pushes, after one request to connect."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from offhook.base.types import Payload
from offhook.wire.codec import Malformed
from offhook.wire.commands import Command, ConnectRequest, SubscribeRequest
from offhook.wire.json_codec import one_line
from offhook.wire.position import Position
from offhook.wire.replies import Outbound, Push

_decoder = msgspec.json.Decoder(ConnectRequest)
_encoder = msgspec.json.Encoder()


class UniJsonCodec:
    """The codec of the unidirectional transports. Nothing but the connection is ever replied to.

    :param since: from where the client recovers its server-side subscriptions, by channel, whatever its request
        says: an ``EventSource`` repeats its first request, and knows better by then.
    """

    def __init__(self, since: Mapping[str, Position] | None = None) -> None:
        self._since = {
            channel: SubscribeRequest(recover=True, offset=position.offset, epoch=position.epoch)
            for channel, position in (since or {}).items()
        }

    subprotocol = ""
    ping = b"{}"

    def decode(self, frame: Payload) -> list[Command]:
        """The one request to connect, which is not wrapped as a command."""
        try:
            text = frame if isinstance(frame, str) else frame.decode()
            request = _decoder.decode(text)
            if self._since:
                request = replace(request, subs={**(request.subs or {}), **self._since})
            return [Command(id=1, connect=request)]
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Malformed(str(error)) from None

    def encode(self, value: Outbound) -> bytes:
        """A push stands alone, and so does the result of the connect command."""
        return one_line(_encoder.encode(value if isinstance(value, Push) else Push(connect=value.connect)))

    def text(self, data: bytes, *, binary: bool = False) -> Raw:
        """A string, as in every JSON codec (protocol §11)."""
        return Raw(_encoder.encode((_encoder.encode(data) if binary else data).decode()))

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """One line each."""
        return b"\n".join(encoded)
