"""The opening handshake (RFC 6455, sections 4.1, 4.2 and 9.1)."""

import time

import pytest

from offhook.wire.handshake import BadHandshake, Offer, accept_key, opening, parse_extensions

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = {
    b"host": b"example.org",
    b"upgrade": b"websocket",
    b"connection": b"Upgrade",
    b"sec-websocket-key": KEY,
    b"sec-websocket-version": b"13",
}


def _headers(**changed: bytes | None) -> list[tuple[bytes, bytes]]:
    changes = {name.replace("_", "-").encode(): value for name, value in changed.items()}
    return [(name, value) for name, value in {**REQUEST, **changes}.items() if value is not None]


def test_4_2_2_the_example_of_a_key() -> None:
    assert accept_key(KEY.decode()) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert opening("GET", "1.1", _headers()).accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    "changed",
    [
        {"upgrade": b"WebSocket"},
        {"upgrade": b"h2c, websocket"},
        {"connection": b"keep-alive, Upgrade"},
        {"connection": b" upgrade ,"},
        {"sec_websocket_key": b"  AAAAAAAAAAAAAAAAAAAAAA== "},
    ],
)
def test_4_2_1_requests_that_open(changed: dict[str, bytes]) -> None:
    assert opening("GET", "1.1", _headers(**changed)).accept


def test_4_2_1_lists_may_stand_in_several_fields() -> None:
    headers = [
        *_headers(connection=None, sec_websocket_protocol=b"a, b,,"),
        (b"connection", b"keep-alive"),
        (b"connection", b"upgrade"),
        (b"sec-websocket-protocol", b"c,a"),
        (b"sec-websocket-extensions", b"one; x=1"),
        (b"sec-websocket-extensions", b"two"),
    ]

    found = opening("GET", "1.1", headers)

    assert found.subprotocols == ("a", "b", "c")
    assert found.offers == (Offer("one", (("x", "1"),)), Offer("two"))


@pytest.mark.parametrize("empty", [b"", b" ", b",", None])
def test_an_empty_list_of_subprotocols_or_extensions_is_none(empty: bytes | None) -> None:
    found = opening("GET", "1.1", _headers(sec_websocket_protocol=empty, sec_websocket_extensions=empty))

    assert (found.subprotocols, found.offers) == ((), ())


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"host": None}, 400),
        ({"upgrade": None}, 426),
        ({"upgrade": b"websockets"}, 426),
        ({"connection": None}, 426),
        ({"connection": b"close"}, 426),
        ({"sec_websocket_version": None}, 426),
        ({"sec_websocket_version": b"8"}, 426),
        ({"sec_websocket_version": b"13, 8"}, 426),
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": b""}, 400),
        ({"sec_websocket_key": b"AAAA"}, 400),
        ({"sec_websocket_key": KEY + b"AAAA"}, 400),
        ({"sec_websocket_key": b"!" * 24}, 400),
        ({"sec_websocket_key": b"\xff" * 24}, 400),
        ({"sec_websocket_protocol": b"a b"}, 400),
        ({"sec_websocket_protocol": b"a\xe9"}, 400),
        ({"sec_websocket_extensions": b"a b"}, 400),
    ],
)
def test_4_2_1_requests_that_do_not(changed: dict[str, bytes | None], status: int) -> None:
    with pytest.raises(BadHandshake) as refused:
        opening("GET", "1.1", _headers(**changed))

    assert refused.value.status == status


@pytest.mark.parametrize("name", [b"host", b"sec-websocket-key", b"sec-websocket-version"])
def test_4_1_what_may_come_once(name: bytes) -> None:
    with pytest.raises(BadHandshake):
        opening("GET", "1.1", [*_headers(), (name, REQUEST[name])])


@pytest.mark.parametrize(
    ("method", "version", "status"), [("POST", "1.1", 405), ("GET", "1.0", 400), ("get", "1.1", 405)]
)
def test_4_1_the_request_line(method: str, version: str, status: int) -> None:
    with pytest.raises(BadHandshake) as refused:
        opening(method, version, _headers())

    assert refused.value.status == status


def test_4_4_another_version_is_told_ours() -> None:
    with pytest.raises(BadHandshake) as refused:
        opening("GET", "1.1", _headers(sec_websocket_version=b"12"))

    assert refused.value.headers == {"Sec-WebSocket-Version": "13"}


@pytest.mark.parametrize(
    ("value", "offers"),
    [
        ("", []),
        ("foo", [Offer("foo")]),
        ("foo, bar; baz=2", [Offer("foo"), Offer("bar", (("baz", "2"),))]),
        ("foo ;a ; b = 1\t,\tbar", [Offer("foo", (("a", None), ("b", "1"))), Offer("bar")]),
        (",, foo,, bar ,", [Offer("foo"), Offer("bar")]),
        ('foo; a="b"', [Offer("foo", (("a", "b"),))]),
        (r'foo; a="b\c\"'.replace('\\"', '"'), [Offer("foo", (("a", "bc"),))]),
        ("foo; a; a=1", [Offer("foo", (("a", None), ("a", "1")))]),
    ],
)
def test_9_1_extensions(value: str, offers: list[Offer]) -> None:
    assert parse_extensions(value) == offers


@pytest.mark.parametrize(
    "value",
    [
        "foo bar",
        ";",
        "foo;",
        "foo; =1",
        "foo; a=",
        'foo; a="',
        'foo; a=""',
        'foo; a="b c"',
        'foo; a="b, c"',
        "é",
        "foo; a=é",
        "(",
        "foo=1",
    ],
)
def test_9_1_what_is_no_list_of_extensions(value: str) -> None:
    with pytest.raises(BadHandshake):
        parse_extensions(value)


@pytest.mark.parametrize("part", [" ", "\t;", ",", "a", "a,", "a;", ";a", '="a', "\\", 'a;b="', "a ; b = "])
def test_9_1_a_long_header_takes_no_long_time(part: str) -> None:
    began = time.process_time()
    for value in (part * 60_000, "a" + part * 60_000, part * 60_000 + "é"):
        try:
            parse_extensions(value)
        except BadHandshake:
            continue

    assert time.process_time() - began < 2
