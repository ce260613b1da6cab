"""Routes' own sockets: which address has one, who may open it, and what it is given."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from offhook import (
    Context,
    Denied,
    Identity,
    Incoming,
    Limits,
    Line,
    Next,
    NotFound,
    Session,
    Unauthorized,
    UsageError,
    WebSocket,
    data,
    redirect,
)
from offhook.base.incoming import Authenticate
from offhook.base.sessions import SessionCookie
from offhook.brokers.memory import MemoryBroker
from offhook.pages.routes import RouteNode, index, layout, route
from offhook.realtime.engine import Engine
from offhook.sockets import Sockets
from offhook.testing import asgi
from offhook.testing.clock import run
from tests.pages.support import site, table

COOKIES = SessionCookie(["k" * 16])
NODES = [layout("shell", [index("home"), route("rooms/:room_id", "room")])]


class Account:
    def __init__(self, name: str) -> None:
        self.name = name


def sockets(
    nodes: list[RouteNode] = NODES,
    authenticate: Authenticate[Any] | None = None,
    **functions: Callable[..., Any] | Mapping[str, Any],
) -> Sockets:
    """Routes with these sockets, by id."""
    modules = {name: each if isinstance(each, Mapping) else {"socket": each} for name, each in functions.items()}
    engine = Engine(channels=[], broker=MemoryBroker())
    limits = Limits(handler=1)
    options = {"sessions": COOKIES, "sign_in": "/sign-in"}
    handshakes = site(nodes, options, **modules).handshakes
    return Sockets(table(nodes, **modules), engine.line, authenticate, (), limits, handshakes, engine.sessions)


def hears(app: Sockets, path: str, headers: Mapping[str, str] | None = None) -> object:
    """The first message that the socket at *path* sends."""

    async def scenario() -> object:
        async with asgi.websocket(app, path, headers=headers) as client:
            return await client.receive()

    return run(scenario())


def refusal(app: Sockets, path: str, headers: Mapping[str, str] | None = None) -> int:
    """The status with which an upgrade at *path* is refused."""
    with pytest.raises(asgi.Denied) as denied:
        hears(app, path, headers)
    return denied.value.status


async def greet(ws: WebSocket) -> None:
    await ws.send("hello")


async def ada(incoming: Incoming) -> Identity[str] | None:
    return Identity("1", "Ada") if "cookie" in incoming.headers else None


def test_a_socket_at_its_address() -> None:
    assert hears(sockets(home=greet), "/") == "hello"


@pytest.mark.parametrize("path", ["/rooms/1", "/nowhere"])
def test_an_address_without_a_socket(path: str) -> None:
    assert refusal(sockets(home=greet), path) == 404


def test_parameters_are_converted() -> None:
    async def socket(ws: WebSocket, room_id: int) -> None:
        await ws.send(str(room_id + 1))

    assert hears(sockets(room=socket), "/rooms/41") == "42"
    assert refusal(sockets(room=socket), "/rooms/first") == 404


def test_what_a_socket_is_given() -> None:
    async def socket(ws: WebSocket, line: Line, incoming: Incoming, identity: Identity[str], user: str) -> None:
        await ws.send(f"{type(line).__name__} {incoming.path} {identity.id} {user}")

    app = sockets(authenticate=ada, home=socket)

    assert hears(app, "/", {"cookie": "a=b"}) == "Line / 1 Ada"
    assert refusal(app, "/") == 401


def test_a_user_may_be_optional() -> None:
    async def socket(ws: WebSocket, user: str | None) -> None:
        await ws.send(str(user))

    assert hears(sockets(authenticate=ada, home=socket), "/") == "None"


def test_a_page_of_another_site() -> None:
    assert refusal(sockets(home=greet), "/", {"origin": "https://evil.example"}) == 403


def test_what_nobody_provides() -> None:
    async def socket(ws: WebSocket, price: int) -> None: ...

    with pytest.raises(UsageError, match=r"nothing provides the parameter 'price'"):
        sockets(home=socket)


# Middleware


def test_middleware_sees_the_handshake_and_provides_for_the_socket() -> None:
    log: list[str] = []

    async def middleware(request: Request, session: Session, user: str, context: Context, call_next: Next) -> None:
        context.provide(Account(f"{user} {session['theme']} {request.url.scheme} {request.query_params['a']}"))
        await call_next()
        log.append("out")

    async def socket(ws: WebSocket, account: Account) -> None:
        log.append("socket")
        await ws.send(account.name)

    app = sockets(authenticate=ada, home=socket, shell={"middleware": (middleware,)})
    cookie = COOKIES.dump(Session({"theme": "dark"}), https=False).partition(";")[0]

    assert hears(app, "/?a=1", {"cookie": cookie}) == "Ada dark http 1"
    assert log == ["out", "socket"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Denied(), 403),
        (NotFound(), 404),
        (Unauthorized(), 401),
        (data("gone", 410), 410),
        (redirect("/sign-in"), 403),
        (PlainTextResponse("no", 429), 429),
        (PlainTextResponse("yes", 200), 403),
        (RuntimeError(), 500),
    ],
)
def test_middleware_of_a_parent_guards_a_socket(answer: object, status: int) -> None:
    async def middleware() -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def socket(ws: WebSocket) -> None:
        raise AssertionError

    assert refusal(sockets(home=socket, shell={"middleware": (middleware,)}), "/") == status


def test_middleware_that_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    async def middleware() -> None:
        await asyncio.sleep(60)

    assert refusal(sockets(home=greet, shell={"middleware": (middleware,)}), "/") == 503
    assert "deadline" in caplog.text


def test_what_no_middleware_provides() -> None:
    async def socket(ws: WebSocket, account: Account) -> None: ...

    with pytest.raises(UsageError, match="nothing provides the parameter 'account'"):
        sockets(home=socket)
