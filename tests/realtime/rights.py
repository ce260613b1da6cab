"""A world out of a seed: clients that may, or may no longer, follow channels, and what happens meanwhile.

What may be is kept in two sets, as an application's database would: who is a member of which channel, and which
sign-ins are good. The rule and ``authenticate`` look there first and answer later. When it is quiet, sessions,
hub, presence, broker and what clients were told have to agree with one another and with the sets.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from offhook.base.env import Env
from offhook.base.errors import BrokerError, Denied
from offhook.base.incoming import Identity, Incoming
from offhook.base.limits import Limits
from offhook.brokers.base import Broker, History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.engine import Engine
from offhook.transports.base import Entrance, Refused
from tests.realtime.peers import Peer

USERS = ("ann", "bob", "cid")
WEIGHTS = {
    "act": 12,
    "leave": 3,
    "lose": 3,
    "remove": 6,
    "admit": 4,
    "join": 3,
    "join_and_part": 2,
    "revoke": 3,
    "refresh": 2,
    "publish": 4,
    "trouble": 3,
    "heal": 4,
    "kill": 1,
}


@dataclass
class Rights:
    """What the application's database says."""

    chance: random.Random
    members: set[tuple[str, str]] = field(default_factory=set)
    """Users and the names of channels that they may follow."""
    revoked: set[str] = field(default_factory=set)
    """Sign-ins that are no longer good."""
    slowness: Sequence[float] = (0, 0, 0.01, 0.1, 0.5)

    async def is_member(self, user: str, name: str) -> bool:
        """What the database said when it was asked, some time ago."""
        found = (user, name) in self.members
        await self.pause()
        return found

    async def authenticate(self, incoming: Incoming) -> Identity[Any] | None:
        """The user of a sign-in, which is the query: ``ann/1``."""
        found = incoming.query not in self.revoked
        await self.pause()
        if not found:
            raise Denied
        user = incoming.query.partition("/")[0]
        return Identity(user, self, session=incoming.query)

    async def pause(self) -> None:
        """However long a database takes."""
        await asyncio.sleep(self.chance.choice(self.slowness))


class Members:
    """For members alone, while they are."""

    async def on_subscribe(self: Any, client: Client[Rights]) -> None:
        if not await client.user.is_member(client.user_id, self.format()):
            raise Denied


class Club(Members, Channel[int], pattern="club:{number}", history=History(100, "10m"), presence=True):
    number: int


class Lounge(Members, Channel[int], pattern="lounge", presence=True):
    """Without history: a publication that is lost has nobody subscribe again."""


CLUBS: tuple[Channel[int], ...] = (Club(number=1), Club(number=2), Lounge())


class Brokers(Protocol):
    """Where the world's processes get their brokers."""

    def new(self) -> Broker:
        """For another process."""
        ...

    def trouble(self, chance: random.Random) -> None:
        """Something goes wrong."""
        ...

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        ...

    async def kill(self, engine: Engine) -> None:
        """The process of *engine* ends without a word, and its entries stay."""
        ...


class Guest:
    """What an SDK does with one line: connects, subscribes to what it wants, and listens for joins and leaves."""

    def __init__(self, user: str, engine: Engine, rights: Rights) -> None:
        self.user = user
        self.engine = engine
        self.peer: Peer | None = None
        self.members: dict[str, set[str]] = {}
        """The connections in each channel, by what it was told."""
        self._rights = rights
        self._number = 0
        self._read = 0
        self._asked: dict[int, str] = {}
        self._has_asked: set[str] = set()
        self._opening: asyncio.Task[None] | None = None

    @property
    def sign_in(self) -> str:
        """The one that it connects with: the user's latest."""
        return f"{self.user}/{self._number}"

    @property
    def is_open(self) -> bool:
        """Whether it has a line."""
        return self.peer is not None and self.peer.session.state == "connected"

    def act(self, name: str) -> None:
        """Connect if necessary; otherwise subscribe to the channel called *name*, or leave it."""
        if self._opening is not None and not self._opening.done():
            return
        if self.peer is None or self.peer.session.state == "closed":
            while self.sign_in in self._rights.revoked:
                self._number += 1
            self._opening = asyncio.ensure_future(self._open())
        elif self.is_open and name not in self.peer.session.subscriptions:
            self.peer.begin(subscribe={"channel": name, "join_leave": True})

    def leave(self, name: str) -> None:
        """Unsubscribe, whatever is under way."""
        if self.peer is not None and self.is_open:
            self.peer.begin(unsubscribe={"channel": name})

    async def _open(self) -> None:
        entrance = Entrance(self.engine, self._rights.authenticate)
        with suppress(Refused):
            visitor = await entrance.admit(Incoming("/", query=self.sign_in, client="127.0.0.1"))
            peer = Peer(self.engine, visitor.identity, mark=visitor.mark)
            self.engine.control.catch_up(peer.session, visitor.mark)
            self.peer, self._read = peer, 0
            self.members.clear()
            self._asked.clear()
            self._has_asked.clear()
            peer.begin(connect={})

    def listen(self) -> None:
        """Take in what has arrived; ask who is in a channel that it was let into."""
        lines = self.peer.wire.lines[self._read :] if self.peer is not None else []
        self._read += len(lines)
        for line in lines:
            if line.get("id") in self._asked:
                self._answered(self._asked.pop(line["id"]), line)
            push = line.get("push", {})
            for kind in push.keys() & {"join", "leave"}:
                known = self.members.setdefault(push["channel"], set())
                (known.add if kind == "join" else known.discard)(push[kind]["info"]["client"])
            if "subscribe" in push or "unsubscribe" in push:
                self.members.pop(push["channel"], None)
                self._has_asked.discard(push["channel"])

    def _answered(self, name: str, line: dict[str, Any]) -> None:
        if "presence" in line:
            self.members[name] = set(line["presence"].get("presence", {}))
        else:
            self._has_asked.discard(name)

    def ask(self) -> None:
        """Ask who is in the channels that it is subscribed to and has not asked about."""
        if self.peer is None or not self.is_open:
            return
        for name, subscription in self.peer.session.subscriptions.items():
            if subscription.live and name not in self._has_asked:
                self._has_asked.add(name)
                self._asked[self.peer.begin(presence={"channel": name})] = name


class World:
    """Some processes, their guests, and what happens to them. ``log`` says what has happened."""

    def __init__(
        self, seed: int, brokers: Brokers, env: Callable[[int], Env], limits: Limits, processes: int
    ) -> None:
        self.chance = random.Random(seed)
        self.rights = Rights(self.chance)
        self.log: list[str] = []
        self.engines: list[Engine] = []
        self.guests: list[Guest] = []
        self.pauses: Sequence[float] = (0, 0, 0, 0.01, 0.05, 0.2)
        self._brokers = brokers
        self._env = env
        self._limits = limits
        self._processes = processes
        self._made = 0
        self._jobs: set[asyncio.Task[None]] = set()
        self._ordering = asyncio.Lock()
        self._put_in: set[tuple[str, str]] = set()
        """Users and channels that the application subscribed them to, since it last removed them."""

    async def run(self, rounds: int, steps: int) -> None:
        """Let *steps* things happen, *rounds* times, and look when it is quiet."""
        for number in range(self._processes):
            await self._start(number)
        for _ in range(rounds):
            for _ in range(steps):
                await self._happen()
            await self._settle()
        await self._end()

    async def _start(self, number: int) -> None:
        self._made += 1
        engine = Engine(
            channels=[Club, Lounge],
            broker=self._brokers.new(),
            limits=self._limits,
            env=self._env(self._made),
            authenticate=self.rights.authenticate,
        )
        await engine.start()
        self.engines.insert(number, engine)
        self.guests += [Guest(user, engine, self.rights) for user in USERS]

    async def _happen(self) -> None:
        what = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        guest, club = self.chance.choice(self.guests), self.chance.choice(CLUBS)
        self.log.append(f"{what} {guest.user} at {self.engines.index(guest.engine)}, {club.format()}")
        done = getattr(self, f"_{what}")(guest, club)
        if done is not None:
            await done
        await asyncio.sleep(self.chance.choice(self.pauses))
        for each in self.guests:
            each.listen()
            each.ask()

    def _begin(self, work: Callable[[], Awaitable[object]]) -> None:
        """The application orders something, one after the other and until it has worked; nothing waits for it."""

        async def insist() -> None:
            async with self._ordering:
                while not await _worked(work):
                    await asyncio.sleep(0.1)

        job = asyncio.ensure_future(insist())
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    # What may happen

    def _act(self, guest: Guest, club: Channel[int]) -> None:
        guest.act(club.format())

    def _leave(self, guest: Guest, club: Channel[int]) -> None:
        guest.leave(club.format())

    def _lose(self, guest: Guest, club: Channel[int]) -> None:
        if guest.peer is not None:
            guest.peer.session.lost()

    def _admit(self, guest: Guest, club: Channel[int]) -> None:
        self.rights.members.add((guest.user, club.format()))

    def _remove(self, guest: Guest, club: Channel[int]) -> None:
        self.rights.members.discard((guest.user, club.format()))
        self._put_in.discard((guest.user, club.format()))
        line = self.chance.choice(self.engines).line
        self._begin(lambda: line.unsubscribe(guest.user, club))

    def _join(self, guest: Guest, club: Channel[int]) -> None:
        """Whether it is a member or not, the application puts a user in."""
        self._put_in.add((guest.user, club.format()))
        line = self.chance.choice(self.engines).line
        self._begin(lambda: line.subscribe(guest.user, club))

    def _join_and_part(self, guest: Guest, club: Channel[int]) -> None:
        line = self.chance.choice(self.engines).line

        async def both() -> None:
            await line.subscribe(guest.user, club)
            await line.unsubscribe(guest.user, club)

        self.rights.members.discard((guest.user, club.format()))
        self._put_in.discard((guest.user, club.format()))
        self._begin(both)

    def _revoke(self, guest: Guest, club: Channel[int]) -> None:
        sign_in = guest.sign_in
        self.rights.revoked.add(sign_in)
        line = self.chance.choice(self.engines).line
        self._begin(lambda: line.revoke(session=sign_in))

    def _refresh(self, guest: Guest, club: Channel[int]) -> None:
        """The sign-ins of a user expire, and ``authenticate`` is asked again."""
        engine = self.chance.choice(self.engines)
        self._begin(lambda: engine.line.refresh(guest.user, engine.env.now()))

    async def _publish(self, guest: Guest, club: Channel[int]) -> None:
        with suppress(BrokerError):
            await self.chance.choice(self.engines).line.publish(club, 0)

    def _trouble(self, guest: Guest, club: Channel[int]) -> None:
        self._brokers.trouble(self.chance)

    def _heal(self, guest: Guest, club: Channel[int]) -> None:
        self._brokers.heal()

    async def _kill(self, guest: Guest, club: Channel[int]) -> None:
        """A process dies, and another one takes its place."""
        if self._jobs:
            return  # it would take an order along that the application has not got a word on
        self._brokers.heal()
        number = self.engines.index(guest.engine)
        self.guests = [each for each in self.guests if each.engine is not guest.engine]
        self.engines.remove(guest.engine)
        await self._brokers.kill(guest.engine)
        await self._start(number)

    # And when nothing happens any more

    async def _settle(self) -> None:
        self._brokers.heal()
        await asyncio.gather(*self._jobs)
        period = self._limits.presence
        for _ in range(20):
            await asyncio.sleep(period / 5)
            for guest in self.guests:
                guest.listen()
                guest.ask()
        received = {guest: len(guest.peer.wire.lines) if guest.peer else 0 for guest in self.guests}
        for club in CLUBS:
            await self.engines[0].line.publish(club, len(self.log))
        await asyncio.sleep(period / 5)
        await self._compare(received)
        self.log.append("quiet")

    async def _compare(self, received: dict[Guest, int]) -> None:
        present = {club.format(): set(await self.engines[0].line.presence(club)) for club in CLUBS}
        subscribed: dict[str, set[str]] = {name: set() for name in present}
        for guest in self.guests:
            for name in self._check_guest(guest, received[guest]):
                assert guest.peer is not None
                subscribed[name].add(guest.peer.session.client.id)
        assert present == subscribed, "presence and subscriptions differ"
        for guest in self.guests:
            for name in guest.peer.session.subscriptions if guest.peer is not None and guest.is_open else ():
                assert guest.members[name] == present[name], f"{guest.user} was told something else of {name}"
        for engine in self.engines:
            in_hub = {each for club in CLUBS for each in engine.hub.members(club.format())}
            sessions = [each.peer.session for each in self.guests if each.engine is engine and each.peer]
            assert in_hub == {each for session in sessions for each in session.subscriptions.values()}

    def _check_guest(self, guest: Guest, received: int) -> list[str]:
        """The channels that *guest* follows, each of which it may."""
        if guest.peer is None or guest.peer.session.state == "closed":
            return []
        session = guest.peer.session
        assert session.sign_in not in self.rights.revoked, f"{session.sign_in} was revoked and lives"
        news = [line["push"] for line in guest.peer.wire.lines[received:] if "push" in line]
        heard = [push["channel"] for push in news if "pub" in push]
        assert sorted(heard) == sorted(session.subscriptions), "hub and session differ"
        may = self.rights.members | self._put_in
        for name in heard:
            assert (guest.user, name) in may, f"{guest.user} was removed from {name} and hears it"
        return heard

    async def _end(self) -> None:
        for guest in self.guests:
            self._lose(guest, CLUBS[0])
        await asyncio.sleep(self._limits.presence)
        for engine in self.engines:
            assert (len(engine.hub), len(engine.sessions)) == (0, 0)
        assert not any([await self.engines[0].line.presence(club) for club in CLUBS])
        for engine in self.engines:
            await engine.stop()


async def _worked(work: Callable[[], Awaitable[object]]) -> bool:
    try:
        await work()
    except BrokerError:
        return False
    return True
