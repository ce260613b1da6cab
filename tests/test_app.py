"""What an App refuses when it is built, and whose its lines are."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from offhook.app import App
from offhook.base.errors import UsageError
from offhook.base.incoming import Identity, Incoming
from offhook.base.sessions import Session, SessionCookie
from offhook.pages.routes import route
from offhook.realtime.channel import Channel
from offhook.testing import asgi
from offhook.testing.clock import run

Build = Callable[..., App]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Builds an App with one route, whose Python this is."""
    package = tmp_path / "misused"
    (package / "routes").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "routes" / "__init__.py").touch()
    module: Any = ModuleType("misused.app")
    module.__file__, module.__package__ = str(package / "app.py"), "misused"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "misused.app", module)

    def make(text: str, **options: Any) -> App:
        (package / "routes" / "home.py").write_text(text)
        return App([route("home", "routes/home")], render="none", module="misused.app", **options)

    yield make
    for name in [name for name in sys.modules if name.startswith("misused")]:
        del sys.modules[name]


def test_an_app_without_any_view_needs_no_build(build: Build) -> None:
    app = build("async def loader() -> int:\n    return 7")

    async def answers() -> list[tuple[int, bytes]]:
        async with asgi.lifespan(app):
            found = [await asgi.request(app, "GET", path) for path in ("/home", "/elsewhere")]
        return [(answer.status, answer.body) for answer in found]

    assert run(answers()) == [(200, b"7"), (404, b"Not Found")]


@pytest.mark.parametrize("origin", ["offhook", "starlette.websockets"])
@pytest.mark.parametrize("handler", ["async def loader(ws: WebSocket)", "def action(socket: WebSocket)"])
def test_a_socket_is_not_for_loaders_and_actions(build: Build, handler: str, origin: str) -> None:
    text = f"from {origin} import WebSocket\n{handler}: ..."

    with pytest.raises(
        UsageError, match=r"home\.py:2 (loader|action): .* have no socket; write `async def socket"
    ):
        build(text)


def test_a_socket_is_not_for_middleware(build: Build) -> None:
    text = """from offhook import WebSocket
async def guard(ws: WebSocket): ...
middleware = [guard]
async def loader(): ...
"""

    with pytest.raises(UsageError, match=r"home\.py:2 guard: .* have no socket"):
        build(text)


def test_a_channel_that_the_app_does_not_have(build: Build) -> None:
    text = """
from offhook import Channel, History, live

class Inbox(Channel[str], pattern="inbox:{user_id}", history=History(10, "1m")):
    user_id: str

@live(Inbox)
async def loader(): ...
"""
    with pytest.raises(UsageError, match=r"add Inbox to App\(channels="):
        build(text)


class News(Channel[str], pattern="news"): ...


KEY = "a key of sixteen characters"


async def authenticate(incoming: Incoming) -> Identity[str] | None:
    user = incoming.session.get("user")
    return Identity(user, user) if isinstance(user, str) else None


def _signed_in(cookie: SessionCookie) -> tuple[Session, dict[str, str]]:
    """The session of somebody who signed in, and the headers of his browser."""
    session = cookie.load(Incoming("/"))
    session.renew()
    session["user"] = "ann"
    return session, {"cookie": cookie.dump(session, https=False).partition(";")[0]}


def test_a_line_belongs_to_the_sign_in_of_its_cookie(build: Build) -> None:
    app = build("async def loader(): ...", channels=[News], authenticate=authenticate, secret_key=KEY)
    cookie = SessionCookie([KEY])

    async def line(headers: dict[str, str], *, revoke: str) -> int:
        async with asgi.websocket(app, "/connection/websocket", headers=headers) as client:
            await client.send('{"id":1,"connect":{}}')
            await client.receive()
            await app.line.revoke(session=revoke)
            await client.send("{")  # what breaks the protocol, if the line is still there
            return (await client.closed()).code

    async def scenario() -> list[int]:
        await app._realtime.start()
        (laptop, laptop_headers), (_, phone_headers) = _signed_in(cookie), _signed_in(cookie)
        codes = [await line(headers, revoke=laptop.id) for headers in (laptop_headers, phone_headers)]
        await app._realtime.stop()
        return codes

    assert run(scenario()) == [3014, 3501]
