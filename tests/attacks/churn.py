"""Those who come and go, again and again: afterwards nothing of them is left."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx

from tests.attacks.attack import Attack, Target
from tests.attacks.lines import line, say, subscribe
from tests.attacks.peer import CLOSE, PATIENCE, TEXT, frame

_NORMAL = frame(CLOSE, (1000).to_bytes(2))
_AT_ONCE = 20
_MORE_FILES = 10
"""Goal 9 of reference/reliability.md."""
Visit = Callable[[Target, int], Awaitable[None]]


async def _page(target: Target, number: int) -> None:
    async with target.connect() as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await peer.status() == "200"


async def _socket(target: Target, number: int) -> None:
    """Every other one leaves without a word."""
    async with target.connect() as peer:
        await peer.open()
        await peer.send(frame(TEXT, b"hello"))
        assert await peer.frame() == (TEXT, b"hello")
        if number % 2:
            await peer.send(_NORMAL)
            assert await peer.closed() == "1000"


async def _line(target: Target, number: int) -> None:
    async with line(target) as peer:
        await say(peer, subscribe(f"feed:{number % 10}"))
        await peer.frame()
        if number % 2:
            await peer.send(_NORMAL)
            await peer.closed()


async def _half(target: Target, number: int) -> None:
    """Leave in the middle of something."""
    async with target.connect() as peer:
        await peer.send([b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"][number % 2])


async def _churned(target: Target, visit: Visit) -> str:
    for number in range(_AT_ONCE):
        await visit(target, number)
    before = await _traces(target)
    for first in range(0, target.cycles, _AT_ONCE):
        await asyncio.gather(*(visit(target, first + each) for each in range(_AT_ONCE)))
    return await _left(target, before)


async def _left(target: Target, before: Mapping[str, int]) -> str:
    """What is there now that was not before, after as long as the server may need to notice."""
    end = asyncio.get_running_loop().time() + target.limits.write + 1
    while found := _more(before, await _traces(target)):
        if asyncio.get_running_loop().time() > end:
            return str(found)
        await asyncio.sleep(0.1)
    return "nothing left"


def _more(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    """Others come and go meanwhile, a few at a time."""
    grown = {kind: after[kind] - before[kind] for kind in after}
    return {kind: more for kind, more in grown.items() if more > _MORE_FILES}


async def _traces(target: Target) -> Mapping[str, int]:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        answer = await client.get(f"http://127.0.0.1:{target.port}/traces", headers={"Connection": "close"})
        found: Mapping[str, int] = answer.json()
        return found


async def _pages(target: Target) -> str:
    return await _churned(target, _page)


async def _sockets(target: Target) -> str:
    return await _churned(target, _socket)


async def _lines(target: Target) -> str:
    return await _churned(target, _line)


async def _halves(target: Target) -> str:
    return await _churned(target, _half)


CHURN: Mapping[str, Attack] = {
    "pages that come and go": Attack(_pages, ["nothing left"]),
    "sockets that come and go": Attack(_sockets, ["nothing left"]),
    "lines that come and go": Attack(_lines, ["nothing left"]),
    "halves that come and go": Attack(_halves, ["nothing left"]),
}
