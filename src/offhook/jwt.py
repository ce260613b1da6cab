"""``JwtTokens``: JSON Web Tokens (RFC 7519) with the claims that the field's servers agree on (protocol §19).

A leaf for the extra ``[jwt]``: only applications import it. Wall time is ``base.env``'s and not the library's, so
that a test can let a token expire.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import jwt
import msgspec
from msgspec import Struct, field

from offhook.base import codes
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import CommandError, Denied, Disconnect, UsageError
from offhook.base.incoming import Identity
from offhook.base.types import Json
from offhook.realtime.tokens import Claims, SubscriptionClaims

Identify: TypeAlias = Callable[[Mapping[str, Json]], Awaitable[Any]]
"""From the claims of a connection token to the application's own user object."""

_SYMMETRIC = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The bytes that a secret has at least: as many as its hash (RFC 7518, section 3.2)."""
_ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class _Invalid(Exception):
    """The token is not one of this application's."""


class _Common(Struct):
    sub: str = ""
    exp: float | None = None
    nbf: float = 0.0
    info: Any = None
    expire_at: float | None = None

    @property
    def expires(self) -> float:
        """When what the token is for runs out: with the token, unless it says otherwise; 0 is never."""
        if self.expire_at is None:
            return math.inf if self.exp is None else self.exp
        return self.expire_at or math.inf


C = TypeVar("C", bound=_Common)


class _Connection(_Common):
    jti: str = ""
    channel: None = None
    """Only subscription tokens have one; such a token opens no connection."""
    channels: list[str] = field(default_factory=list)
    subs: dict[str, Any] = field(default_factory=dict)


class _Subscription(_Common):
    channel: str = ""


class JwtTokens:
    """Reads connection and subscription tokens.

    :param secret: the key for HS256 (at least 32 bytes), HS384 (48) and HS512 (64).
    :param public_key: the PEM text of the key for RS256, PS256, ES256, EdDSA and their likes.
    :param algorithms: those that are accepted and no other; by default HS256 with a secret and RS256 with a key.
    :param audience: what ``aud`` has to name; a token for an audience is refused by who has none.
    :param issuer: what ``iss`` has to be.
    :param identify: makes the application's user object out of the claims; without it the user is his id.
    :raises UsageError: the key is missing or too short, or an algorithm does not go with it.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        public_key: str | None = None,
        algorithms: Sequence[str] = (),
        audience: str | Sequence[str] | None = None,
        issuer: str | None = None,
        identify: Identify | None = None,
        env: Env = SYSTEM,
    ) -> None:
        self._key = secret or public_key or ""
        self._algorithms = _algorithms(secret, public_key, algorithms)
        for name in self._algorithms:
            _try_key(name, self._key)
        self._audience = audience
        self._issuer = issuer
        self._identify = identify
        self._env = env

    async def connection(self, token: str) -> Claims:
        try:
            payload, claims = self._read(token, _Connection)
        except _Invalid:
            raise Disconnect(codes.INVALID_TOKEN) from None
        user = claims.sub or None
        if self._identify is not None and claims.sub:
            user = await self._identify(payload)
        identity = Identity(claims.sub, user, claims.info, claims.expires, claims.jti)
        return Claims(identity, [*claims.channels, *claims.subs])

    async def subscription(self, token: str, channel: str, user_id: str) -> SubscriptionClaims:
        try:
            _, claims = self._read(token, _Subscription)
        except _Invalid:
            raise Denied from None
        if (claims.sub, claims.channel) != (user_id, channel):
            raise Disconnect(codes.INVALID_TOKEN)
        return SubscriptionClaims(claims.info, claims.expires)

    def _read(self, token: str, into: type[C]) -> tuple[Mapping[str, Json], C]:
        """The claims, as they are and as *into*.

        :raises CommandError: 109: it was good once.
        """
        payload = self._verify(token)
        try:
            claims = msgspec.convert(payload, into)
        except msgspec.ValidationError:
            raise _Invalid from None
        now = self._env.now()
        if claims.nbf > now:
            raise _Invalid
        if claims.exp is not None and claims.exp <= now:
            raise CommandError(code=codes.TOKEN_EXPIRED)
        return payload, claims

    def _verify(self, token: str) -> Mapping[str, Json]:
        # Whatever stands in a token's own header, only the pinned algorithms count (RFC 8725, section 3.1).
        try:
            payload: Mapping[str, Json] = jwt.decode(
                token,
                self._key,
                algorithms=self._algorithms,
                audience=self._audience,
                issuer=self._issuer,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_sub": False},
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise _Invalid from None
        return payload


def _algorithms(secret: str | None, public_key: str | None, wanted: Sequence[str]) -> list[str]:
    if (secret is None) == (public_key is None):
        raise UsageError("JwtTokens needs either secret=... or public_key=...")
    fitting = _ASYMMETRIC if secret is None else _SYMMETRIC.keys()
    chosen = list(wanted) or ["RS256" if secret is None else "HS256"]
    if not fitting >= set(chosen):
        raise UsageError(f"algorithms={chosen}: with this key choose from {sorted(fitting)}")
    return chosen


def _try_key(algorithm: str, key: str) -> None:
    shortest = _SYMMETRIC.get(algorithm, 0)
    if len(key.encode()) < shortest:
        raise UsageError(
            f"JwtTokens(secret=...) needs at least {shortest} bytes for {algorithm}; make one with: "
            f"python -c 'import secrets; print(secrets.token_urlsafe({shortest}))'"
        )
    try:
        jwt.get_algorithm_by_name(algorithm).prepare_key(key)
    except (jwt.PyJWTError, NotImplementedError, TypeError, ValueError) as error:
        raise UsageError(f"JwtTokens: this is no key for {algorithm}: {error}") from None
