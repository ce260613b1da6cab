"""The contract of a codec, and what makes two connections receive the same bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Raw

from offhook.base.types import Payload
from offhook.wire.commands import Command
from offhook.wire.replies import Outbound


class Malformed(ValueError):
    """A frame does not hold commands (protocol §16): the connection closes with 3501."""


class Codec(Protocol):
    """Between frames and values (protocol §2). A codec has no state."""

    subprotocol: str
    """Its name among WebSocket subprotocols."""
    ping: bytes
    """The encoded ping: an empty reply (protocol §5)."""

    def decode(self, frame: Payload) -> list[Command]:
        """The commands in *frame*, at least one, in order.

        :raises Malformed: for whatever a stranger may have put into it, and nothing else.
        """
        ...

    def encode(self, value: Outbound) -> bytes:
        """One reply or push, ready to be joined with others."""
        ...

    def text(self, data: bytes, *, binary: bool = False) -> Raw:
        """How *data*, a payload or a delta, stands in a publication where deltas were negotiated.

        :param binary: as in ``Publication``; otherwise it is UTF-8.
        """
        ...

    def join(self, encoded: Sequence[bytes]) -> bytes:
        """Several encoded replies and pushes, at least one, as the content of one frame."""
        ...


class Outgoing:
    """Something encoded: ``data`` to be joined with others, ``frame`` for when it goes alone.

    :param make: makes a frame out of a frame's content.
    """

    __slots__ = ("_frame", "_make", "data", "queues")

    def __init__(self, data: bytes, make: Callable[[bytes], Any]) -> None:
        self.data = data
        self.queues = 0
        """In how many queues it waits."""
        self._make = make
        self._frame: Any = None

    @property
    def frame(self) -> Any:
        """Finished; made when it is first needed, and the same object for everybody."""
        if self._frame is None:
            self._frame = self._make(self.data)
        return self._frame


@dataclass(frozen=True, slots=True)
class Variant:
    """What has to be equal for two connections to receive the same object: the codec and the framing.

    ``frame`` makes what a transport writes out of a frame's content. A publication is encoded once a variant.
    ``joins_frames`` says that frames are bytes, and that a transport may write several of them as one.
    """

    codec: Codec
    frame: Callable[[bytes], Any]
    joins_frames: bool = False

    def encode(self, value: Outbound) -> Outgoing:
        """*value*, encoded."""
        return Outgoing(self.codec.encode(value), self.frame)

    def ping(self) -> Outgoing:
        """A ping."""
        return Outgoing(self.codec.ping, self.frame)

    def join(self, waiting: Sequence[Outgoing]) -> Any:
        """One frame that holds all of *waiting*."""
        if len(waiting) == 1:
            return waiting[0].frame
        return self.frame(self.codec.join([each.data for each in waiting]))

    def together(self, waiting: Sequence[Outgoing], most: int) -> Any:
        """All of *waiting* for one write: one frame, or if it ``joins_frames`` several of *most* messages."""
        if len(waiting) <= most:
            return self.join(waiting)
        starts = range(0, len(waiting), most)
        return b"".join(self.join(waiting[start : start + most]) for start in starts)
