"""Whose word about the client is taken, and what of it."""

from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.base.types import Receive, Scope, Send
from offhook.server.forwarded import Forwarded, Proxies
from offhook.testing.clock import run


@pytest.mark.parametrize(
    ("trusted", "peer", "believed"),
    [
        ((), "127.0.0.1", False),
        (("127.0.0.1",), "127.0.0.1", True),
        (("127.0.0.1",), "127.0.0.2", False),
        (("127.0.0.1",), "::ffff:127.0.0.1", True),
        (("127.0.0.1",), None, False),
        (("127.0.0.1",), "no address", False),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "11.0.0.1", False),
        (("10.0.0.0/8",), "::a01:203", False),
        (("2001:db8::/32",), "2001:db8:0::1", True),
        (("2001:db8::/32",), "2001:db9::1", False),
        (("unix:",), None, True),
        (("unix:",), "127.0.0.1", False),
        (("*",), "192.0.2.1", True),
        (("*",), None, True),
    ],
)
def test_whose_word_is_taken(trusted: tuple[str, ...], peer: str | None, believed: bool) -> None:
    assert Proxies(trusted).trusts_peer(peer) is believed


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("192.0.2.1", ("192.0.2.1", 0)),
        ("192.0.2.1:4711", ("192.0.2.1", 4711)),
        ("2001:db8::7", ("2001:db8::7", 0)),
        ("[2001:db8::7]", ("2001:db8::7", 0)),
        ("[2001:db8::7]:80", ("2001:db8::7", 80)),
        ("::ffff:192.0.2.1", ("192.0.2.1", 0)),
        ("198.51.100.9, 192.0.2.1", ("192.0.2.1", 0)),
        ("198.51.100.9, 192.0.2.1, 10.0.0.2,10.0.0.3", ("192.0.2.1", 0)),
        ("127.0.0.1, 192.0.2.1, 10.0.0.2", ("192.0.2.1", 0)),
        ("10.0.0.2, 10.0.0.3", None),
        ("192.0.2.1, unknown", None),
        ("192.0.2.1, unknown, 10.0.0.2", None),
        ("192.0.2.1, 999.0.0.1", None),
        ("192.0.2.1:port", None),
        ("", None),
        (",,,", None),
        ("[", None),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(chain: str, client: tuple[str, int] | None) -> None:
    assert Proxies(["10.0.0.0/8", "127.0.0.1"]).client(chain) == client


def test_where_everybody_is_a_proxy_its_own_word_counts_and_no_hearsay() -> None:
    assert Proxies(["*"]).client("198.51.100.9, 192.0.2.1") == ("192.0.2.1", 0)


@pytest.mark.parametrize("nonsense", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "", "unix"])
def test_what_is_no_address_is_said(nonsense: str) -> None:
    with pytest.raises(UsageError, match="is no address that could be trusted"):
        Proxies([nonsense])


def _seen(kind: str, peer: str | None, *headers: tuple[bytes, bytes]) -> tuple[Any, Any]:
    """The client and the scheme that an application behind a proxy at 10.0.0.1 sees."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def nothing(message: object = None) -> Any: ...

    async def scenario() -> None:
        client = None if peer is None else (peer, 5)
        scope = {"type": kind, "client": client, "scheme": "http", "headers": [*headers]}
        await Forwarded(app, Proxies(["10.0.0.1"]))(scope, nothing, nothing)

    run(scenario())
    return seen[0]["client"], seen[0]["scheme"]


FOR = (b"x-forwarded-for", b"192.0.2.1")
HTTPS = (b"x-forwarded-proto", b"https")


@pytest.mark.parametrize(
    ("kind", "peer", "headers", "seen"),
    [
        ("http", "10.0.0.1", [FOR, HTTPS], (("192.0.2.1", 0), "https")),
        ("websocket", "10.0.0.1", [FOR, HTTPS], (("192.0.2.1", 0), "wss")),
        ("websocket", "10.0.0.1", [(b"x-forwarded-proto", b"ws")], (("10.0.0.1", 5), "ws")),
        ("http", "10.0.0.1", [(b"x-forwarded-proto", b"wss")], (("10.0.0.1", 5), "https")),
        ("http", "10.0.0.1", [(b"x-forwarded-for", b"198.51.100.9"), FOR], (("192.0.2.1", 0), "http")),
        ("http", "10.0.0.1", [HTTPS, HTTPS], (("10.0.0.1", 5), "http")),
        ("http", "10.0.0.1", [(b"x-forwarded-proto", b"gopher")], (("10.0.0.1", 5), "http")),
        ("http", "10.0.0.1", [(b"x-forwarded-for", b"nobody")], (("10.0.0.1", 5), "http")),
        ("http", "10.0.0.1", [], (("10.0.0.1", 5), "http")),
        ("http", "192.0.2.66", [FOR, HTTPS], (("192.0.2.66", 5), "http")),
        ("http", None, [FOR, HTTPS], (None, "http")),
        ("lifespan", "10.0.0.1", [FOR, HTTPS], (("10.0.0.1", 5), "http")),
    ],
)
def test_what_the_application_sees(
    kind: str, peer: str | None, headers: list[tuple[bytes, bytes]], seen: tuple[Any, Any]
) -> None:
    assert _seen(kind, peer, *headers) == seen
