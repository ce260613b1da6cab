"""The Content Security Policy of documents."""

import random
import re

import pytest

from offhook.base.env import Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming
from offhook.pages.csp import ContentPolicy
from offhook.pages.routes import index, layout, route

from .support import Reply, get, post, site

ROUTES = [layout("shell", [index("home"), route("feed", "feed")])]


def directives(reply: Reply) -> dict[str, list[str]]:
    policy = reply.header("content-security-policy")
    assert policy
    return {name: sources for name, *sources in map(str.split, policy.split(";"))}


def test_a_document_has_a_policy_with_a_nonce_of_its_own() -> None:
    app = site(ROUTES, {"csp": ContentPolicy(), "env": Env(chance=random.Random(1))})
    first, second = get(app, "/"), get(app, "/")

    nonces = [directives(reply)["script-src"][1] for reply in (first, second)]
    assert nonces[0] != nonces[1]
    assert all(re.fullmatch(r"'nonce-[\w-]{22,}'", nonce) for nonce in nonces)
    assert directives(first)["style-src"] == ["'self'", nonces[0]]
    assert f'id="offhook-page" nonce="{nonces[0][7:-1]}"' in first.text


@pytest.mark.parametrize("target", ["/nowhere", "/rooms/"])
def test_a_page_that_does_not_exist_has_one_too(target: str) -> None:
    assert directives(get(site(ROUTES, {"csp": ContentPolicy()}), target))["object-src"] == ["'none'"]


def test_an_error_page_has_one_too() -> None:
    async def loader() -> None:
        raise RuntimeError

    reply = get(site(ROUTES, {"csp": ContentPolicy()}, home={"loader": loader}), "/")

    assert (reply.status, directives(reply)["default-src"]) == (500, ["'self'"])


def test_only_documents_have_one() -> None:
    app = site(ROUTES, {"csp": ContentPolicy()}, feed={"view": None, "loader": lambda: 1})

    for reply in (get(app, "/feed"), get(app, "/__data/"), post(app, "/feed")):
        assert reply.header("content-security-policy") is None


def test_without_a_policy_there_is_no_nonce() -> None:
    reply = get(site(ROUTES), "/")

    assert reply.header("content-security-policy") is None
    assert "nonce" not in reply.text


@pytest.mark.parametrize(
    ("scheme", "host", "sockets"),
    [
        ("http", "site.test", ["ws://site.test", "wss://site.test"]),
        ("https", "site.test:8443", ["wss://site.test:8443"]),
        ("http", "[::1]:8000", ["ws://[::1]:8000", "wss://[::1]:8000"]),
        ("http", "evil.test; script-src *", []),
        ("http", "evil.test *", []),
        ("http", "", []),
    ],
)
def test_sockets_of_the_same_origin(scheme: str, host: str, sockets: list[str]) -> None:
    policy = ContentPolicy().header("n", Incoming("/", headers={"host": host}, scheme=scheme))

    [connect] = [each for each in policy.split("; ") if each.startswith("connect-src")]
    assert connect.split()[1:] == ["'self'", *sockets]
    assert policy.count("script-src ") == 1


def test_directives_of_the_application() -> None:
    policy = ContentPolicy({"img-src": "https://images.test", "form-action": None, "script-src": "{nonce}"})
    header = policy.header("n", Incoming("/"))

    assert "img-src https://images.test; " in header
    assert "script-src 'nonce-n'; " in header
    assert "form-action" not in header


@pytest.mark.parametrize(
    "changes", [{"img-src": "a; script-src *"}, {"img-src": "a\r\nb"}, {"Img": ""}, {"a b": ""}]
)
def test_what_cannot_be_a_directive(changes: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="cannot be a directive"):
        ContentPolicy(changes)
