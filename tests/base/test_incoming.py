"""The view of a request."""

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from offhook.base.incoming import Headers, Identity, Incoming, headers_of, incoming, network_of, parse_cookies

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "path": "/a",
    "query_string": b"x=1",
    "scheme": "ws",
    "client": ("10.0.0.1", 5000),
    "headers": [(b"Host", b"h"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"Accept", b"y")],
}


def test_what_can_be_seen() -> None:
    seen = incoming(SCOPE)

    assert (seen.cookie_values("b"), seen.cookie_values("c"), seen.is_secure) == (["2"], [], False)
    assert (seen.path, seen.query, seen.scheme, seen.client) == ("/a", "x=1", "ws", "10.0.0.1")
    assert seen.headers == {"host": "h", "cookie": "a=1; b=2", "accept": "x, y"}
    assert seen.cookies == {"a": "1", "b": "2"}
    assert (seen.session, seen.session_expires) == ({}, math.inf)


def test_headers_are_a_mapping() -> None:
    headers = incoming(SCOPE).headers

    assert (len(headers), list(headers)) == (3, ["host", "cookie", "accept"])
    assert repr(headers) == "{'host': 'h', 'cookie': 'a=1; b=2', 'accept': 'x, y'}"
    assert headers.get("cookie") == "a=1; b=2"
    assert "referer" not in headers


@given(st.dictionaries(st.from_regex(r"[a-z-]+", fullmatch=True), st.text(st.characters(max_codepoint=255))))
def test_headers_are_those_that_came(given: dict[str, str]) -> None:
    headers = Headers(given)

    assert headers == {name: value.replace("\n", " ") for name, value in given.items()}
    assert len(headers) == len(given)


def test_a_value_passes_for_no_other_header() -> None:
    headers = Headers({"a": "1\norigin:https://a.test", "b": "2:c:3"})

    assert list(headers) == ["a", "b"]
    for name in ("origin", "b:2", "a:1 origin", "", "a\nb"):
        assert name not in headers


def test_what_a_server_may_leave_out() -> None:
    assert incoming({"type": "http", "path": "/", "headers": [], "client": None}) == Incoming("/")
    assert headers_of({"headers": []}) == {}
    assert Incoming("/").cookies == {}


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2;c=3", {"a": "1", "b": "2", "c": "3"}),
        ('a="x y"', {"a": "x y"}),
        ("a=1; bad name=2; b=3", {"a": "1", "bad name": "2", "b": "3"}),
        ("a[]=1; b=2", {"a[]": "1", "b": "2"}),
        ("novalue; b=2; c=", {"b": "2", "c": ""}),
        ("=1; b=2", {"b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ("path=/admin; expires=Thu, 01 Jan 1970 00:00:00 GMT; secure; a=1", {"path": "/admin", "a": "1"}),
        ('a={"b":["c","d=e"]}; f=1', {"a": '{"b":["c","d=e"]}', "f": "1"}),
        ('a="b;c"; d=1', {"a": '"b', "d": "1"}),
        (r'a="\"\""', {"a": r"\"\""}),
        ('a="', {"a": '"'}),
    ],
)
def test_cookies(header: str, cookies: dict[str, str]) -> None:
    assert {**parse_cookies(header), **cookies} == parse_cookies(header)
    assert "expires" in header or parse_cookies(header) == cookies


@given(st.text())
def test_cookies_of_a_stranger(header: str) -> None:
    assert isinstance(parse_cookies(header), dict)


def test_an_identity_lasts_unless_it_says_otherwise() -> None:
    assert Identity("ann", None) == Identity("ann", None, None, math.inf)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (None, None),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("no:address", "no:address"),
    ],
)
def test_what_counts_as_one_address(address: str | None, network: str | None) -> None:
    assert network_of(address) == network
