"""Positions that travel with pages, and what an action's answer says about its publications."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import pytest

from offhook.base.errors import CommandError, Denied, NotFound, Unauthorized, UsageError
from offhook.base.incoming import Identity, Incoming
from offhook.base.inject import Getter, Parameter
from offhook.bridge import LivePages, live
from offhook.brokers.base import History
from offhook.brokers.memory import MemoryBroker
from offhook.pages.calls import Call
from offhook.pages.results import data, redirect
from offhook.pages.routes import layout, route
from offhook.realtime.channel import Channel
from offhook.realtime.line import Line
from offhook.standalone import Realtime
from offhook.testing.clock import run, virtual_env
from offhook.testing.faults import FaultyBroker
from tests.pages.support import FORM, Exchange, Reply, site, table

HISTORY = History(10, "1m")


class Card(msgspec.Struct):
    id: int
    rev: int = 1


class Board(Channel[Card], pattern="board:{board_id}", history=HISTORY, key="id", version="rev"):
    board_id: int


class Inbox(Channel[str], pattern="inbox:{user_id}", history=HISTORY):
    user_id: str


class Desk(Channel[str], pattern="desk:{board_id}:{user_id}", history=HISTORY):
    board_id: int
    user_id: str


class Numbered(Channel[str], pattern="numbered:{user_id}", history=HISTORY):
    user_id: int


class Newest(Channel[int], pattern="newest", history=History(5, "1m"), recovery="cache", slow="latest"):
    pass


class Paged(Channel[str], pattern="paged:{page}", history=HISTORY):
    page: str


class Forgetful(Channel[str], pattern="forgetful"):
    """Keeps no history."""


CHANNELS = (Board, Inbox, Desk, Numbered, Paged)
ROUTES = [layout("shell", [route("boards/:board_id", "board"), route("about/:page?", "about")])]


class World:
    """A site with a line, and what happened in which order. ``who`` is signed in."""

    def __init__(self, **functions: Any) -> None:
        self.who: str | None = "ann"
        self.log: list[str] = []
        self.fails: dict[str, type[CommandError]] = {}
        """What refuses the visitor, and how."""
        self.broker = FaultyBroker(MemoryBroker(env=virtual_env()))
        self.realtime = Realtime(channels=CHANNELS, broker=self.broker, env=virtual_env())
        self.line = self.realtime.line
        self._live = LivePages(self.line)
        made = {name: each(self) if callable(each) else each for name, each in functions.items()}
        options = {"extensions": [self._live], "sources": [self._source], "authenticate": self._authenticate}
        self._site = site(ROUTES, options, **made)

    def _source(self, parameter: Parameter) -> Getter[Call] | None:
        return (lambda call: self._live.line_of(call.visit)) if parameter.annotation is Line else None

    async def _authenticate(self, incoming: Incoming) -> Identity[str] | None:
        self.note("authenticate")
        return Identity(self.who, self.who) if self.who else None

    def note(self, what: str) -> None:
        """Write down that *what* happened, and which positions were read before it."""
        self.log += [f"read {names}" for method, names in self.broker.calls if method == "positions"]
        self.broker.calls.clear()
        self.log.append(what)
        if what in self.fails:
            raise self.fails[what]

    def noting(self, what: str) -> Callable[[], Awaitable[list[str]]]:
        """A handler that notes that it was called."""

        async def handler() -> list[str]:
            self.note(what)
            return []

        return handler

    def middleware(self) -> Callable[[], Awaitable[None]]:
        """Middleware that notes that it was called."""

        async def middleware() -> None:
            self.note("middleware")

        return middleware

    async def ask(self, method: str, target: str, body: bytes = b"") -> Reply:
        """One request of one of our own pages."""
        headers = {"content-type": FORM, "origin": "http://site.test"}
        exchange = Exchange(method, target, headers, [body])
        await exchange.run(self._site)
        return exchange.reply


def within(world: World, scenario: Callable[[], Awaitable[None]]) -> None:
    """Run *scenario* while the line runs."""

    async def started() -> None:
        await world.realtime.start()
        await scenario()
        await world.realtime.stop()

    run(started())


def boards(*channels: type[Channel[Any]]) -> Callable[[World], Mapping[str, Any]]:
    """The functions of a route that is live by *channels*."""
    return lambda world: {
        "loader": live(*channels)(world.noting("loader")),
        "action": world.noting("action"),
        "middleware": (world.middleware(),),
    }


def test_positions_are_read_before_any_code_of_the_application_in_one_call() -> None:
    world = World(shell=lambda world: {"loader": live(Board)(world.noting("shell"))}, board=boards(Board))

    async def scenario() -> None:
        top = await world.line.publish(Board(board_id=5), Card(1))
        reply = await world.ask("GET", "/boards/5")

        assert world.log[:3] == ["read board:5,board:5", "authenticate", "middleware"]
        assert sorted(world.log[3:]) == ["loader", "shell"]
        entry = {"channel": "board:5", "of": "Board", "key": "id", "version": "rev"}
        expected = entry | {"offset": 1, "epoch": top.epoch}
        assert reply.page["live"] == {"shell": [expected], "board": [expected]}
        assert reply.header("cache-control") == "no-store"

    within(world, scenario)


def test_a_channel_of_who_is_signed_in_is_read_right_after_that_is_known() -> None:
    world = World(board=boards(Inbox, Board, Desk))

    async def scenario() -> None:
        reply = await world.ask("GET", "/boards/5")

        assert world.log == ["read board:5", "authenticate", "read inbox:ann,desk:5:ann", "middleware", "loader"]
        live = reply.page["live"]["board"]
        assert [(each["of"], each["channel"], each["offset"]) for each in live] == [
            ("Board", "board:5", 0),
            ("Inbox", "inbox:ann", 0),
            ("Desk", "desk:5:ann", 0),
        ]
        assert all(each["tagged"] for each in live)
        positions = await world.line.positions([Board(board_id=5), Inbox(user_id="ann")])
        assert [each["epoch"] for each in live[:2]] == [each.epoch for each in positions]

    within(world, scenario)


def test_one_of_several_channels_alone_is_tagged_as_they_all_are() -> None:
    world = World(board=boards(Inbox, Board))
    world.who = None

    async def scenario() -> None:
        [entry] = (await world.ask("GET", "/boards/5")).page["live"]["board"]
        assert (entry["of"], entry["tagged"]) == ("Board", True)

    within(world, scenario)


def test_a_mutation_reads_positions_as_well() -> None:
    world = World(board=boards(Board, Inbox))

    async def scenario() -> None:
        reply = await world.ask("POST", "/__data/boards/5?_routes=board&_after=board")

        action = ["read board:5", "authenticate", "middleware", "action"]
        assert world.log == [*action, "authenticate", "read inbox:ann", "middleware", "loader"]
        assert [each["channel"] for each in reply.json["live"]["board"]] == ["board:5", "inbox:ann"]

    within(world, scenario)


def test_who_is_not_signed_in_has_no_position() -> None:
    world = World(board=boards(Inbox))
    world.who = None

    async def scenario() -> None:
        reply = await world.ask("GET", "/boards/5")

        assert (reply.page["live"], reply.header("cache-control")) == ({}, "no-store")
        assert world.log == ["authenticate", "middleware", "loader"]

    within(world, scenario)


@pytest.mark.parametrize("address", ["/boards/5", "/__data/boards/5?_routes=board"])
@pytest.mark.parametrize("refusal", [Denied, NotFound, Unauthorized])
@pytest.mark.parametrize("where", ["loader", "middleware", "authenticate"])
def test_who_is_refused_learns_no_position(address: str, refusal: type[CommandError], where: str) -> None:
    world = World(board=boards(Board, Inbox))
    world.fails[where] = refusal

    async def scenario() -> None:
        reply = await world.ask("GET", address)
        page = reply.json if address.startswith("/__data") else reply.page

        assert page["live"] == {}
        assert "board:5" not in str(page["live"])

    within(world, scenario)


def test_a_name_that_the_line_would_refuse_is_not_read() -> None:
    world = World(about=boards(Paged))

    async def scenario() -> None:
        reply = await world.ask("GET", f"/about/{'x' * 250}")
        assert (reply.status, reply.page["live"], world.log) == (200, {}, ["authenticate", "middleware", "loader"])

    within(world, scenario)


def test_an_address_that_does_not_convert_or_is_not_there_has_no_position() -> None:
    class Page(Channel[str], pattern="page:{page}", history=HISTORY):
        page: str

    world = World(board=boards(Board, Desk), about=boards(Page))

    async def scenario() -> None:
        assert (await world.ask("GET", "/boards/five")).page["live"] == {}
        assert (await world.ask("GET", "/about")).page["live"] == {}

    within(world, scenario)


def test_an_id_that_is_of_another_type_than_the_channel_says(caplog: pytest.LogCaptureFixture) -> None:
    world = World(board=boards(Numbered))

    async def scenario() -> None:
        assert (await world.ask("GET", "/boards/5")).status == 500
        assert world.log == ["authenticate"]
        world.who = "7"
        assert (await world.ask("GET", "/boards/5")).page["live"]["board"][0]["channel"] == "numbered:7"

    within(world, scenario)
    assert "Numbered.user_id cannot be the id of an Identity: Expected `int`" in caplog.text


@pytest.mark.parametrize("channel", [Board, Inbox])
def test_without_positions_nothing_runs(channel: type[Channel[Any]]) -> None:
    world = World(board=boards(channel))

    async def scenario() -> None:
        world.broker.fail("positions")

        assert (await world.ask("GET", "/boards/5")).status == 500
        assert set(world.log) <= {"authenticate"}

    within(world, scenario)


def test_a_page_without_live_data_reads_nothing_and_may_be_cached() -> None:
    world = World(board=lambda world: {"loader": world.noting("loader")})
    world.who = None

    async def scenario() -> None:
        reply = await world.ask("GET", "/boards/5")

        assert (reply.page["live"], reply.header("cache-control")) == ({}, "private, no-cache")
        assert world.broker.calls == []

    within(world, scenario)


# Publications of an action


def publishing(answer: Callable[[], Any]) -> Callable[[World], Mapping[str, Any]]:
    """The functions of a route whose action publishes twice and answers with *answer*."""

    async def action(line: Line) -> Any:
        await line.publish(Board(board_id=5), Card(1))
        await line.publish(Inbox(user_id="bob"), "look")
        return answer()

    async def loader(line: Line) -> list[str]:
        await line.publish(Inbox(user_id="ann"), "a loader's")
        return []

    return lambda world: {"action": action, "loader": loader}


@pytest.mark.parametrize("answer", [lambda: 1, lambda: data("no", 422), lambda: redirect("/"), lambda: 1 / 0])
def test_the_answer_names_what_the_action_published(answer: Callable[[], Any]) -> None:
    world = World(board=publishing(answer))

    async def scenario() -> None:
        reply = await world.ask("POST", "/__data/boards/5?_routes=board&_after=board&_action=x1")

        channels: list[Channel[Any]] = [Board(board_id=5), Inbox(user_id="bob")]
        pages = [await world.line.history(channel) for channel in channels]
        assert reply.json["published"] == [
            {"channel": channel.format(), "offset": 1, "epoch": page.position.epoch}
            for channel, page in zip(channels, pages, strict=True)
        ]
        assert [each.tags for page in pages for each in page.publications] == [{"action": "x1"}] * 2
        loaded = await world.line.history(Inbox(user_id="ann"))
        assert {each.tags for each in loaded.publications} <= {None}

    within(world, scenario)


def test_an_action_that_publishes_nothing_says_so() -> None:
    world = World(board=boards(Board))

    async def scenario() -> None:
        assert (await world.ask("POST", "/__data/boards/5?_routes=board&_action=x1")).json["published"] == []

    within(world, scenario)


@pytest.mark.parametrize("query", ["", "&_action=", "&_action=%20", f"&_action={'a' * 65}"])
def test_without_an_id_nothing_is_tagged_or_named(query: str) -> None:
    world = World(board=publishing(lambda: 1))

    async def scenario() -> None:
        reply = await world.ask("POST", f"/__data/boards/5?_routes=board{query}")

        assert "published" not in reply.json
        [publication] = (await world.line.history(Board(board_id=5))).publications
        assert publication.tags is None

    within(world, scenario)


# Declarations


@pytest.mark.parametrize(
    ("channels", "complaint"),
    [
        ((), "at least one channel class"),
        ((Board(board_id=1),), r"write @live\(Room\), not @live\(Room"),
        ((Forgetful,), "keeps no history"),
        ((Newest,), "keeps only the newest"),
        ((Board, Board), "two channel classes have one name"),
    ],
)
def test_what_a_loader_cannot_be_live_by(channels: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        live(*channels)


@pytest.mark.parametrize(
    ("channel", "known", "identifies", "complaint"),
    [
        (Board, False, True, r"add Board to App\(channels="),
        (Inbox, True, False, "user_id of Inbox is the id of who is signed in; give the App an authenticate"),
        (Board, True, True, "no parameter of the route fills board_id of Board; its address has page"),
        (Desk, True, True, "fills board_id of Desk"),
    ],
)
def test_a_table_in_which_a_live_loader_could_not_work(
    channel: type[Channel[Any]], known: bool, identifies: bool, complaint: str
) -> None:
    @live(channel)
    async def loader() -> list[str]:
        return []

    routes = table(ROUTES, about={"loader": loader})
    pages = LivePages(Realtime(channels=CHANNELS).line)

    with pytest.raises(UsageError, match=rf"test_bridge\.py:\d+ .*{complaint}"):
        pages.check(routes, CHANNELS if known else (), identifies=identifies)


def test_a_table_in_which_it_works() -> None:
    @live(Board, Inbox, Desk)
    async def loader() -> list[str]:
        return []

    LivePages(Realtime(channels=CHANNELS).line).check(
        table(ROUTES, board={"loader": loader}), CHANNELS, identifies=True
    )
