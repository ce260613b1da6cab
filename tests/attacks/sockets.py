"""WebSockets of a route that flood, swell, fall silent or do not read."""

import asyncio
import contextlib
import zlib
from collections.abc import Mapping
from contextlib import AsyncExitStack

from tests.attacks.attack import Attack, Target
from tests.attacks.peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Peer, frame, upgrade

_MANY = 1000
"""Frames that are sent as one piece."""
_NORMAL = frame(CLOSE, (1000).to_bytes(2))
_DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
_COMPRESSED = 0x40
_OPEN = upgrade() + b"\r\n"
HANDSHAKES: Mapping[str, bytes] = {
    "a key that is too short": _OPEN.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ="),
    "no key": _OPEN.replace(b"Sec-WebSocket-Key", b"X"),
    "two keys": upgrade(extra="Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") + b"\r\n",
    "another version": _OPEN.replace(b"Version: 13", b"Version: 8"),
    "another method": _OPEN.replace(b"GET", b"PUT"),
    "HTTP/1.0": _OPEN.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a subprotocol that is no token": upgrade(extra="Sec-WebSocket-Protocol: a b\r\n") + b"\r\n",
    "extensions that cannot be read": upgrade(extra="Sec-WebSocket-Extensions: a; =\r\n") + b"\r\n",
    "an address that is none": _OPEN.replace(b"/echo", b"//[x"),
    "another site": upgrade(extra="Origin: https://evil.example\r\n") + b"\r\n",
    "no such socket": upgrade("/nothing") + b"\r\n",
}


async def _handshakes(target: Target) -> str:
    """Each is answered and closed."""
    unlike: list[str] = []
    for name, request in HANDSHAKES.items():
        async with target.connect() as peer:
            await peer.send(request)
            answers = await peer.answers()
        if len(answers) != 1 or not answers[0].startswith("4"):
            unlike.append(f"{name}: {answers}")
    return "; ".join(unlike) or "refused"


async def _extensions(target: Target) -> str:
    """As many offers of extensions as fit into a field, each of them almost one."""
    offers = ",".join(['permessage-deflate; a="\\b" ; c'] * 450)
    async with target.connect() as peer:
        await peer.send(upgrade(extra=f"Sec-WebSocket-Extensions: {offers}\r\n") + b"\r\n")
        return await peer.status()


async def _flooded(target: Target, piece: bytes) -> str:
    async with target.connect() as peer:
        await peer.open()
        return await flood(peer, piece)


async def flood(peer: Peer, piece: bytes) -> str:
    """Say *piece* again and again and read what comes, until the server ends it."""
    ending = asyncio.create_task(peer.closed())
    while not ending.done() and await peer.send(piece):
        await asyncio.sleep(0)
    return await ending


async def _borne(target: Target, piece: bytes, extra: str = "") -> str:
    """A flood that the server need not end, since it costs the flooder as much."""
    async with target.connect() as peer:
        await peer.open(extra=extra)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(target.span):
                return await flood(peer, piece)
    return "served"


async def _pings(target: Target) -> str:
    return await _borne(target, frame(PING, b"?" * 125) * _MANY)


async def _empty_messages(target: Target) -> str:
    return await _borne(target, frame(TEXT) * _MANY)


async def _messages(target: Target) -> str:
    return await _borne(target, frame(BINARY, b"x" * 1000) * _MANY)


async def _empty_fragments(target: Target) -> str:
    return await _flooded(target, frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 5 * _MANY)


async def _tiny_fragments(target: Target) -> str:
    return await _flooded(target, frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 5 * _MANY)


async def _large_fragments(target: Target) -> str:
    piece = frame(CONTINUATION, b"x" * 10_000, fin=False)
    return await _flooded(target, frame(BINARY, fin=False) + piece * 200)


async def _unfinished(target: Target) -> str:
    """Everybody sends as long a message as they may, and none of them says that it has ended."""
    size, room = target.limits.socket_message, target.limits.unfinished
    piece = frame(BINARY, bytes(size), fin=False) + frame(PING)
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(target.connect()) for _ in range(target.crowd)]
        for peer in peers:
            await peer.open()
            await peer.send(piece)
            assert await peer.frame() == (PONG, b"")
        return " ".join({await peer.closed() for peer in peers[: -(room // size)]})


async def crowd(target: Target, path: str) -> str:
    """Open more of one address than there may be."""

    async def one() -> str:
        async with target.connect() as peer:
            await peer.send(upgrade(path) + b"\r\n")
            status = await peer.status()
            await everybody.wait()
            return status

    everybody = asyncio.Barrier(target.limits.connections_of_address + 100)
    ends = await asyncio.gather(*(one() for _ in range(everybody.parties)))
    return " ".join(sorted(set(ends)))


async def _one_address(target: Target) -> str:
    return await crowd(target, "/echo")


async def _bomb(target: Target) -> str:
    """Hundreds of megabytes in a message of some hundred kilobytes (RFC 7692)."""
    async with target.connect() as peer:
        await peer.open(extra=_DEFLATE)
        return await flood(peer, frame(BINARY, _packed(300), reserved=_COMPRESSED))


async def _small_bombs(target: Target) -> str:
    """Each of them as large as a message may be."""
    return await _borne(target, frame(BINARY, _packed(1), reserved=_COMPRESSED), _DEFLATE)


def _packed(mebibytes: int) -> bytes:
    """So many of zeros, compressed."""
    stream = zlib.compressobj(9, wbits=-15)
    made = b"".join(stream.compress(bytes(1 << 20)) for _ in range(mebibytes))
    return (made + stream.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


async def _announced(target: Target) -> str:
    return await _flooded(target, b"\x82\xff" + (1 << 30).to_bytes(8) + bytes(4))


async def _byte_by_byte(target: Target) -> str:
    """The longest message, cut as small as the network cuts it."""
    async with target.connect() as peer:
        await peer.open()
        data = frame(TEXT, b"x" * 20_000)
        for at in range(len(data)):
            await peer.send(data[at : at + 1])
        await peer.send(_NORMAL)
        return await peer.closed()


async def _unread(target: Target, piece: bytes) -> str:
    """Say *piece* again and again, and read nothing."""
    async with target.connect(small=True) as peer:
        await peer.open()
        saying = asyncio.create_task(_say(peer, piece))
        try:
            return await target.cut(peer)
        finally:
            saying.cancel()


async def _say(peer: Peer, piece: bytes) -> None:
    while await peer.send(piece):
        pass


async def _unread_echoes(target: Target) -> str:
    return await _unread(target, frame(BINARY, b"x" * 64_000))


async def _unread_pongs(target: Target) -> str:
    return await _unread(target, frame(PING, b"?" * 125) * _MANY)


async def _vanished(target: Target) -> str:
    """As if the cable were cut: nothing comes any more, not even an end."""
    async with target.connect(small=True) as peer:
        await peer.open()
        return await target.cut(peer)


async def _half_closed(target: Target) -> str:
    async with target.connect() as peer:
        await peer.open()
        peer.half_close()
        return await peer.closed()


async def _no_goodbye(target: Target) -> str:
    """A Close, after which the peer neither reads nor hangs up."""
    async with target.connect(small=True) as peer:
        await peer.open()
        await peer.send(frame(BINARY, b"x" * 64_000) * 100 + _NORMAL)
        return await target.cut(peer)


SOCKETS: Mapping[str, Attack] = {
    "malformed handshakes": Attack(_handshakes, ["refused"], lambda limits: 5),
    "offers of extensions": Attack(_extensions, ["101", "400"], lambda limits: 1),
    "flood of pings": Attack(_pings, ["served"]),
    "flood of empty messages": Attack(_empty_messages, ["served"]),
    "flood of messages": Attack(_messages, ["served"]),
    "flood of empty fragments": Attack(_empty_fragments, ["1008"], lambda limits: 5),
    "flood of tiny fragments": Attack(_tiny_fragments, ["1008"], lambda limits: 5),
    "message of large fragments": Attack(_large_fragments, ["1009"], lambda limits: 5),
    "unfinished messages": Attack(_unfinished, ["1013"], lambda limits: 60),
    "compression bomb": Attack(_bomb, ["1009"], lambda limits: 5),
    "flood of small bombs": Attack(_small_bombs, ["served"]),
    "frame of a gigabyte": Attack(_announced, ["1009"], lambda limits: 5),
    "frame byte by byte": Attack(_byte_by_byte, ["1000"], lambda limits: 15),
    "echoes that are not read": Attack(_unread_echoes, ["cut"], lambda limits: 15),
    "pongs that are not read": Attack(_unread_pongs, ["cut"], lambda limits: 35),
    "vanished socket": Attack(_vanished, ["cut"], lambda limits: 35),
    "half-closed socket": Attack(_half_closed, ["closed", "1000"], lambda limits: 1),
    "close that is not read": Attack(_no_goodbye, ["cut"], lambda limits: 25),
    "sockets of one address": Attack(_one_address, ["101 429"]),
}
