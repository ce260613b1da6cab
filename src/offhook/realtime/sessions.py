"""The sessions of this process, found by user, sign-in and secret; and how many connections each address has."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from offhook.base import codes, observe
from offhook.base.errors import Disconnect
from offhook.base.incoming import network_of
from offhook.base.limits import Limits
from offhook.base.types import Payload
from offhook.realtime.orders import Order


class Addressee(Protocol):
    """A connection that the application can give orders to, by user or sign-in."""

    @property
    def user_id(self) -> str:
        """The user's id; empty for an anonymous connection."""
        ...

    @property
    def sign_in(self) -> str:
        """The sign-in that it came by (``Identity.session``); empty if the application names none."""
        ...

    @property
    def began(self) -> float:
        """When its admission began, by the event loop's clock."""
        ...

    def obey(self, order: Order) -> None:
        """Do what the application asks of this connection."""
        ...


class Connected(Addressee, Protocol):
    """A session, as far as the rest of the process has to do with it."""

    @property
    def address(self) -> str | None:
        """Where it came from; None over a Unix socket."""
        ...

    @property
    def secret(self) -> str:
        """What commands that come in requests of their own bring along; empty where none do."""
        ...

    @property
    def waiting(self) -> int:
        """Bytes that wait for it."""
        ...

    def receive(self, frame: Payload) -> None:
        """Begin what the commands of *frame* ask for."""
        ...

    async def ready(self) -> None:
        """Return when another frame may be read."""
        ...

    def close(self, disconnect: Disconnect) -> None:
        """End it."""
        ...


class Crowded(Exception):
    """There is no room for another connection; the HTTP status says where: 429 for its address, 503 for all."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Sessions:
    """All sessions, from the opened connection to its end; by user from the moment when they are *seated*.

    An anonymous connection has no user to be found by, and no limit of its own.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: set[Connected] = set()
        self._waiting: set[Connected] = set()
        """Those that have not said who they are; few, for they soon have to."""
        self._seated: defaultdict[str, set[Connected]] = defaultdict(set)
        self._sockets: set[Addressee] = set()
        """Routes' own sockets that somebody signed in opened."""
        self._secrets: dict[str, Connected] = {}
        self._addresses: Counter[str | None] = Counter()
        """Places by address, of IPv6 by network."""
        self._open = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connected]:
        return iter(list(self._all))

    @contextmanager
    def admitting(self, address: str | None) -> Iterator[None]:
        """While the application decides about a connection from *address*, it has a place.

        :raises Crowded: there is no room.
        """
        self.admit(address)
        self.enter(address)
        try:
            yield
        finally:
            self.leave(address)

    def admit(self, address: str | None) -> None:
        """Return if a connection from *address* may be opened now.

        :raises Crowded: there is no room.
        """
        address = network_of(address)
        if self._open >= self._limits.connections:
            observe.LINE.warning("no room for another connection (Limits.connections)")
            raise Crowded(503)
        if address is not None and self._addresses[address] >= self._limits.connections_of_address:
            # Whose address it is, is nobody's business; but behind a careless proxy it is everybody's.
            observe.LINE.warning("no room for another connection of one address (Limits.connections_of_address)")
            raise Crowded(429)

    def enter(self, address: str | None) -> None:
        """A connection from *address* has been opened; of one without a session, ``leave`` tells the end."""
        self._open += 1
        self._addresses[network_of(address)] += 1

    def leave(self, address: str | None) -> None:
        """It has ended."""
        address = network_of(address)
        self._open -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def add(self, session: Connected) -> None:
        """Its connection has been opened."""
        self.enter(session.address)
        self._all.add(session)
        self._waiting.add(session)
        if session.secret:
            self._secrets[session.secret] = session

    def seat(self, session: Connected) -> None:
        """It is known whose it is, and that does not change any more.

        :raises Disconnect: the user has as many connections as allowed.
        """
        user = session.user_id
        if user and len(self._seated.get(user, ())) >= self._limits.connections_of_user:
            raise Disconnect(codes.CONNECTION_LIMIT)
        self._waiting.discard(session)
        self._seated[user].add(session)

    def discard(self, session: Connected) -> None:
        """It has ended."""
        self.leave(session.address)
        self._all.discard(session)
        self._waiting.discard(session)
        self._secrets.pop(session.secret, None)
        seated = self._seated.get(session.user_id)
        if seated is not None:
            seated.discard(session)
            if not seated:
                del self._seated[session.user_id]

    def add_socket(self, socket: Addressee) -> None:
        """A route's own socket that a user opened; it can be given orders until ``discard_socket``."""
        self._sockets.add(socket)

    def discard_socket(self, socket: Addressee) -> None:
        """It has ended."""
        self._sockets.discard(socket)

    def of_user(self, user: str) -> list[Addressee]:
        """Those of *user*, also those that are about to say it, and sockets."""
        rest = (each for each in (*self._waiting, *self._sockets) if each.user_id == user)
        return [*self._seated.get(user, ()), *rest]

    def of_sign_in(self, sign_in: str) -> list[Addressee]:
        """Those that came by this sign-in, and sockets."""
        return [each for each in (*self._all, *self._sockets) if each.sign_in == sign_in]

    def identified(self) -> list[Addressee]:
        """Those of users, and sockets."""
        return [each for each in (*self._all, *self._sockets) if each.user_id]

    def with_secret(self, secret: str) -> Connected | None:
        """The one whose commands bring *secret* along."""
        return self._secrets.get(secret)
