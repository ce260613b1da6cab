"""Lines whose commands flood, swell or make no sense, and lines that do not read."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from offhook.base.limits import Limits
from tests.attacks.attack import Attack, Target
from tests.attacks.peer import BINARY, CLOSE, TEXT, Peer, frame
from tests.attacks.sockets import crowd, flood

PATH = "/connection/websocket"
_NORMAL = frame(CLOSE, (1000).to_bytes(2))
_MEBIBYTE = 1024 * 1024
_PAYLOAD = 48 * 1024
_CONNECT = '{"id":1,"connect":{}}'
_PROTOBUF_CONNECT = b"\x04\x08\x01\x22\x00"
_PROTOBUF_PRESENCE = b"\x0c\x08\x02\x4a\x08\x0a\x06feed:a"
_NESTED = ("[" * 60_000, '{"a":' * 10_000, '{"id":2,"rpc":{"method":"feed:a","data":' + "[" * 50_000)


@asynccontextmanager
async def line(target: Target, *, small: bool = False) -> AsyncIterator[Peer]:
    """A line that is connected."""
    async with target.connect(small=small) as peer:
        await peer.open(PATH)
        await say(peer, _CONNECT)
        await peer.frame()
        yield peer


async def say(peer: Peer, *commands: str) -> bool:
    """Send commands; False: the server takes nothing any more."""
    return await peer.send(frame(TEXT, "\n".join(commands).encode()))


def subscribe(channel: str, number: int = 2) -> str:
    """The command."""
    return f'{{"id":{number},"subscribe":{{"channel":"{channel}","join_leave":true}}}}'


def unsubscribe(channel: str, number: int = 3) -> str:
    """The command."""
    return f'{{"id":{number},"unsubscribe":{{"channel":"{channel}"}}}}'


async def _stale(target: Target) -> str:
    """Never says who it is."""
    async with target.connect() as peer:
        await peer.open(PATH)
        return await peer.closed()


async def _nested(target: Target) -> str:
    """Brackets without end."""
    ends = set[str]()
    for text in _NESTED:
        async with line(target) as peer:
            await say(peer, text)
            ends.add(await peer.closed())
    return " ".join(sorted(ends))


async def _garbage(target: Target) -> str:
    ends = set[str]()
    for data in (
        b"\xff" * 1000,
        b"null",
        b"7",
        b'"a"',
        b"{}" * 1000,
        b"\n" * 60_000,
        b'{"id":-1}',
        b'{"id":1e99}',
    ):
        async with line(target) as peer:
            await peer.send(frame(BINARY, data))
            ends.add(await peer.closed())
    return " ".join(sorted(ends))


async def _huge(target: Target) -> str:
    async with line(target) as peer:
        await say(peer, '{"id":2,"rpc":{"data":"' + "x" * 300_000 + '"}}')
        return await peer.closed()


async def _flooded(target: Target, piece: bytes) -> str:
    async with line(target) as peer:
        return await flood(peer, piece)


async def _commands(target: Target) -> str:
    text = "\n".join(['{"id":2,"presence":{"channel":"feed:a"}}'] * 1000)
    return await _flooded(target, frame(TEXT, text.encode()))


async def _protobuf_commands(target: Target) -> str:
    async with target.connect() as peer:
        await peer.open(f"{PATH}?format=protobuf")
        await peer.send(frame(BINARY, _PROTOBUF_CONNECT))
        await peer.frame()
        return await flood(peer, frame(BINARY, _PROTOBUF_PRESENCE * 1000))


async def _sends(target: Target) -> str:
    """Messages that are not answered, and need no number."""
    return await _flooded(target, frame(TEXT, "\n".join(['{"send":{"data":1}}'] * 1000).encode()))


async def _comings_and_goings(target: Target) -> str:
    """Subscribes and unsubscribes without pause."""
    pair = [subscribe("feed:a"), unsubscribe("feed:a")]
    return await _flooded(target, frame(TEXT, "\n".join(pair * 200).encode()))


async def _subscriptions(target: Target) -> str:
    """To more channels than a line may have, as fast as it may."""
    several = range(2, 300)
    async with line(target) as peer:
        for number in several:
            await say(peer, subscribe(f"feed:{number}", number))
        codes, answered = set[int](), 0
        while answered < len(several) and (found := await peer.frame()) is not None:
            replies = [json.loads(each) for each in found[1].splitlines()]
            codes |= {each["error"]["code"] for each in replies if "error" in each}
            answered += sum("id" in each for each in replies)
    return " ".join(map(str, sorted(codes)))


async def _presence(target: Target) -> str:
    """Many who join and leave one channel, and hear each other do it."""

    async def one() -> str:
        async with line(target) as peer:
            ending = asyncio.create_task(peer.closed())
            while not ending.done() and await say(peer, subscribe("feed:storm"), unsubscribe("feed:storm")):
                await asyncio.sleep(0.05)
            return await ending

    several = [asyncio.create_task(one()) for _ in range(target.crowd // 10)]
    await asyncio.wait(several, timeout=target.span)
    ended = {each.result() for each in several if each.done()}
    for each in several:
        each.cancel()
    await asyncio.wait(several)
    return " ".join(sorted(ended)) or "served"


async def _publish(target: Target) -> None:
    """Without pause, until it is cancelled."""
    text = json.dumps({"id": 3, "publish": {"channel": "feed:poured", "data": "x" * _PAYLOAD}})
    async with line(target) as peer:
        reading = asyncio.create_task(peer.swallow())
        while await say(peer, text):
            await asyncio.sleep(_PAYLOAD / _MEBIBYTE / target.pour)
        await reading


@asynccontextmanager
async def _poured(target: Target) -> AsyncIterator[None]:
    """Meanwhile somebody publishes to ``feed:poured``."""
    publishing = asyncio.create_task(_publish(target))
    try:
        yield
    finally:
        publishing.cancel()
        await asyncio.wait([publishing])


async def _unread(target: Target) -> str:
    async with line(target, small=True) as peer:
        await say(peer, subscribe("feed:poured"))
        await peer.frame()
        async with _poured(target):
            return await target.cut(peer)


async def _unread_replies(target: Target) -> str:
    async with line(target, small=True) as peer:
        saying = asyncio.create_task(_ask(peer))
        try:
            return await target.cut(peer, at_once=True)
        finally:
            saying.cancel()


async def _ask(peer: Peer) -> None:
    """Commands with long answers, as fast as they are allowed."""
    while await say(peer, '{"id":4,"history":{"channel":"feed:bystanders","limit":100}}'):
        await asyncio.sleep(0.02)


async def _vanished(target: Target) -> str:
    async with line(target, small=True) as peer:
        return await target.cut(peer)


async def _unread_answer(target: Target, path: str) -> str:
    """A line over HTTP, subscribed by a request of its own, that is not read."""
    async with target.connect(small=True) as peer:
        await peer.send(_post(path, _CONNECT))
        assert await peer.status() == "200"
        reply = json.loads(await peer.line_with(b'"session"'))["connect"]
        body = {"session": reply["session"], "node": reply["node"], "data": subscribe("feed:poured")}
        async with target.connect() as other:
            await other.send(_post("/emulation", json.dumps(body)))
            assert await other.status() == "204"
        async with _poured(target):
            return await target.cut(peer)


def _post(path: str, body: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def _unread_stream(target: Target) -> str:
    return await _unread_answer(target, "/connection/http_stream")


async def _unread_events(target: Target) -> str:
    return await _unread_answer(target, "/connection/sse")


async def _vanished_stream(target: Target) -> str:
    async with target.connect(small=True) as peer:
        await peer.send(_post("/connection/http_stream", _CONNECT))
        assert await peer.status() == "200"
        return await target.cut(peer)


async def _guesses(target: Target) -> str:
    """Secrets that nobody has."""
    found = set[str]()
    end = asyncio.get_running_loop().time() + target.span
    async with target.connect() as peer:
        while asyncio.get_running_loop().time() < end:
            body = {"session": secrets.token_hex(16), "node": "", "data": "{}"}
            await peer.send(_post("/emulation", json.dumps(body)))
            found.add(await peer.status())
    return " ".join(sorted(found))


async def _one_address(target: Target) -> str:
    return await crowd(target, PATH)


def _stuck(limits: Limits) -> float:
    """Fifteen seconds from a full queue; it takes a while to fill when the network takes nothing any more."""
    return 15 + limits.queue / _MEBIBYTE * 5


LINES: Mapping[str, Attack] = {
    "line that says nothing": Attack(_stale, ["3502"], lambda limits: limits.connect * 1.1),
    "line in brackets": Attack(_nested, ["3501"], lambda limits: 5),
    "line of nonsense": Attack(_garbage, ["3501"], lambda limits: 5),
    "command that is too long": Attack(_huge, ["3015"], lambda limits: 5),
    "flood of commands": Attack(_commands, ["3013"], lambda limits: 5),
    "flood of commands in Protobuf": Attack(_protobuf_commands, ["3013"], lambda limits: 5),
    "flood of sends": Attack(_sends, ["3508"], lambda limits: 5),
    "flood of subscribes": Attack(_comings_and_goings, ["3013"], lambda limits: 5),
    "subscriptions to everything": Attack(_subscriptions, ["106"], lambda limits: 5),
    "storm of presence": Attack(_presence, ["served"]),
    "publications that are not read": Attack(_unread, ["cut"], _stuck),
    "replies that are not read": Attack(_unread_replies, ["cut"], lambda limits: 35),
    "vanished line": Attack(_vanished, ["cut"], lambda limits: 35),
    "stream that is not read": Attack(_unread_stream, ["cut"], _stuck),
    "events that are not read": Attack(_unread_events, ["cut"], _stuck),
    "vanished stream": Attack(_vanished_stream, ["cut"], lambda limits: 40),
    "guessed secrets": Attack(_guesses, ["404"]),
    "lines of one address": Attack(_one_address, ["101 429"]),
}
