"""What we write into Redis: publications, infos, announcements, marks."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from offhook.wire.publication import ClientInfo, Publication

_Info: TypeAlias = tuple[str, str, bytes | None, bytes | None]
_Payload: TypeAlias = tuple[bytes, _Info | None, dict[str, str] | None, bool]

_encode = msgspec.msgpack.Encoder().encode
_decode_info = msgspec.msgpack.Decoder(_Info).decode
_decode_payload = msgspec.msgpack.Decoder(_Payload).decode


def encode_info(info: ClientInfo) -> bytes:
    """An info."""
    return _encode(_info(info))


def decode_info(data: bytes) -> ClientInfo:
    """The info.

    :raises ValueError: it is none of ours.
    """
    return ClientInfo(*_decode_info(data))


def encode_member(info: ClientInfo) -> bytes:
    """Somebody who is present; the user's id stands first, where ``presence_stats.lua`` finds it."""
    return _first(info.user) + encode_info(info)


def decode_member(data: bytes) -> ClientInfo:
    """Who is present.

    :raises ValueError: it is none of ours.
    """
    length, _, rest = data.partition(b":")
    return decode_info(rest[int(length) :])


def encode_payload(publication: Publication) -> bytes:
    """A publication without its place: that is Redis's to give."""
    tags = dict(publication.tags) if publication.tags else None
    return _encode((publication.data, publication.info and _info(publication.info), tags, publication.binary))


def decode_payload(data: bytes, offset: int, epoch: str) -> Publication:
    """The publication at this place.

    :raises ValueError: it is none of ours.
    """
    payload, info, tags, binary = _decode_payload(data)
    return Publication(payload, offset, epoch, info and ClientInfo(*info), tags, binary)


def decode_announcement(rest: bytes) -> tuple[bytes, Publication]:
    """Stamp and publication of an announcement (``publish.lua``).

    :raises ValueError: it is none of ours.
    """
    stamp, offset, epoch, payload = rest.split(b":", 3)
    return stamp, decode_payload(payload, int(offset), epoch.decode())


def encode_mark(channel: str, mark: str) -> bytes:
    """A member of the set of marks; ``sweep.lua`` finds the channel in it."""
    return _first(channel) + mark.encode()


def _first(text: str) -> bytes:
    """*text* at the beginning of something, with its length, so that Lua finds its end."""
    data = text.encode()
    return b"%d:%s" % (len(data), data)


def _info(info: ClientInfo) -> Sequence[str | bytes | None]:
    return (info.user, info.client, info.conn_info, info.chan_info)
