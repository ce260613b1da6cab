"""Live pages over a real database: SQLAlchemy and SQLite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from offhook.base.errors import BrokerError, UsageError
from offhook.base.inject import Getter, Parameter
from offhook.bridge import LivePages, live
from offhook.brokers.base import History
from offhook.brokers.memory import MemoryBroker
from offhook.pages.calls import Call
from offhook.pages.context import Context, Next
from offhook.pages.routes import route
from offhook.realtime.channel import Channel
from offhook.realtime.line import Line
from offhook.sqlalchemy import committed
from offhook.standalone import Realtime
from offhook.testing.faults import FaultyBroker
from tests.pages.support import FORM, Exchange, Reply, site


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Title(msgspec.Struct):
    id: int
    title: str


class Document(Channel[Title], pattern="document:{id}", history=History(10, "1m")):
    id: int


class Bell(Channel[str], pattern="bell"):
    """Keeps no history."""


DOCUMENT = Document(id=1)


@dataclass
class World:
    """A database with one document, and a line."""

    sessions: async_sessionmaker[AsyncSession]
    broker: FaultyBroker = field(default_factory=lambda: FaultyBroker(MemoryBroker()))

    def __post_init__(self) -> None:
        self.realtime = Realtime(channels=[Document, Bell], broker=self.broker)
        self.line = self.realtime.line

    async def rename(self, title: str) -> None:
        """What another request does: commit, then publish."""
        async with self.sessions() as session:
            (await session.get_one(Row, 1)).title = title
            await session.commit()
        await self.line.publish(DOCUMENT, Title(1, title))

    async def title(self) -> str:
        """What the database says."""
        async with self.sessions() as session:
            return (await session.scalars(select(Row.title))).one()

    async def published(self) -> list[str]:
        """All titles in the stream."""
        page = await self.line.history(DOCUMENT)
        return [msgspec.json.decode(each.data, type=Title).title for each in page.publications]

    async def ask(self, method: str, target: str, **functions: Any) -> Reply:
        """One request to a site whose only route has these functions."""
        pages = LivePages(self.line)

        def source(parameter: Parameter) -> Getter[Call] | None:
            return (lambda call: pages.line_of(call.visit)) if parameter.annotation is Line else None

        options = {"extensions": [pages], "sources": [source], "provide": {AsyncSession: self.sessions}}
        exchange = Exchange(method, target, {"content-type": FORM, "origin": "http://site.test"})
        await exchange.run(site([route("documents/:id", "document")], options, document=functions))
        return exchange.reply


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/database")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = World(async_sessionmaker(engine))
    async with made.sessions() as session:
        session.add(Row(id=1, title="old"))
        await session.commit()
    await made.realtime.start()
    try:
        yield made
    finally:
        made.broker.heal()
        await made.realtime.stop()
        await engine.dispose()


def within(folder: Path, scenario: Callable[[World], Awaitable[None]]) -> None:
    async def started() -> None:
        async with asyncio.timeout(20), world(folder) as made:
            await scenario(made)

    asyncio.run(started())


# The two cases in which a database and a line come apart


def test_middleware_that_holds_an_orm_row_before_another_request_commits(tmp_path: Path) -> None:
    """The loader shows what the held session saw, which is old; the position is older, so nothing is lost."""

    async def scenario(world: World) -> None:
        async def middleware(context: Context, call_next: Next) -> None:
            async with world.sessions() as session:
                held = await session.get_one(Row, 1)  # from here on this session's row is the old one
                await world.rename("new")
                context.provide(session, of=AsyncSession)
                context.provide(held)
                await call_next()

        @live(Document)
        async def loader(held: Row) -> Title:
            return Title(held.id, held.title)

        reply = await world.ask("GET", "/documents/1", loader=loader, middleware=(middleware,))
        [position] = reply.page["live"]["document"]
        missed = await world.line.history(DOCUMENT, since=None, limit=None)

        assert reply.page["loaderData"]["document"]["title"] == "old"
        assert await world.title() == "new"
        assert (position["offset"], position["epoch"]) == (0, missed.position.epoch)
        assert [each.offset for each in missed.publications] == [1]

    within(tmp_path, scenario)


def test_an_actions_session_reused_by_its_loader_is_impossible(tmp_path: Path) -> None:
    """Neither what is injected nor what middleware provides reaches the loader, so it reads what was committed."""

    async def scenario(world: World) -> None:
        sessions: dict[str, list[AsyncSession]] = {}

        async def middleware(context: Context, call_next: Next) -> None:
            async with world.sessions() as session:
                context.provide(await session.get_one(Row, 1))
                sessions.setdefault("middleware", []).append(session)
                await call_next()

        async def action(session: AsyncSession, held: Row) -> str:
            row = await session.get_one(Row, 1)
            await world.rename("another request's")  # after this session has read the row
            sessions["action"] = [session]
            return f"{row.title} {held.title}"

        @live(Document)
        async def loader(session: AsyncSession, held: Row) -> list[str]:
            [used] = sessions["action"]
            sessions["loader"] = [session]
            assert not used.in_transaction()  # closed before the loader began
            assert not used.identity_map.values()
            return [(await session.get_one(Row, 1)).title, held.title]

        target = "/__data/documents/1?_routes=document&_after=document"
        reply = await world.ask("POST", target, action=action, loader=loader, middleware=(middleware,))

        assert reply.json["results"]["document"] == {"data": "old old"}
        assert reply.json["after"]["document"] == {"data": ["another request's"] * 2}
        assert len({id(each) for found in sessions.values() for each in found}) == 4

    within(tmp_path, scenario)


# committed()


def test_what_was_collected_is_published_after_the_commit(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        async with committed(world.sessions, world.line) as (session, after_commit):
            (await session.get_one(Row, 1)).title = "new"
            after_commit.publish(DOCUMENT, Title(1, "between"), tags={"kind": "x"})
            after_commit.publish(Bell(), "rings")
            after_commit.publish(DOCUMENT, Title(1, "new"))
            assert await world.published() == []

        assert (await world.title(), await world.published()) == ("new", ["between", "new"])
        assert (await world.line.history(DOCUMENT)).publications[0].tags == {"kind": "x"}
        assert [name for method, name in world.broker.calls if method == "mark"] == ["document:1"]
        assert "unmark" not in dict(world.broker.calls)

    within(tmp_path, scenario)


@pytest.mark.parametrize("channels", [[], [Bell()]])
def test_without_anything_that_is_kept_there_is_no_mark(tmp_path: Path, channels: list[Bell]) -> None:
    async def scenario(world: World) -> None:
        async with committed(world.sessions, world.line) as (session, after_commit):
            (await session.get_one(Row, 1)).title = "new"
            for channel in channels:
                after_commit.publish(channel, "rings")

        assert await world.title() == "new"
        assert "mark" not in dict(world.broker.calls)

    within(tmp_path, scenario)


def test_an_exception_rolls_back_and_publishes_nothing(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        before = await world.line.position(DOCUMENT)
        with suppress(ZeroDivisionError):
            async with committed(world.sessions, world.line) as (session, after_commit):
                (await session.get_one(Row, 1)).title = "new"
                after_commit.publish(DOCUMENT, Title(1, "new"))
                raise ZeroDivisionError

        assert (await world.title(), await world.line.position(DOCUMENT)) == ("old", before)
        assert not session.in_transaction()

    within(tmp_path, scenario)


def test_another_payload_is_refused_while_it_can_be_rolled_back(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        with suppress(UsageError):
            async with committed(world.sessions, world.line) as (session, after_commit):
                (await session.get_one(Row, 1)).title = "new"
                after_commit.publish(DOCUMENT, "new")  # type: ignore[misc]

        assert (await world.title(), await world.published()) == ("old", [])

    within(tmp_path, scenario)


@pytest.mark.parametrize(("broken", "title"), [("mark", "old"), ("publish", "new")])
def test_a_broker_that_fails_before_or_after_the_commit(tmp_path: Path, broken: str, title: str) -> None:
    async def scenario(world: World) -> None:
        before = await world.line.position(DOCUMENT)
        world.broker.fail(broken)
        with pytest.raises(BrokerError):
            await _rename(world)

        assert await world.title() == title
        assert ((await world.line.position(DOCUMENT)).epoch == before.epoch) is (title == "old")

    within(tmp_path, scenario)


def test_from_the_commit_on_a_cancelled_caller_changes_nothing(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        before = await world.line.position(DOCUMENT)
        world.broker.hold("mark")  # the commit comes after this
        renaming = asyncio.ensure_future(_rename(world))
        while ("mark", "document:1") not in world.broker.calls:
            await asyncio.sleep(0)
        renaming.cancel()
        await asyncio.wait([renaming])
        world.broker.release("mark")
        await world.realtime.stop()  # waits for it
        await world.realtime.start()

        assert renaming.cancelled()
        assert (await world.title(), await world.published()) == ("new", ["new"])
        assert (await world.line.position(DOCUMENT)).epoch == before.epoch

    within(tmp_path, scenario)


async def _rename(world: World) -> None:
    async with committed(world.sessions, world.line) as (session, after_commit):
        (await session.get_one(Row, 1)).title = "new"
        after_commit.publish(DOCUMENT, Title(1, "new"))
