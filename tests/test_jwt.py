"""Tokens as a client shows them (protocol §19)."""

import asyncio
import base64
import hashlib
import hmac
import math
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from offhook.base.env import Env
from offhook.base.errors import CommandError, Disconnect, UsageError
from offhook.base.types import Json
from offhook.jwt import JwtTokens
from offhook.realtime.tokens import Claims, SubscriptionClaims

SECRET = "a secret of more than sixty-four bytes, so that it does for HS512 as well"
NOW = 1_000_000.0
ENV = Env(now=lambda: NOW)


def _tokens(**options: Any) -> JwtTokens:
    chosen: dict[str, Any] = {"secret": SECRET, "env": ENV} | options
    return JwtTokens(**chosen)


def _signed(claims: Mapping[str, Any], key: Any = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(dict(claims), key, algorithm=algorithm)


def _connection(claims: Mapping[str, Any], **options: Any) -> Claims:
    return asyncio.run(_tokens(**options).connection(_signed(claims)))


def _subscription(claims: Mapping[str, Any], channel: str = "news", user: str = "ann") -> SubscriptionClaims:
    return asyncio.run(_tokens().subscription(_signed(claims), channel, user))


def test_what_a_connection_token_says() -> None:
    claims = _connection(
        {"sub": "ann", "exp": NOW + 60, "info": {"n": 1}, "jti": "s1", "channels": ["a"], "subs": {"b": {}}}
    )

    identity = claims.identity
    assert (identity.id, identity.user, identity.info) == ("ann", "ann", {"n": 1})
    assert (identity.expires, identity.session) == (NOW + 60, "s1")
    assert claims.channels == ["a", "b"]


def test_an_application_makes_its_own_user_of_the_claims() -> None:
    async def identify(claims: Mapping[str, Json]) -> str:
        return f"user {claims['name']}"

    assert _connection({"sub": "ann", "name": "Ann"}, identify=identify).identity.user == "user Ann"


def test_a_token_can_be_somebody_anonymous() -> None:
    identity = _connection({}).identity

    assert (identity.id, identity.user, identity.expires) == ("", None, math.inf)


@pytest.mark.parametrize(
    ("claims", "expires"),
    [({"expire_at": 0, "exp": NOW + 1}, math.inf), ({"expire_at": NOW + 9, "exp": NOW + 1}, NOW + 9)],
)
def test_a_connection_may_outlive_its_token(claims: Mapping[str, Any], expires: float) -> None:
    assert _connection({"sub": "ann", **claims}).identity.expires == expires


def test_a_key_of_two_halves() -> None:
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    tokens = JwtTokens(public_key=public, env=ENV)

    assert asyncio.run(tokens.connection(_signed({"sub": "ann"}, text, "RS256"))).identity.id == "ann"
    with pytest.raises(Disconnect, match="3500"):  # RFC 8725, section 2.1: the public key taken for a secret
        asyncio.run(tokens.connection(_forged_with(public)))


def _forged_with(public: str) -> str:
    """A token signed by HS256 with the public key as secret, which PyJWT itself refuses to make."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(b'{"sub":"ann"}')
    return (signed + b"." + part(hmac.new(public.encode(), signed, hashlib.sha256).digest())).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "." * 100_000,
        _signed({"sub": "ann"}, "another secret of more than thirty-two bytes"),
        _signed({"sub": "ann"}, "", "none"),
        _signed({"sub": "ann"}, algorithm="HS384"),
        _signed({"sub": 5}),
        _signed({"sub": "ann", "exp": "tomorrow"}),
        _signed({"sub": "ann", "nbf": NOW + 1}),
        _signed({"sub": "ann", "aud": "somebody else"}),
        _signed({"sub": "ann", "channel": "news"}),
    ],
)
def test_4_a_token_that_is_not_ours_ends_the_connection(token: str) -> None:
    with pytest.raises(Disconnect, match="3500 invalid token"):
        asyncio.run(_tokens().connection(token))


def test_4_a_token_that_has_expired_asks_for_another() -> None:
    with pytest.raises(CommandError, match="109 token expired"):
        _connection({"sub": "ann", "exp": NOW})


@pytest.mark.parametrize(
    ("options", "claims", "good"),
    [
        ({"audience": "us"}, {"aud": "us"}, True),
        ({"audience": "us"}, {"aud": ["us", "them"]}, True),
        ({"audience": "us"}, {"aud": "them"}, False),
        ({"audience": "us"}, {}, False),
        ({"issuer": "we"}, {"iss": "we"}, True),
        ({"issuer": "we"}, {"iss": "they"}, False),
        ({"issuer": "we"}, {}, False),
    ],
)
def test_whom_a_token_is_for_and_from(options: Mapping[str, Any], claims: Mapping[str, Any], good: bool) -> None:
    try:
        _connection({"sub": "ann", **claims}, **options)
    except Disconnect:
        assert not good
    else:
        assert good


def test_what_a_subscription_token_says() -> None:
    said = _subscription({"sub": "ann", "channel": "news", "info": 5, "exp": NOW + 9})

    assert said == SubscriptionClaims(5, NOW + 9)


@pytest.mark.parametrize(
    ("claims", "error", "code"),
    [
        ({"sub": "ann", "channel": "news", "exp": NOW - 1}, CommandError, "109"),
        ({"sub": "bob", "channel": "news"}, Disconnect, "3500"),
        ({"sub": "ann", "channel": "other"}, Disconnect, "3500"),
        ({"sub": "ann"}, Disconnect, "3500"),
        ({"sub": "ann", "channel": 5}, CommandError, "103"),
    ],
)
def test_6_1_a_subscription_token_for_something_else(
    claims: Mapping[str, Any], error: type[Exception], code: str
) -> None:
    with pytest.raises(error, match=code):
        _subscription(claims)


def test_6_1_a_subscription_token_with_another_signature() -> None:
    with pytest.raises(CommandError, match="103"):
        asyncio.run(_tokens().subscription("a.b.c", "news", "ann"))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"secret": None}, "either secret"),
        ({"public_key": "x"}, "either secret"),
        ({"secret": "short"}, "at least 32 bytes for HS256"),
        ({"secret": "x" * 40, "algorithms": ["HS256", "HS512"]}, "at least 64 bytes for HS512"),
        ({"algorithms": ["none"]}, "choose from"),
        ({"algorithms": ["HS256", "RS256"]}, "choose from"),
        ({"secret": None, "public_key": "no key"}, "no key for RS256"),
    ],
)
def test_a_key_that_cannot_be_used(options: Mapping[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        _tokens(**options)
