"""Cookie sessions: a small mapping, signed and in the browser's keeping, or in a store of the server's.

The cookie's value is readable for its owner and cannot be changed by him. Keys rotate: the first one signs,
all of them verify. With a ``SessionStore`` the cookie holds nothing but the name of what the store has.
"""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from offhook.base.env import SYSTEM, Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming
from offhook.base.types import Json

_LARGEST = 4096
"""Browsers drop a cookie beyond this many bytes (RFC 6265, section 6.1)."""
_KEY = "key"
"""What a cookie holds whose session is in a store."""
_ID = "_id"
"""Where a session's own name stands among what is kept."""


class Session(dict[str, Json]):
    """One visitor's session: a dict that a handler reads and changes.

    What was written is sent back as a cookie with the response, valid from then on for its full time, also where
    the value is the same as before. ``clear()`` signs the visitor out.
    """

    def __init__(
        self,
        values: Mapping[str, Json] | None = None,
        *,
        expires: float = math.inf,
        key: str | None = None,
        name: str = "",
        next_name: str = "",
    ) -> None:
        super().__init__(values or {})
        self.id = name
        """The public name of this sign-in, for ``line.revoke(session=...)``; ``renew`` gives another one."""
        self._next_id = next_name
        self.expires = expires
        """Second since 1970 at which the cookie that this came from runs out."""
        self.key = key
        """Under which name a store has it; None: the store does not have it yet, or there is none."""
        self.renewed = False
        self._written = False
        self._stored = deepcopy(dict(self))  # a list in it may be changed in place

    @property
    def changed(self) -> bool:
        """Whether the browser's copy is out of date."""
        return self._stored != dict(self) or (self._written and bool(self))

    def __setitem__(self, key: str, value: Json) -> None:
        self._written = True
        super().__setitem__(key, value)

    def update(self, *values: Any, **more: Json) -> None:
        """As a dict's; it counts as written."""
        self._written = True
        super().update(*values, **more)

    def renew(self) -> None:
        """A new cookie with its full time, and in a store a new name: to be called when somebody signs in.

        A name that somebody else may have planted in this browser before is worth nothing afterwards.
        """
        self.renewed = self._written = True
        self.id = self._next_id

    def flash(self, key: str, value: Json) -> None:
        """Leave a value for the next page that asks for it."""
        super().__setitem__(f"_flash_{key}", value)

    def take_flash(self, key: str) -> Json:
        """The value left under *key*, once; None when there is none."""
        return self.pop(f"_flash_{key}", None)


class SessionStore(Protocol):
    """Keeps sessions on the server: large ones, and those that must be ended from there.

    The names are random and secret. Of two requests that write at the same time the later one wins. What a method
    raises ends the request with 500.
    """

    async def load(self, key: str) -> Mapping[str, Json] | None:
        """The session *key*; None when there is none, or its time is over."""
        ...

    async def save(self, key: str, values: Mapping[str, Json], seconds: int) -> None:
        """Keep *values*, which JSON can carry, under *key* for so many seconds from now."""
        ...

    async def delete(self, key: str) -> None:
        """Forget *key*, if it is there."""
        ...


class MemorySessions:
    """A store for one process and for tests: a restart signs everybody out."""

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

    async def save(self, key: str, values: Mapping[str, Json], seconds: int) -> None:
        """Keep a copy of *values*."""
        self._kept.pop(key, None)
        self._kept[key] = (self._env.now() + seconds, msgspec.json.encode(values))
        self._sweep()

    async def delete(self, key: str) -> None:
        """Forget *key*."""
        self._kept.pop(key, None)

    def _sweep(self) -> None:
        """Forget the oldest while their time is over: they stand in the order in which they were saved."""
        while (oldest := next(iter(self._kept))) and self._kept[oldest][0] <= self._env.now():
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
    """How sessions travel.

    :param keys: secrets, newest first.
    :param name: the cookie's name.
    :param max_age: seconds that a cookie is valid after it was last set.
    :param secure: send it over https only; None: when the request came over https.
    :param store: keeps what is in the sessions; None: the cookie itself does.
    """

    keys: Sequence[str]
    name: str = "offhook"
    max_age: int = 14 * 24 * 3600
    secure: bool | None = None
    env: Env = SYSTEM
    store: SessionStore | None = None

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < 16 for key in self.keys):
            raise UsageError(
                "secret_key signs the session cookie and needs at least 16 characters; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )

    def _serializer(self) -> URLSafeTimedSerializer:
        env = self.env

        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(env.now())

        return URLSafeTimedSerializer(
            [key.encode() for key in reversed(self.keys)],
            salt=f"offhook.session.{self.name}".encode(),
            serializer=_Json,
            signer=Signer,
        )

    def load(self, cookies: Mapping[str, str]) -> Session:
        """The session in *cookies*; an empty one when it is missing, forged, or older than ``max_age``."""
        value = cookies.get(self.name, "")
        try:
            values, signed = self._serializer().loads(value, max_age=self.max_age, return_timestamp=True)
        except (BadData, SignatureExpired):
            return self._new()
        expires = signed.timestamp() + self.max_age
        # The signer takes a cookie for good one second longer; a line that closed would come back in a loop.
        if not isinstance(values, dict) or expires <= self.env.now():
            return self._new()
        return self._new(values, expires=expires)

    def _new(
        self, kept: Mapping[str, Json] | None = None, *, expires: float = math.inf, key: str | None = None
    ) -> Session:
        """A session with what was *kept* of it."""
        values = dict(kept or {})
        name = str(values.pop(_ID, "") or self.env.uuid())
        return Session(values, expires=expires, key=key, name=name, next_name=self.env.uuid())

    def dump(self, session: Session, *, https: bool) -> str:
        """The ``Set-Cookie`` header that brings the browser's copy up to date."""
        secure = https if self.secure is None else self.secure
        flags = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        if not session:
            return f"{self.name}=; Max-Age=0; {flags}"
        value = self._serializer().dumps(_kept(session))
        text = value if isinstance(value, str) else value.decode()
        if len(text) > _LARGEST - 200:
            raise UsageError("the session does not fit into a cookie; keep an id in it and the rest in a database")
        return f"{self.name}={text}; Max-Age={self.max_age}; {flags}"

    async def read(self, incoming: Incoming) -> Session:
        """The session of a request or an upgrade; an empty one where there is none."""
        session = self.load(incoming.cookies)
        if self.store is None:
            return session
        key = session.get(_KEY)
        values = await self.store.load(key) if isinstance(key, str) else None
        return self._new() if values is None else self._new(values, expires=session.expires, key=str(key))

    async def write(self, session: Session, *, https: bool) -> str | None:
        """Keep what was changed. Returns the ``Set-Cookie`` header that the answer has to carry, if any."""
        if not session.changed:
            return None
        if self.store is None:
            return self.dump(session, https=https)
        old = session.key
        if old is None or session.renewed or not session:
            session.key = self.env.uuid() if session else None
        if session.key is not None:
            await self.store.save(session.key, _kept(session), self.max_age)
        if old not in (None, session.key):
            await self.store.delete(str(old))
        return self.dump(Session({_KEY: session.key} if session.key else {}), https=https)


def _kept(session: Session) -> dict[str, Json]:
    return {**session, _ID: session.id} if session.id else dict(session)


def opened(incoming: Incoming, session: Session) -> Incoming:
    """*incoming* with its session filled in."""
    name = session.id if session else ""
    return replace(incoming, session=dict(session), session_expires=session.expires, session_id=name)
