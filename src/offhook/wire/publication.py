"""What travels through a channel."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Who published, or who is present.

    :param user: the user's id; empty for somebody anonymous.
    :param client: the id of the connection.
    :param conn_info: what the application tells others about the user, as JSON text.
    :param chan_info: the same, for one channel.
    """

    user: str
    client: str
    conn_info: bytes | None = None
    chan_info: bytes | None = None


class Publication(Struct, frozen=True):
    """One publication.

    :param data: one JSON text in UTF-8, or any bytes if ``binary``.
    :param offset: its place in the stream; 0 in a channel without history.
    :param epoch: the stream that the offset belongs to.
    :param info: the client that published it; None when the application did.
    :param binary: JSON cannot carry ``data``; a client with JSON receives it as a string in base64.
    """

    data: bytes
    offset: int = 0
    epoch: str = ""
    info: ClientInfo | None = None
    tags: Mapping[str, str] | None = None
    binary: bool = False

    @property
    def size(self) -> int:
        """Bytes of everything in it whose length an application or a client chooses."""
        size = len(self.data)
        if self.info is not None:
            size += len(self.info.conn_info or b"") + len(self.info.chan_info or b"")
        if self.tags:
            size += sum(len(name) + len(value) for name, value in self.tags.items())
        return size
