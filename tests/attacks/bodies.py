"""Bodies that are slow, endless, or larger than they seem; and answers that nobody reads."""

import asyncio
from collections.abc import Mapping
from itertools import chain, repeat

from tests.apps.target.app import ASSET
from tests.attacks.attack import Attack, Target
from tests.attacks.heads import ENDLESS, POST, poured

_CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
_RANGES = 2000
_REQUESTS = 10_000


async def _slow(target: Target) -> str:
    """One byte after the other, of as many as may come."""
    async with target.connect() as peer:
        await peer.send(POST + b"Content-Length: 1000000\r\n\r\ntext=")
        ending = asyncio.create_task(peer.status())
        while not ending.done() and await peer.send(b"y"):
            await asyncio.wait([ending], timeout=target.limits.body_idle / 10)
        return await ending


async def _stopped(target: Target) -> str:
    async with target.connect() as peer:
        await peer.send(POST + b"Content-Length: 1000\r\n\r\ntext=")
        return await peer.status()


async def _endless(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [_CHUNKED, *repeat(b"4000\r\n" + b"y" * 0x4000 + b"\r\n", ENDLESS)])


async def _tiny_chunks(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [_CHUNKED, *repeat(b"1\r\ny\r\n" * 1000, ENDLESS)])


async def _announced(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(
            peer, [POST, b"Content-Length: 1000000000000\r\n\r\n", *repeat(b"y" * 10_000, ENDLESS)]
        )


async def _extensions(target: Target) -> str:
    """A chunk whose extension never ends (RFC 9112, section 7.1.1)."""
    async with target.connect() as peer:
        return await poured(peer, chain([_CHUNKED, b"5;x="], repeat(b"y" * 10_000)))


async def _trailers(target: Target) -> str:
    """Fields behind the last chunk, without end (RFC 9112, section 7.1.2)."""
    async with target.connect() as peer:
        return await poured(peer, [_CHUNKED, b"0\r\n", *repeat(b"X: " + b"y" * 1000 + b"\r\n", ENDLESS)])


async def _fields(target: Target) -> str:
    """A form of very many fields."""
    body = b"&".join(b"a%d=1" % number for number in range(100_000))
    async with target.connect() as peer:
        await peer.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return await peer.status()


async def _ranges(target: Target) -> str:
    """Parts of a file that overlap, many of them (RFC 9110, section 14.2)."""
    ranges = b",".join(b"%d-" % number for number in range(_RANGES))
    async with target.connect() as peer:
        await peer.send(b"GET %s HTTP/1.1\r\nHost: x\r\nRange: bytes=%s\r\n\r\n" % (ASSET.encode(), ranges))
        return await peer.status()


async def _unread_file(target: Target) -> str:
    async with target.connect(small=True) as peer:
        await peer.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % ASSET.encode())
        return await target.cut(peer)


async def _unread_pipeline(target: Target) -> str:
    """One request after the other, whose answers nobody reads."""
    async with target.connect(small=True) as peer:
        await peer.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % ASSET.encode() * _REQUESTS)
        return await target.cut(peer)


BODIES: Mapping[str, Attack] = {
    "slow body": Attack(_slow, ["408"], lambda limits: limits.body_pace * 1.1),
    "body that stops": Attack(_stopped, ["408"], lambda limits: limits.body_idle * 1.1),
    "body without end": Attack(_endless, ["413"], lambda limits: 5),
    "body without end, byte by byte": Attack(_tiny_chunks, ["408", "413"], lambda limits: 15),
    "body of a terabyte": Attack(_announced, ["413"], lambda limits: 5),
    "chunk extension without end": Attack(_extensions, ["408", "413"], lambda limits: limits.body_idle * 1.1),
    "trailers without end": Attack(_trailers, ["431"], lambda limits: 5),
    "form of 100,000 fields": Attack(_fields, ["413"], lambda limits: 5),
    "2,000 ranges": Attack(_ranges, ["200", "400", "416"], lambda limits: 5),
    "file that is not read": Attack(_unread_file, ["cut"], lambda limits: 65),
    "answers that are not read": Attack(_unread_pipeline, ["cut"], lambda limits: 65),
}
