"""The chat's database: SQLite through SQLAlchemy 2.

One function is one transaction. Publishing is not done here: whoever changes the data publishes after the commit.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.chat.data import Message, RoomInfo, User
from offhook import Denied, NotFound

_transaction: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)

_ROOMS = [
    ("Lobby", "Say hello", ""),
    ("Kitchen", "Recipes, failures and second helpings", ""),
    ("Night shift", "For those who are still awake", ""),
    ("Staff", "Only Ada and Grace come in", "Ada,Grace"),
]


class Base(DeclarativeBase):
    """The tables."""


class RoomRow(Base):
    """A room; ``members`` is empty when everybody may enter, otherwise names with commas between."""

    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    topic: Mapped[str]
    members: Mapped[str]

    def info(self) -> RoomInfo:
        """The row as others see it."""
        return RoomInfo(id=self.id, name=self.name, topic=self.topic)


class MessageRow(Base):
    """A message of a room."""

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), index=True)
    author: Mapped[str]
    text: Mapped[str]
    sent: Mapped[int]

    def message(self) -> Message:
        """The row as others see it."""
        return Message(id=self.id, author=self.author, text=self.text, sent=self.sent)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """The database at *url*, with its tables and first rooms, as long as the application runs."""
    engine = create_async_engine(url)
    _transaction.configure(bind=engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with _transaction.begin() as session:
        if (await session.scalars(select(RoomRow).limit(1))).first() is None:
            session.add_all(RoomRow(name=name, topic=topic, members=members) for name, topic, members in _ROOMS)
    yield
    await engine.dispose()


async def rooms() -> list[RoomInfo]:
    """All rooms by age."""
    async with _transaction() as session:
        return [row.info() for row in await session.scalars(select(RoomRow).order_by(RoomRow.id))]


async def room(room_id: int, user: User) -> RoomInfo:
    """One room.

    :raises NotFound: there is no such room.
    :raises Denied: *user* may not enter it.
    """
    async with _transaction() as session:
        row = await session.get(RoomRow, room_id)
    if row is None:
        raise NotFound("There is no such room.")
    if row.members and user.name not in row.members.split(","):
        raise Denied(f"{row.name} is for its members.")
    return row.info()


async def last_messages(room_id: int, count: int = 50) -> list[Message]:
    """The newest *count* messages of a room, oldest first."""
    newest = select(MessageRow).where(MessageRow.room_id == room_id).order_by(MessageRow.id.desc()).limit(count)
    async with _transaction() as session:
        rows: Sequence[MessageRow] = (await session.scalars(newest)).all()
    return [row.message() for row in reversed(rows)]


async def add_message(room_id: int, author: User, text: str) -> Message:
    """Store a message; when this returns it is committed."""
    row = MessageRow(room_id=room_id, author=author.name, text=text, sent=int(time.time()))
    async with _transaction.begin() as session:
        session.add(row)
    return row.message()
