"""The gallery: what a route module can have in Python, all together. ``docs/routing.md`` quotes it."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator

import pytest

from offhook.testing import asgi
from tests.apps.gallery.app import gallery
from tests.apps.gallery.routes import payment
from tests.apps.gallery.store import FOLDER

from .support import FORM, Exchange, Reply

app = gallery(render="none")
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100_000


class Visitor:
    """A browser without JavaScript."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
        """One request; the cookies are kept."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        exchange = Exchange(method, target, {"cookie": self.cookie, **named}, [body])
        asyncio.run(exchange.run(app))
        for cookie in exchange.reply.all("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return exchange.reply

    def get(self, target: str, **headers: str) -> Reply:
        return self.send("GET", target, b"", **headers)

    def upload(self, title: str, content: bytes, kind: str) -> Reply:
        head = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        file = f'; filename="cat.png"\r\nContent-Type: {kind}'
        body = head.format("title", "").encode() + title.encode() + b"\r\n"
        body += head.format("file", file).encode() + content + b"\r\n--b--\r\n"
        return self.send("POST", "/?index", body, content_type="multipart/form-data; boundary=b")

    def sign_in(self, name: str) -> "Visitor":
        body = f"name={name}&password=x".encode()
        assert self.send("POST", "/sign-in", body, content_type=FORM).status == 303
        return self


@pytest.fixture(autouse=True)
def no_photos() -> Iterator[None]:
    yield
    for path in FOLDER.iterdir():
        path.unlink()


def test_an_upload_and_a_notice_that_is_shown_once() -> None:
    visitor = Visitor()
    posted = visitor.upload("Cat", PNG, "image/png")

    assert (posted.status, posted.header("location")) == (303, "/")
    assert visitor.get("/").page["loaderData"]["routes/photos"] == {
        "names": ["Cat.png"],
        "notice": "Cat is there.",
    }
    assert visitor.get("/").page["loaderData"]["routes/photos"]["notice"] is None
    photo = visitor.get("/photos/Cat.png")
    assert (photo.body, photo.header("content-type")) == (PNG, "image/png")
    assert visitor.get("/photos/Cat.png", if_none_match=photo.header("etag") or "").status == 304


def test_an_upload_that_is_refused_keeps_what_was_typed() -> None:
    answer = Visitor().upload("Cat", b"MZ", "application/x-msdownload").page["actionData"]["routes/photos"]

    assert answer["values"] == {"title": "Cat"}
    assert answer["errors"]["file"]["text"] == "Choose a PNG image."


@pytest.mark.parametrize("name", ["..%2Fapp.py", "%2Fetc%2Fpasswd", "Cat.png%00", "..", "%5C..%5Capp.py"])
def test_no_other_file_is_a_photo(name: str) -> None:
    assert Visitor().get(f"/photos/{name}").status == 404


def test_the_feed() -> None:
    visitor = Visitor()
    visitor.upload("Cat", PNG, "image/png")
    feed = visitor.get("/feed.xml")

    assert feed.text == "<rss><channel><item><title>Cat.png</title></item></channel></rss>"
    assert (feed.header("content-type"), feed.header("x-robots-tag")) == (
        "application/rss+xml",
        "noindex",
    )
    assert visitor.get("/feed.xml", if_none_match=feed.header("etag") or "").status == 304
    assert visitor.send("HEAD", "/feed.xml").body == b""
    assert visitor.send("OPTIONS", "/feed.xml").header("allow") == "GET, HEAD, OPTIONS"


def test_a_webhook_checks_the_signature_of_the_bytes() -> None:
    body = b'{"amount": 7}'
    signature = hmac.new(payment.SECRET, body, hashlib.sha256).hexdigest()

    refused = Visitor().send("POST", "/hooks/payment", body, x_signature="0" * 64)
    taken = Visitor().send("POST", "/hooks/payment", body, x_signature=signature)

    assert (refused.status, taken.status, taken.json) == (403, 200, {"received": True})
    assert payment.paid == [body]


@pytest.mark.parametrize("target", ["/admin", "/__data/admin?_routes=routes/admin"])
def test_the_guard_stands_before_pages_and_data(target: str) -> None:
    assert "/sign-in?next=/admin" in str([*Visitor().get(target).headers, Visitor().get(target).text])
    assert '"status":403' in Visitor().sign_in("ada").get("/__data/admin?_routes=routes/admin").text
    reply = Visitor().sign_in("root").get(target)
    assert '"root"' in reply.text
    assert reply.header("cache-control") == "no-store"


def test_the_guard_stands_before_a_socket() -> None:
    async def hears(visitor: Visitor) -> object:
        async with asgi.websocket(app, "/admin/log", headers={"cookie": visitor.cookie}) as client:
            return await client.receive()

    assert asyncio.run(hears(Visitor().sign_in("root"))) == "Hello root"
    for visitor, status in ((Visitor(), 401), (Visitor().sign_in("ada"), 403)):
        with pytest.raises(asgi.Denied) as denied:
            asyncio.run(hears(visitor))
        assert denied.value.status == status


def test_signing_in_gives_the_session_a_new_name() -> None:
    visitor = Visitor().sign_in("ada")
    first = visitor.cookies["offhook"]
    visitor.sign_in("ada")

    assert len({cookie.rsplit(".", 2)[0] for cookie in (first, visitor.cookies["offhook"])}) == 2


def test_documents_have_the_policy() -> None:
    policy = Visitor().get("/").header("content-security-policy") or ""

    assert "img-src 'self' data: https://images.example; " in policy
    assert "'nonce-" in policy
