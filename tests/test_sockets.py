"""Routes' own sockets: which address has one, who may open it, and what it is given."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
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
from offhook.testing.clock import run, virtual_env
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
    engine = Engine(channels=[], broker=MemoryBroker(), limits=Limits(handler=1), env=virtual_env())
    options = {"sessions": COOKIES, "sign_in": "/sign-in"}
    handshakes = site(nodes, options, **modules).handshakes
    return Sockets(table(nodes, **modules), engine, authenticate, (), handshakes)


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


class Clock:
    """A route's socket that says each second how many have passed, and an application that may end it."""

    def __init__(self, *, slow: str = "", expires: float = math.inf, accepts: bool = True) -> None:
        self._slow = slow
        self._accepts = accepts
        self.expires = expires
        self.ended = False
        self.app = sockets(authenticate=self._authenticate, room=self._module())
        self.engine = self.app._engine

    def _module(self) -> Mapping[str, Any]:
        async def middleware(request: Incoming, call_next: Next) -> Any:
            await asyncio.sleep(0.5 if self._slow == "middleware" else 0)
            return await call_next()

        return {"socket": self._socket, "middleware": [middleware]}

    async def _authenticate(self, incoming: Incoming) -> Identity[str]:
        await asyncio.sleep(0.5 if self._slow == "authenticate" else 0)
        return Identity("1", "Ada", session="laptop", expires=self.expires)

    async def _socket(self, ws: WebSocket, room_id: int) -> None:
        try:
            if not self._accepts:
                await asyncio.sleep(5)
            for second in range(10):
                await ws.send(str(second))
                await asyncio.sleep(1)
        finally:
            self.ended = True

    async def outcome(self, order: Callable[[Line], Awaitable[None]], after: float) -> tuple[list[object], int]:
        """What a client gets until its socket ends, and the code or status, if *order* comes *after* that."""
        await self.engine.start()
        ordering = asyncio.ensure_future(_later(after, lambda: order(self.engine.line)))
        received: list[object] = []
        try:
            async with asgi.websocket(self.app, "/rooms/1") as client:
                while True:
                    received.append(await client.receive())
        except asgi.Denied as denied:
            return received, denied.status
        except asgi.Closed as closed:
            return received, closed.code
        finally:
            await ordering
            await asyncio.sleep(20)
            assert self.ended == bool(received) or not self._accepts
            assert self.engine.sessions.of_user("1") == []
            await self.engine.stop()


async def _later(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await work()


async def nothing(line: Line) -> None: ...


ENDING: dict[str, tuple[Callable[[Line], Awaitable[None]], int]] = {
    "revoke the user": (lambda line: line.revoke(user="1"), 3014),
    "revoke the sign-in": (lambda line: line.revoke(session="laptop"), 3014),
    "disconnect": (lambda line: line.disconnect("1"), 3503),
}
SPARING: dict[str, Callable[[Line], Awaitable[None]]] = {
    "another user": lambda line: line.revoke(user="2"),
    "another sign-in": lambda line: line.revoke(session="phone"),
    "a push": lambda line: line.send("1", {}),
}


@pytest.mark.parametrize("how", ENDING)
def test_a_socket_ends_with_its_sign_in(how: str) -> None:
    order, code = ENDING[how]
    assert run(Clock().outcome(order, 2.5)) == (["0", "1", "2"], code)


@pytest.mark.parametrize("how", ENDING)
@pytest.mark.parametrize("slow", ["authenticate", "middleware"])
def test_a_sign_in_that_ends_while_its_socket_is_opened(how: str, slow: str) -> None:
    assert run(Clock(slow=slow).outcome(ENDING[how][0], 0.2)) == ([], 403)


@pytest.mark.parametrize("how", ENDING)
def test_a_sign_in_that_ends_before_its_socket_accepts(how: str) -> None:
    assert run(Clock(accepts=False).outcome(ENDING[how][0], 1)) == ([], 403)


@pytest.mark.parametrize("how", SPARING)
def test_what_does_not_concern_a_socket(how: str) -> None:
    received, code = run(Clock().outcome(SPARING[how], 2.5))
    assert (len(received), code) == (10, 1000)


def test_a_socket_ends_when_its_sign_in_expires() -> None:
    async def scenario() -> None:
        clock = Clock()
        clock.expires = clock.engine.env.now() + 2.5
        assert await clock.outcome(nothing, 0) == (["0", "1", "2"], 3005)

    run(scenario())


def test_a_sign_in_that_was_prolonged_meanwhile_goes_on() -> None:
    async def scenario() -> None:
        clock = Clock()
        clock.expires = clock.engine.env.now() + 2.5

        async def prolong(line: Line) -> None:
            clock.expires = math.inf

        received, code = await clock.outcome(prolong, 1)
        assert (len(received), code) == (10, 1000)

    run(scenario())


def test_the_application_says_when_a_sign_in_expires() -> None:
    async def scenario() -> None:
        clock = Clock()
        clock.expires = math.inf

        async def expire(line: Line) -> None:
            clock.expires = 0
            await line.refresh("1", clock.engine.env.now() + 1)

        assert await clock.outcome(expire, 1.5) == (["0", "1", "2"], 3005)

    run(scenario())


def test_a_socket_is_checked_again_when_orders_are_lost() -> None:
    async def scenario() -> None:
        clock = Clock()

        async def lose(line: Line) -> None:
            clock.expires = 0
            clock.engine.hub.on_orders_lost()

        assert await clock.outcome(lose, 1.5) == (["0", "1"], 3005)

    run(scenario())
