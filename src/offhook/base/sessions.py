"""Cookie sessions: a small mapping, signed and kept by the browser, or kept in a store on the server.

The cookie's value is readable for its owner and cannot be changed. Keys rotate: the first one signs, all of them
verify. With a ``SessionStore`` the cookie holds only the name of what the store has.

**A sign-out is final**, and so is a renewal: what a request has read does not come back when that request writes
after another one has ended the session.

- With a store, a write succeeds only if the store still has the session (``save`` and ``delete`` report it in one
  atomic step, in every process). Otherwise nothing is written and no cookie is set.
- Without a store, the server has no memory. The answer that ends a session leaves a second cookie (``...-ended``)
  with the names of the sessions that this browser has left, and a session with such a name is not read again. This
  holds in every process and for this browser. A copy of the cookie in another place is valid until it expires:
  only a store ends that one, too.

Reading costs one verification of a signature for each cookie with the session's name, and is linear in their
bytes.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec
from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from offhook.base.cookies import CookieOptions
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming
from offhook.base.types import Json

_LARGEST = 4096
"""Browsers drop a cookie beyond this many bytes (RFC 6265, section 6.1)."""
_ATTRIBUTES = 200
"""Bytes of that for the attributes beside the value."""
_KEY = "key"
"""The field of a cookie whose session is in a store."""
_ID = "_id"
"""The field for a session's public name."""
_ENDED = "-ended"
"""What follows the cookie's name in the cookie that names ended sessions."""
_MOST_ENDED = 8
"""Ended sessions that a browser keeps the names of."""
_DAY = 24 * 3600
"""Seconds that those names outlive every session that a request under way could still write."""


class Session(dict[str, Json]):
    """One visitor's session: a dict that a handler reads and changes.

    What was written is sent back as a cookie with the response, valid from then on for its full time, even if the
    value is the same as before. ``clear()`` signs the visitor out.

    :param values: the session that the request came with.
    :param expires: second since 1970 at which the cookie that this came from runs out.
    :param key: the session's name in the store; None: the store does not have it, or there is none.
    :param name: the public name that the session came with; empty for a new session.
    :param ended: public names of sessions that this browser has left.
    :param new_name: makes a public name.
    """

    def __init__(
        self,
        values: Mapping[str, Json] | None = None,
        *,
        expires: float = math.inf,
        key: str | None = None,
        name: str = "",
        ended: Sequence[str] = (),
        new_name: Callable[[], str] = SYSTEM.uuid,
    ) -> None:
        super().__init__(values or {})
        self.expires = expires
        self.key = key
        self.renewed = False
        self._came_as = self._name = name
        self._ended = ended
        self._new_name = new_name
        self._written = False
        self._stored = msgspec.json.encode(self)  # a list in it may be changed in place

    @property
    def id(self) -> str:
        """The public name of this sign-in, for ``line.revoke(session=...)``; ``renew`` makes another one."""
        if not self._name:
            self._name = self._new_name()
        return self._name

    @property
    def changed(self) -> bool:
        """Whether the browser's copy is out of date."""
        return (self._written and bool(self)) or self._stored != msgspec.json.encode(self)

    @property
    def left(self) -> Sequence[str]:
        """The public names of the sessions that the browser has left, with the one that ends here; [] if none
        ends."""
        ends = self._came_as and (not self or self.renewed)
        return [self._came_as, *self._ended][:_MOST_ENDED] if ends else []

    def __setitem__(self, key: str, value: Json) -> None:
        self._written = True
        super().__setitem__(key, value)

    def update(self, *values: Any, **more: Json) -> None:
        """As a dict's; it counts as written."""
        self._written = True
        super().update(*values, **more)

    def renew(self) -> None:
        """Give the session a new name, here and in the store, and its full time. Call it at every sign-in.

        A name that was planted in this browser before is worthless afterwards. If another request has ended the
        session that this one began with, and there is a store, what is written here is dropped: no cookie is set.
        """
        self.renewed = self._written = True
        self._name = ""

    def flash(self, key: str, value: Json) -> None:
        """Leave a value for the next page that takes it."""
        super().__setitem__(f"_flash_{key}", value)

    def take_flash(self, key: str) -> Json:
        """The value left under *key*, once; None if there is none."""
        return self.pop(f"_flash_{key}", None)


class SessionStore(Protocol):
    """Keeps sessions on the server: large ones, and those that the server must be able to end.

    The names are random and secret. Of two requests that write at the same time the later one wins, but a write
    never brings back what ``delete`` has removed: ``save`` and ``delete`` look and act in one atomic step, for all
    processes that share the store. An exception from a method ends the request with 500.
    """

    async def load(self, key: str) -> Mapping[str, Json] | None:
        """The session *key*; None if there is none, or its time is over."""
        ...

    async def create(self, key: str, values: Mapping[str, Json], seconds: int) -> None:
        """Keep *values*, which JSON can carry, under the new name *key* for *seconds* from now."""
        ...

    async def save(self, key: str, values: Mapping[str, Json], seconds: int) -> bool:
        """Replace the values of *key* if the store has it now, and give it *seconds* from now. Return whether it
        did."""
        ...

    async def delete(self, key: str) -> bool:
        """Remove *key*. Return whether it was there."""
        ...


class MemorySessions:
    """A store for one process and for tests: a restart signs every visitor out."""

    def __init__(self, env: Env = SYSTEM) -> None:
        self._env = env
        self._kept: dict[str, tuple[float, bytes]] = {}

    async def load(self, key: str) -> Mapping[str, Json] | None:
        """The session *key*, if its time is not over."""
        expires, text = self._kept.get(key, (0.0, b""))
        if expires <= self._env.now():
            return None
        values: dict[str, Json] = msgspec.json.decode(text)
        return values

    async def create(self, key: str, values: Mapping[str, Json], seconds: int) -> None:
        """Keep a copy of *values*."""
        self._sweep()
        self._kept[key] = (self._env.now() + seconds, msgspec.json.encode(values))

    async def save(self, key: str, values: Mapping[str, Json], seconds: int) -> bool:
        """Replace *key*, if it is there."""
        exists = await self.delete(key)
        if exists:
            await self.create(key, values, seconds)
        return exists

    async def delete(self, key: str) -> bool:
        """Remove *key*."""
        expires, _ = self._kept.pop(key, (0.0, b""))
        return expires > self._env.now()

    def _sweep(self) -> None:
        """Remove the oldest while their time is over: they stand in the order in which they were saved."""
        now = self._env.now()
        while (oldest := next(iter(self._kept), None)) is not None and self._kept[oldest][0] <= now:
            del self._kept[oldest]


class _Json:
    @staticmethod
    def dumps(value: object) -> bytes:
        return msgspec.json.encode(value)

    @staticmethod
    def loads(data: bytes) -> object:
        return msgspec.json.decode(data)


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Reads and writes the sessions of one application.

    :param keys: secrets, newest first.
    :param options: the cookie's name and attributes.
    :param store: keeps what is in the sessions; None: the cookie itself does.
    """

    keys: Sequence[str]
    options: CookieOptions = field(default_factory=CookieOptions)
    env: Env = SYSTEM
    store: SessionStore | None = None
    _signer: URLSafeTimedSerializer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < 16 for key in self.keys):
            raise UsageError(
                "secret_key signs the session cookie and needs at least 16 characters; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        object.__setattr__(self, "_signer", self._serializer())

    def _serializer(self) -> URLSafeTimedSerializer:
        env = self.env

        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(env.now())

        return URLSafeTimedSerializer(
            [key.encode() for key in reversed(self.keys)],
            salt=f"offhook.session.{self.options.name}".encode(),
            serializer=_Json,
            signer=Signer,
        )

    def load(self, incoming: Incoming) -> Session:
        """The session in the cookies of *incoming*: the first one that is signed, not too old and not ended.

        If there is none, an empty session.
        """
        name = self.options.name_over(https=incoming.is_secure)
        ended = [each for value in incoming.cookie_values(name + _ENDED) for each in value.split(".") if each]
        for values, expires in self._verified(incoming.cookie_values(name)):
            public = str(values.pop(_ID, ""))
            if public not in ended:
                return Session(values, expires=expires, name=public, ended=ended, new_name=self.env.uuid)
        return Session(ended=ended, new_name=self.env.uuid)

    def _verified(self, candidates: Sequence[str]) -> Iterator[tuple[dict[str, Json], float]]:
        for value in candidates:
            try:
                values, signed = self._signer.loads(value, max_age=self.options.max_age, return_timestamp=True)
            except BadData:
                continue
            expires = signed.timestamp() + self.options.max_age
            # The signer accepts a cookie for one second longer; a line that closed would reconnect in a loop.
            if isinstance(values, dict) and expires > self.env.now():
                yield values, expires

    def dump(self, session: Session, *, https: bool) -> str:
        """The ``Set-Cookie`` header that brings the browser's copy up to date."""
        if not session:
            return self.options.set("", https=https)
        value = self._signer.dumps({**session, _ID: session.id})
        text = value if isinstance(value, str) else value.decode()
        if len(text) > _LARGEST - _ATTRIBUTES:
            raise UsageError("the session does not fit into a cookie; keep an id in it and the rest in a database")
        return self.options.set(text, https=https)

    async def read(self, incoming: Incoming) -> Session:
        """The session of a request or an upgrade; an empty one if there is none."""
        session = self.load(incoming)
        if self.store is None:
            return session
        key = session.get(_KEY)
        stored = await self.store.load(key) if isinstance(key, str) else None
        if stored is None:
            return Session(new_name=self.env.uuid)
        values = dict(stored)
        public = str(values.pop(_ID, ""))
        return Session(values, expires=session.expires, key=str(key), name=public, new_name=self.env.uuid)

    async def write(self, session: Session, *, https: bool) -> Sequence[str]:
        """Keep what was changed. Returns the ``Set-Cookie`` headers that the answer has to carry."""
        if not session.changed:
            return []
        if self.store is not None:
            return await self._store(self.store, session, https=https)
        cookie, left = self.dump(session, https=https), ".".join(session.left)
        age = self.options.max_age + _DAY
        return [cookie, *([self.options.set(left, https=https, max_age=age, suffix=_ENDED)] if left else [])]

    async def _store(self, store: SessionStore, session: Session, *, https: bool) -> Sequence[str]:
        """The same with a store. If another request has ended the session meanwhile, nothing is kept or set."""
        old, values, seconds = session.key, {**session, _ID: session.id}, self.options.max_age
        if old is not None and session and not session.renewed:
            kept = await store.save(old, values, seconds)
        else:
            kept = old is None or await store.delete(old)
            session.key = self.env.uuid() if session else None
            if kept and session.key is not None:
                await store.create(session.key, values, seconds)
        if not (kept or not session):
            return []
        return [self.dump(Session({_KEY: session.key} if session.key else {}, name=session.id), https=https)]


def opened(incoming: Incoming, session: Session) -> Incoming:
    """*incoming* with its session filled in."""
    name = session.id if session else ""
    return replace(incoming, session=dict(session), session_expires=session.expires, session_id=name)
