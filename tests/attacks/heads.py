"""Requests that are slow, large, or not what HTTP allows, up to the end of their heads."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import repeat

from tests.attacks.attack import Attack, Target
from tests.attacks.peer import Peer, upgrade

_GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
ENDLESS = 100_000
"""Pieces, which are more than anything may take."""


async def _slow(target: Target) -> str:
    """One byte after the other."""
    async with target.connect() as peer:
        ending = asyncio.create_task(peer.status())
        for byte in _GET + b"X: " + b"y" * ENDLESS:
            await peer.send(bytes([byte]))
            await asyncio.wait([ending], timeout=target.limits.head_time / 10)
            if ending.done():
                break
        return await ending


async def _silent(target: Target) -> str:
    async with target.connect() as peer:
        return await peer.status()


async def _half_open(target: Target) -> str:
    """An upgrade whose head never ends."""
    async with target.connect() as peer:
        await peer.send(upgrade())
        return await peer.status()


async def poured(peer: Peer, pieces: Iterable[bytes]) -> str:
    """Say all *pieces*, as long as they are taken."""
    ending = asyncio.create_task(peer.status())
    for piece in pieces:
        if ending.done() or not await peer.send(piece):
            break
    return await ending


async def _huge(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [_GET, *repeat(b"X: " + b"y" * 1000 + b"\r\n", ENDLESS)])


async def _huge_line(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [b"GET /", *repeat(b"y" * 1000, ENDLESS)])


async def _huge_field(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [_GET, b"X: ", *repeat(b"y" * 1000, ENDLESS)])


async def _many_fields(target: Target) -> str:
    async with target.connect() as peer:
        return await poured(peer, [_GET, b"X: y\r\n" * 10_000])


async def _crowd(target: Target) -> str:
    """Many at once that say a part of a head, and nothing more."""

    async def one() -> str:
        async with target.connect() as peer:
            await peer.send(_GET)
            return await peer.status()

    return " ".join(sorted(set(await asyncio.gather(*(one() for _ in range(target.crowd))))))


SMUGGLED: Mapping[str, bytes] = {
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n",
    "a folded field": _GET + b"X: a\r\n b\r\n\r\n",
    "a NUL": _GET + b"X: a\0b\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 5\r\n\r\nhello",
    "a name that is no token": _GET + b"X(y): z\r\n\r\n",
    "a field without a name": _GET + b": y\r\n\r\n",
    "a line without a colon": _GET + b"xyz\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": _GET + b"Host: y\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "one length twice": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "a length with a sign": POST + b"Content-Length: +5\r\n\r\nhello",
    "a length in hexadecimal": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "a negative length": POST + b"Content-Length: -5\r\n\r\nhello",
    "a length beyond all numbers": POST + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in two fields": POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "another encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, then another": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another version": _GET.replace(b"1.1", b"3.7") + b"\r\n",
    "no version": b"GET /\r\nHost: x\r\n\r\n",
    "an upgrade with a body": upgrade("/echo", "Content-Length: 5\r\n") + b"\r\nhello",
    "a chunk's size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    "a chunk's size in 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk's size beyond all numbers": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n",
    "a chunk that is longer than it says": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
    "chunks that end in bare line feeds": POST + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
}
"""Requests whose end two servers could see in different places, each with another request behind it."""
_HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def _smuggling(target: Target) -> str:
    """Each is refused with one answer, and nobody answers what is hidden behind it."""
    unlike: list[str] = []
    for name, request in SMUGGLED.items():
        async with target.connect() as peer:
            await peer.send(request + _HIDDEN)
            answers = await peer.answers()
        if len(answers) != 1 or answers[0] not in ("400", "505"):
            unlike.append(f"{name}: {answers}")
    return "; ".join(unlike) or "refused"


HEADS: Mapping[str, Attack] = {
    "slow head": Attack(_slow, ["408"], lambda limits: limits.head_time * 1.1),
    "silent connection": Attack(_silent, ["closed"], lambda limits: limits.head_time * 1.1),
    "half-open handshake": Attack(_half_open, ["408"], lambda limits: 15),
    "huge head": Attack(_huge, ["431"], lambda limits: 5),
    "huge request line": Attack(_huge_line, ["414"], lambda limits: 5),
    "huge field": Attack(_huge_field, ["431"], lambda limits: 5),
    "10,000 fields": Attack(_many_fields, ["431"], lambda limits: 5),
    "crowd of slow heads": Attack(_crowd, ["408"], lambda limits: limits.head_time * 1.5),
    "smuggling": Attack(_smuggling, ["refused"], lambda limits: 5),
}
