"""permessage-deflate: the compression of WebSocket messages (RFC 7692).

What we send is compressed once and shared by all who receive it, so we never take our context over; what comes in
is inflated within a limit.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from offhook.wire.closing import CloseCode, FrameError
from offhook.wire.handshake import Offer

NAME = "permessage-deflate"
_SERVER_TAKEOVER = "server_no_context_takeover"
_CLIENT_TAKEOVER = "client_no_context_takeover"
_SERVER_BITS = "server_max_window_bits"
_CLIENT_BITS = "client_max_window_bits"

LARGEST_WINDOW = 15
"""Windows are given as powers of two. The RFC has 8 to 15."""
_SMALLEST_WINDOW = 9
"""zlib cannot compress with a window of 256 bytes, so that we turn a client down that insists on it."""
_BITS = {str(bits): bits for bits in range(8, LARGEST_WINDOW + 1)}

_TAIL = b"\x00\x00\xff\xff"
"""The end of a flushed block, which is not sent (section 7.2.1)."""
_STREAMS = 16
"""How often one message may end the stream and begin another; a flood of ends would cost time without any size."""


class Inflater:
    """Inflates the messages of one connection, in the order in which they came (section 7.2.2).

    :param bits: the client's window. Up to so much memory, and 10 KiB more, is held between messages.
    :param takeover: whether a message may refer to those before it; without, nothing is held.
    """

    __slots__ = ("_bits", "_stream", "_takeover")

    def __init__(self, bits: int = LARGEST_WINDOW, *, takeover: bool = True) -> None:
        self._bits = bits
        self._takeover = takeover
        self._stream: zlib._Decompress | None = None

    def inflate(self, payload: bytes, limit: int) -> bytes:
        """The message that was compressed to *payload*. No more than *limit* bytes, and one, are ever made.

        :raises FrameError: it is longer, or *payload* is not compressed. No further message can be inflated then.
        """
        found: list[bytes] = []
        room, rest = limit, payload + _TAIL
        for _ in range(_STREAMS):
            stream = self._stream or zlib.decompressobj(-self._bits)
            try:
                found.append(stream.decompress(rest, room + 1))
            except zlib.error:
                break
            room -= len(found[-1])
            if room < 0:
                raise FrameError(CloseCode.TOO_BIG, "message too big")
            if not stream.eof:
                self._stream = stream if self._takeover else None
                return b"".join(found)
            # A final block may stand anywhere (section 7.2.3.4). Who writes one has begun anew after it.
            self._stream, rest = None, stream.unused_data
        raise FrameError(CloseCode.INVALID_DATA, "not compressed data")


@dataclass(frozen=True, slots=True)
class Deflater:
    """Compresses messages, each for itself. Two that are equal make the same bytes.

    :param bits: the window, 9 to 15.
    :param level: effort, 1 to 9; at 1, a kilobyte takes 15 µs.
    :param smallest: bytes; shorter messages stay as they are. Compressed they would hardly be smaller, and cost.
    """

    bits: int = 12
    level: int = 1
    smallest: int = 256

    def deflate(self, payload: bytes) -> bytes | None:
        """What to send for *payload* in a compressed frame; None: send it as it is."""
        if len(payload) < self.smallest:
            return None
        stream = zlib.compressobj(self.level, zlib.DEFLATED, -self.bits, self.bits - 7)
        made = stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
        return made[: -len(_TAIL)] if len(made) - len(_TAIL) < len(payload) else None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a server agrees to.

    :param deflater: how it compresses. A client may ask for a smaller window.
    :param client_bits: the window that a client may use, 8 to 15, if the client can be told.
    :param client_takeover: whether a client may refer to earlier messages, which costs the memory of an Inflater.
    """

    deflater: Deflater = Deflater()
    client_bits: int = LARGEST_WINDOW
    client_takeover: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides do from now on.

    :param extension: the value of ``Sec-WebSocket-Extensions`` in the answer.
    """

    extension: str
    deflater: Deflater
    client_bits: int
    client_takeover: bool

    def inflater(self) -> Inflater:
        """For what comes in on one connection."""
        return Inflater(self.client_bits, takeover=self.client_takeover)


@dataclass(frozen=True, slots=True)
class _Wish:
    """The parameters of an offer, understood. ``client_bits`` is None where the client cannot be told."""

    server_bits: int = LARGEST_WINDOW
    client_bits: int | None = None
    client_takeover: bool = True


def negotiate(offers: Iterable[Offer], terms: Terms) -> Agreement | None:
    """Accept the first of the *offers* that can be; None: there is no compression (section 7.1)."""
    for offer in offers:
        wish = _wish(offer.parameters) if offer.name == NAME else None
        if wish is not None and wish.server_bits >= _SMALLEST_WINDOW:
            return _agree(wish, terms)
    return None


def _wish(parameters: Sequence[tuple[str, str | None]]) -> _Wish | None:
    """What *parameters* say; None with an unknown, repeated or invalid one: such an offer is declined."""
    given = dict(parameters)
    server_bits = _BITS.get(given.pop(_SERVER_BITS, str(LARGEST_WINDOW)) or "")
    can_be_told = _CLIENT_BITS in given
    client_bits = _BITS.get(given.pop(_CLIENT_BITS, None) or str(LARGEST_WINDOW))
    flags = {name: given.pop(name) for name in (_SERVER_TAKEOVER, _CLIENT_TAKEOVER) if name in given}
    repeated = len(dict(parameters)) != len(parameters)
    if given or repeated or any(flags.values()) or server_bits is None or client_bits is None:
        return None
    return _Wish(server_bits, client_bits if can_be_told else None, _CLIENT_TAKEOVER not in flags)


def _agree(wish: _Wish, terms: Terms) -> Agreement:
    """Our terms within the client's. The server may ask for both takeovers to be dropped unasked (7.1.1)."""
    ours = terms.deflater
    deflater = Deflater(min(ours.bits, wish.server_bits), ours.level, ours.smallest)
    takeover = terms.client_takeover and wish.client_takeover
    told = None if wish.client_bits is None else min(wish.client_bits, terms.client_bits)
    parts = [
        NAME,
        _SERVER_TAKEOVER,
        "" if takeover else _CLIENT_TAKEOVER,
        f"{_SERVER_BITS}={deflater.bits}",
        f"{_CLIENT_BITS}={told}" if told is not None and told < LARGEST_WINDOW else "",
    ]
    return Agreement("; ".join(filter(None, parts)), deflater, told or LARGEST_WINDOW, takeover)
