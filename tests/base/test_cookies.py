"""The attributes of the session's cookie, and what no browser would keep."""

from typing import Any

import pytest

from offhook.base.cookies import CookieOptions
from offhook.base.errors import UsageError

NONE = {"same_site": "none", "secure": True}


@pytest.mark.parametrize(
    ("options", "https", "expected"),
    [
        ({}, False, "offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax"),
        ({}, True, "__Host-offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ({"secure": False}, True, "offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax"),
        ({"secure": True}, False, "offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax; Secure"),
        (
            {"name": "shop", "max_age": 60},
            True,
            "__Host-shop=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure",
        ),
        ({"path": "/shop"}, True, "offhook=v; Max-Age=1209600; Path=/shop; HttpOnly; SameSite=Lax; Secure"),
        (
            {"domain": ".example.com"},
            True,
            "offhook=v; Max-Age=1209600; Path=/; Domain=example.com; HttpOnly; SameSite=Lax; Secure",
        ),
        ({"same_site": "strict"}, False, "offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Strict"),
        (NONE, False, "offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=None; Secure"),
        (
            {**NONE, "partitioned": True},
            True,
            "__Host-offhook=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=None; Secure; Partitioned",
        ),
        (
            {"name": "__Host-id", "secure": True},
            False,
            "__Host-id=v; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax; Secure",
        ),
        (
            {"name": "__Secure-id", "secure": True, "path": "/a"},
            True,
            "__Secure-id=v; Max-Age=1209600; Path=/a; HttpOnly; SameSite=Lax; Secure",
        ),
    ],
)
def test_what_is_set(options: dict[str, Any], https: bool, expected: str) -> None:
    assert CookieOptions(**options).set("v", https=https) == expected


def test_an_empty_value_removes_the_cookie() -> None:
    assert CookieOptions().set("", https=False).startswith("offhook=; Max-Age=0; ")


@pytest.mark.parametrize(
    "options",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "a=b"},
        {"name": "a;b"},
        {"max_age": 0},
        {"same_site": "None"},
        {"same_site": "none"},
        {"same_site": "none", "secure": False},
        {"partitioned": True},
        {"partitioned": True, "secure": True},
        {"partitioned": True, "secure": True, "same_site": "lax"},
        {"domain": ""},
        {"domain": "https://example.com"},
        {"domain": "example.com:8000"},
        {"domain": "example.com; Secure"},
        {"path": ""},
        {"path": "shop"},
        {"path": "/a; Domain=b"},
        {"path": "/a\r\nx: y"},
        {"name": "__Host-id"},
        {"name": "__host-id", "secure": False},
        {"name": "__Host-id", "secure": True, "path": "/shop"},
        {"name": "__Host-id", "secure": True, "domain": "example.com"},
        {"name": "__Secure-id"},
    ],
)
def test_what_no_browser_would_keep_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="session_"):
        CookieOptions(**options)
