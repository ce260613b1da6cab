"""The same-origin check."""

import pytest
from hypothesis import given, strategies as st

from offhook.base.origin import allowed


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "http://example.com", True),
        ("Example.COM", "https://example.com", True),
        ("example.com:443", "https://example.com", True),
        ("example.com:80", "http://example.com", True),
        ("example.com:8080", "http://example.com:8080", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("example.com", "https://example.com:8080", False),
        ("example.com:8080", "http://example.com", False),
        ("example.com", "https://sub.example.com", False),
        ("example.com", "https://example.com.evil", False),
        ("example.com", "https://evil", False),
        ("example.com", "null", False),
        ("example.com", "", False),
        ("", "", False),
        ("", "null", False),
        ("", "https://", False),
        ("[", "http://[", False),
        ("example.com", "http://[", False),
        ("example.com:x", "http://example.com:x", False),
        ("example.com:99999", "http://example.com:99999", False),
        ("example.com:443", "http://example.com:80", False),
        ("example.com:80", "https://example.com", False),
        ("example.com", "chrome-extension://example.com", False),
        ("example.com", "ws://example.com", False),
        ("example.com", "https://user@example.com", False),
        ("example.com", "https://evil.example, https://example.com", False),
        ("localhost:5173", "http://friend.example", True),
        ("localhost:5173", "http://friend.example:81", False),
    ],
)
def test_the_origin_of_a_page(host: str, origin: str, expected: bool) -> None:
    assert allowed({"host": host, "origin": origin}, {"http://friend.example"}) is expected


SITES = [None, "none", "same-origin", "same-site", "cross-site", "nonsense"]


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("https://example.com", SITES),
        ("http://friend.example", SITES),
        ("null", ["same-origin"]),
        ("https://evil.example", []),
        ("", []),
        (None, [None, "none", "same-origin"]),
    ],
)
@pytest.mark.parametrize("referer", [None, "https://example.com/a", "https://evil.example/"])
def test_the_table_of_both_headers(origin: str | None, accepted: list[str | None], referer: str | None) -> None:
    def headers(site: str | None) -> dict[str, str]:
        named = {"host": "example.com", "origin": origin, "sec-fetch-site": site, "referer": referer}
        return {name: value for name, value in named.items() if value is not None}

    assert [site for site in SITES if allowed(headers(site), {"http://friend.example"})] == accepted


@pytest.mark.parametrize(("origin", "expected"), [("http://example.com", False), ("https://example.com", True)])
def test_a_page_without_tls_is_not_the_site_that_has_it(origin: str, expected: bool) -> None:
    assert allowed({"host": "example.com", "origin": origin}, secure=True) is expected


@pytest.mark.parametrize(
    ("site", "expected"),
    [("same-origin", True), ("none", False), ("same-site", False), ("cross-site", False), ("", False)],
)
def test_where_the_page_hides_its_origin_the_browser_says_where_it_comes_from(site: str, expected: bool) -> None:
    assert allowed({"host": "example.com", "origin": "null", "sec-fetch-site": site}) is expected


@given(host=st.text(), origin=st.text())
def test_nothing_is_raised_whatever_a_stranger_sends(host: str, origin: str) -> None:
    assert isinstance(allowed({"host": host, "origin": origin}), bool)
