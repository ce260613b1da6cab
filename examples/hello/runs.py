"""The walk-throughs under way: what both sides reported, by the run's id."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import msgspec

from examples.hello.steps import Change, Kind, Row, Seen, changes, complete, rows
from offhook import Channel, Client, History, Line, WebSocket

_MOST = 1000


@dataclass(slots=True)
class _Progress:
    seen: list[Seen] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


_runs: OrderedDict[str, _Progress] = OrderedDict()


class Tables(msgspec.Struct, frozen=True):
    """Both tables as far as a run has come: the whole state, so that a repeated publication does no harm."""

    rows: list[Row]
    changes: list[Change]


def add(run: str, *seen: Seen) -> Tables:
    """Note what one side saw; the oldest run is forgotten when there are too many."""
    progress = _runs.setdefault(run, _Progress())
    progress.seen.extend(seen[: 40 - len(progress.seen)])
    if complete(progress.seen):
        progress.ended.set()
    if len(_runs) > _MOST:
        _runs.popitem(last=False)
    table = rows(progress.seen)
    return Tables(rows=table, changes=changes(table))


async def ended(run: str) -> Tables:
    """The tables of a run once both ends have seen it close.

    :raises TimeoutError: one of them did not within five seconds.
    """
    async with asyncio.timeout(5):
        await _runs[run].ended.wait()
    return add(run)


class Run(Channel[Tables], pattern="run:{run}", history=History(50, "10m")):
    """The tables of one run, published after each step."""

    run: str

    async def on_subscribe(self, client: Client[object | None]) -> None:
        """Anybody who knows the run's id may watch it."""

    async def on_publish(self, client: Client[object | None], data: Seen) -> Tables:
        """The page reports what its own end saw; everybody who watches gets the new tables."""
        return add(self.run, msgspec.structs.replace(data, side="client"))


class Reporter:
    """Publishes what the server's end of one socket sees, if its address names a run: ``ws://…/?run=ID``."""

    def __init__(self, ws: WebSocket, line: Line) -> None:
        self._ws = ws
        self._line = line
        self._run = parse_qs(ws.incoming.query).get("run", [""])[0]

    async def saw(self, kind: Kind, text: str = "") -> None:
        """Report one thing, with the state that the server's end is in now."""
        if self._run:
            tables = add(self._run, Seen("server", kind, self._ws.state.value, text))
            await self._line.publish(Run(run=self._run), tables)
