"""What a handler gets: by name, by type, and opened for one call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import pytest
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request

from offhook.base.errors import Denied, UsageError
from offhook.base.incoming import Identity, Incoming
from offhook.base.inject import Getter, Parameter
from offhook.base.sessions import Session, SessionCookie
from offhook.pages.calls import Call
from offhook.pages.results import data
from offhook.pages.routes import RouteNode, index, layout, route

from .support import Exchange, get, post, site

ROUTES = [layout("shell", [index("home"), route("rooms/:room_id/:lang?", "room"), route("files/*", "files")])]


class User(msgspec.Struct):
    name: str


async def ada(incoming: Incoming) -> Identity[User] | None:
    return Identity("1", User("Ada")) if "anonymous" not in incoming.query else None


def test_path_parameters_are_converted() -> None:
    async def loader(room_id: int, params: Any, lang: str = "en") -> list[Any]:
        return [room_id, lang, dict(params)]

    app = site(ROUTES, room={"loader": loader})

    assert get(app, "/rooms/1").page["loaderData"]["room"] == [1, "en", {"room_id": "1"}]
    assert get(app, "/rooms/1/de").page["loaderData"]["room"] == [1, "de", {"room_id": "1", "lang": "de"}]


def test_a_layout_may_know_the_parameters_of_the_routes_below() -> None:
    async def loader(room_id: int | None) -> int | None:
        return room_id

    app = site(ROUTES, shell={"loader": loader})

    assert get(app, "/").page["loaderData"]["shell"] is None
    assert get(app, "/rooms/3").page["loaderData"]["shell"] == 3


def test_the_splat() -> None:
    async def loader(splat: str) -> str:
        return splat

    assert get(site(ROUTES, files={"loader": loader}), "/files/a/b%2Fc").page["loaderData"]["files"] == "a/b/c"


class Search(msgspec.Struct):
    q: str = ""
    page: Annotated[int, msgspec.Meta(ge=1)] = 1
    tag: list[str] = []


def test_the_query_string() -> None:
    async def loader(query: Search) -> Search:
        return query

    async def raw(query: QueryParams) -> int:
        return len(query.multi_items())

    app = site(ROUTES, shell={"loader": raw}, home={"loader": loader})

    found = get(app, "/?q=x&tag=a&tag=b&page=").page["loaderData"]
    assert found == {"shell": 4, "home": {"q": "x", "page": 1, "tag": ["a", "b"]}}
    wrong = get(app, "/?page=0")
    assert wrong.status == 400
    assert wrong.page["errors"]["home"]["data"]["errors"]["page"]["code"] == "ge"


def test_what_belongs_to_the_visit_comes_by_type() -> None:
    async def loader(a: Request, b: Incoming, c: Identity[User], d: Identity[User] | None, user: User) -> Any:
        return [a.method, b.path, c.id, d and d.id, user.name]

    app = site(ROUTES, {"authenticate": ada}, home={"loader": loader})

    assert get(app, "/").page["loaderData"]["home"] == ["GET", "/", "1", "1", "Ada"]


@pytest.mark.parametrize("annotation", [User, Identity[User], Any])
def test_nobody_is_unauthorized_unless_the_annotation_allows_nobody(annotation: Any) -> None:
    async def loader(user: User | None) -> bool:
        return user is None

    async def strict(user: annotation) -> None: ...

    app = site(ROUTES, {"authenticate": ada}, home={"loader": strict}, files={"loader": loader})

    assert get(app, "/?anonymous").status == 401
    assert get(app, "/files/a?anonymous").page["loaderData"]["files"] is True


def test_an_application_adds_sources_of_its_own() -> None:
    class Clock: ...

    def clock(parameter: Parameter) -> Getter[Call] | None:
        return (lambda call: call.visit.url) if parameter.annotation is Clock else None

    async def loader(clock: Clock) -> Any:
        return clock

    app = site(ROUTES, {"sources": [clock]}, home={"loader": loader})

    assert get(app, "/?a=b").page["loaderData"]["home"] == "/?a=b"


@pytest.mark.parametrize("name", ["unknown", "form"])
def test_what_nobody_provides_is_an_error_before_the_first_request(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"async def loader({name}: int) -> None: ...", namespace)

    with pytest.raises(UsageError, match=f"nothing provides the parameter '{name}'"):
        site(ROUTES, home={"loader": namespace["loader"]})


def test_sessions_only_where_there_are_any() -> None:
    async def loader(session: Session) -> None: ...

    with pytest.raises(UsageError, match="nothing provides the parameter 'session'"):
        site(ROUTES, home={"loader": loader})
    site(ROUTES, {"sessions": SessionCookie(["k" * 16])}, home={"loader": loader})


def test_a_path_parameter_cannot_take_the_name_of_something_else() -> None:
    async def loader() -> None: ...

    nodes: list[RouteNode] = [route("users/:user", "room")]
    with pytest.raises(UsageError, match="cannot be called 'user'"):
        site(nodes, room={"loader": loader})


class Database:
    """A resource that says when it is opened and closed."""

    log: list[str]
    opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Connection"]:
        self.opened += 1
        connection = Connection(self.opened)
        self.log.append(f"open {connection.number}")
        try:
            yield connection
        except Exception as error:
            self.log.append(f"roll back {connection.number} {type(error).__name__}")
            raise
        else:
            self.log.append(f"close {connection.number}")

    def __init__(self) -> None:
        self.log = []


class Connection:
    def __init__(self, number: int) -> None:
        self.number = number


def test_each_call_has_its_own_resource_and_it_is_closed_right_after() -> None:
    database = Database()

    async def action(connection: Connection) -> object:
        database.log.append(f"action {connection.number}")
        return data(1)

    async def loader(connection: Connection) -> None:
        database.log.append(f"loader {connection.number}")

    app = site(ROUTES, {"provide": {Connection: database.open}}, room={"action": action, "loader": loader})
    post(app, "/rooms/1")

    assert database.log == ["open 1", "action 1", "close 1", "open 2", "loader 2", "close 2"]


def test_an_exception_unwinds_the_resource() -> None:
    database = Database()

    async def loader(connection: Connection) -> None:
        raise Denied

    get(site(ROUTES, {"provide": {Connection: database.open}}, home={"loader": loader}), "/")

    assert database.log == ["open 1", "roll back 1 Denied"]


def test_a_value_becomes_json_while_the_resource_is_open() -> None:
    closed: list[bool] = []

    class Row(dict[str, int]):
        def items(self) -> Any:
            assert not closed
            return super().items()

    @asynccontextmanager
    async def opening() -> AsyncIterator[Connection]:
        yield Connection(1)
        closed.append(True)

    async def loader(connection: Connection) -> Any:
        return Row(a=1)

    reply = get(site(ROUTES, {"provide": {Connection: opening}}, home={"loader": loader}), "/")

    assert reply.page["loaderData"]["home"] == {"a": 1}
    assert closed


def test_nothing_is_opened_for_somebody_who_is_turned_away_or_while_a_body_arrives() -> None:
    database = Database()

    async def action(user: User, form: Search, connection: Connection) -> None: ...

    options = {"authenticate": ada, "provide": {Connection: database.open}}
    app = site(ROUTES, options, room={"action": action})

    assert post(app, "/rooms/1?anonymous", "page=1").status == 401
    assert post(app, "/rooms/1", "page=0").status == 422
    assert database.log == []


def test_a_failure_to_close_is_a_failure_of_the_handler() -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[Connection]:
        yield Connection(1)
        raise OSError("commit failed")

    async def loader(connection: Connection) -> None: ...

    assert get(site(ROUTES, {"provide": {Connection: failing}}, home={"loader": loader}), "/").status == 500


def test_a_resource_that_swallows_an_exception_is_a_mistake() -> None:
    @asynccontextmanager
    async def swallowing() -> AsyncIterator[Connection]:
        try:
            yield Connection(1)
        except Denied:
            return

    async def loader(connection: Connection) -> None:
        raise Denied

    app = site(ROUTES, {"provide": {Connection: swallowing}, "debug": True}, home={"loader": loader})

    assert "swallowed" in get(app, "/").page["errors"]["home"]["data"]["text"]


def test_the_user_of_an_action_is_never_the_one_of_its_loaders() -> None:
    asked: list[User] = []
    seen: list[User] = []

    async def authenticate(incoming: Incoming) -> Identity[User]:
        asked.append(User(f"{incoming.session.get('name')}"))
        return Identity("1", asked[-1])

    async def action(user: User, session: Session) -> object:
        seen.append(user)
        session["name"] = "Bob"
        return data(1)

    async def loader(user: User) -> None:
        seen.append(user)

    options = {"authenticate": authenticate, "sessions": SessionCookie(["k" * 16])}
    post(site(ROUTES, options, room={"action": action, "loader": loader}), "/rooms/1")

    assert [user.name for user in seen] == ["None", "Bob"]


def test_the_raw_form() -> None:
    async def action(form: FormData) -> object:
        return data(form.getlist("a"))

    reply = post(site(ROUTES, room={"action": action}), "/rooms/1", "a=1&a=2")

    assert reply.page["actionData"] == {"room": ["1", "2"]}


def test_a_handler_that_is_cancelled_closes_its_resource() -> None:
    database = Database()
    started = asyncio.Event()

    async def loader(connection: Connection) -> None:
        started.set()
        await asyncio.Event().wait()

    @asynccontextmanager
    async def opening() -> AsyncIterator[Connection]:
        try:
            yield Connection(1)
        finally:
            database.log.append("closed")

    async def scenario() -> None:
        app = site(ROUTES, {"provide": {Connection: opening}}, shell={"loader": loader}, home={"loader": loader})
        task = asyncio.create_task(Exchange("GET", "/").run(app))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())

    assert database.log == ["closed", "closed"]


def test_a_parameter_that_the_address_does_not_have_is_a_404() -> None:
    async def loader(room_id: int) -> None: ...

    assert get(site(ROUTES, shell={"loader": loader}), "/").status == 404


def test_a_parameter_without_an_annotation_is_text() -> None:
    namespace: dict[str, Any] = {}
    exec("async def loader(room_id): return room_id", namespace)

    reply = get(site(ROUTES, room={"loader": namespace["loader"]}), "/rooms/1")

    assert reply.page["loaderData"]["room"] == "1"
