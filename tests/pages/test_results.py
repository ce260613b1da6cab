"""Redirects stay on the origin."""

import pytest

from offhook.base.errors import UsageError
from offhook.pages.results import data, redirect, stays


@pytest.mark.parametrize("to", ["/", "/rooms/1", "/a?next=//b", "/a#b", "/a b", "/ä", "/a//b", "/.well-known/x"])
def test_a_path_stays_on_the_origin(to: str) -> None:
    assert stays(to)
    assert redirect(to).to == to


@pytest.mark.parametrize(
    "to",
    [
        "//evil.test",
        "/\\evil.test",
        "/./\\evil.test",
        "/.//evil.test",
        "/..//evil.test",
        "/./..//evil.test",
        "\\\\evil.test",
        "https://evil.test",
        "HTTPS:evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "/\r\nset-cookie: a=b",
        " /a",
        "\t//evil.test",
        "",
        "rooms",
        "?x=1",
    ],
)
def test_what_leaves_the_origin_is_refused(to: str) -> None:
    assert not stays(to)
    with pytest.raises(UsageError, match="stays on the origin"):
        redirect(to)


def test_leaving_must_be_said() -> None:
    assert redirect("https://example.test/a", external=True).external
    for wrong in ("javascript:alert(1)", "//example.test", "https://example.test/\r\na: b"):
        with pytest.raises(UsageError, match="external redirect"):
            redirect(wrong, external=True)


def test_the_status_of_a_redirect() -> None:
    assert redirect("/").status == 303
    with pytest.raises(UsageError, match="300 to 399"):
        redirect("/", 200)


def test_data_has_a_status_and_headers() -> None:
    found = data({"a": 1}, 201, headers={"x-a": "1"})

    assert (found.value, found.status, found.headers) == ({"a": 1}, 201, {"x-a": "1"})
