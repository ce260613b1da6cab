"""Requests that are short and valid, and would be much work for a parser that is not linear."""

import asyncio
from collections.abc import Mapping

from tests.attacks.attack import Attack, Target
from tests.attacks.heads import POST
from tests.attacks.peer import upgrade

_SIZE = 15_800
_GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
_NAMES = "&".join(f"{number:x}=" for number in range(3500))
_HEADS: Mapping[str, bytes] = {
    "cookie of backslashes": _GET + b'Cookie: a="' + b"\\" * _SIZE + b'"\r\n\r\n',
    "cookie of escaped quotes": _GET + b'Cookie: a="' + b'\\"' * (_SIZE // 2) + b'"\r\n\r\n',
    "cookie of many pairs": _GET + b"Cookie: " + b"a=b;" * (_SIZE // 4) + b"\r\n\r\n",
    "query of many names": f"GET /?{_NAMES[:_SIZE]} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "conditions of many tags": _GET + b"If-None-Match: " + b'"a",' * (_SIZE // 4) + b"\r\n\r\n",
    "ranges of many parts": _GET + b"Range: bytes=" + b"0-1," * (_SIZE // 4) + b"\r\n\r\n",
    "list of routes": f"GET /__data/?_routes={','.join(f'{each:x}' for each in range(3500))}"[:_SIZE].encode()
    + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "form of many names": POST + b"Content-Length: 4990\r\n\r\n" + b"abcd=&" * 831 + b"aaaa",
    "part with a long head": POST.replace(b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=B")
    + b'Content-Length: 20000\r\n\r\n--B\r\nContent-Disposition: form-data; name="'
    + b";" * 20_000,
}


async def _flood(target: Target, request: bytes, statuses: set[str]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + target.span
    while loop.time() < end:
        async with target.connect() as peer:
            await peer.send(request)
            statuses.add(await peer.status())


def _work(request: bytes) -> Attack:
    """A hundred attackers that send *request* again and again; each is answered."""

    async def run(target: Target) -> str:
        statuses = set[str]()
        await asyncio.gather(*(_flood(target, request, statuses) for _ in range(min(100, target.crowd))))
        return (
            "answered"
            if statuses <= {"200", "206", "400", "404", "405", "409", "413", "416", "422"}
            else str(statuses)
        )

    return Attack(run, ["answered"])


async def _pipeline(target: Target) -> str:
    """Requests that wait for an answer that does not end, with as many fields as there may be."""
    stream = b"GET /connection/uni_sse HTTP/1.1\r\nHost: x\r\n\r\n"
    waiting = _GET + b"".join(b"x%d: y\r\n" % number for number in range(97)) + b"\r\n"
    async with target.connect() as peer:
        await peer.send(stream)
        assert await peer.status() == "200"
        await peer.send(waiting * 63)
        return await target.cut(peer, at_once=True)


async def _large_heads(target: Target) -> str:
    """Upgrades with more headers than a line may keep."""
    async with target.connect() as peer:
        fields = "".join(f"x-{number}: {'y' * 13_500}\r\n" for number in range(4))
        await peer.send(upgrade("/connection/websocket", fields) + b"\r\n")
        return await peer.status()


WORK: Mapping[str, Attack] = {
    **{name: _work(request) for name, request in _HEADS.items()},
    "pipeline behind a stream": Attack(_pipeline, ["cut"], lambda limits: 5),
    "upgrade with a large head": Attack(_large_heads, ["431"], lambda limits: 5),
}
