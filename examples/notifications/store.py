"""The database: SQLite through SQLAlchemy 2. One function is one transaction."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.notifications.data import NewNotification, Notification, User
from offhook import NotFound

_transaction: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)


class Base(DeclarativeBase):
    """The tables."""


class PersonRow(Base):
    """Somebody who has signed in once."""

    __tablename__ = "people"
    name: Mapped[str] = mapped_column(primary_key=True)


class NotificationRow(Base):
    """What somebody was told."""

    __tablename__ = "notifications"
    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str] = mapped_column(ForeignKey("people.name"), index=True)
    sender: Mapped[str]
    text: Mapped[str]
    sent: Mapped[int]
    read: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    def notification(self) -> Notification:
        """The row as its reader sees it."""
        return Notification(self.id, self.sender, self.text, self.sent, self.read, self.version)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """The database at *url*, with its tables, as long as the application runs."""
    engine = create_async_engine(url)
    _transaction.configure(bind=engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


async def welcome(name: str) -> None:
    """From now on the person of this name can be told something."""
    async with _transaction.begin() as session:
        await session.merge(PersonRow(name=name))


async def people() -> list[str]:
    """Everybody by name."""
    async with _transaction() as session:
        return [*await session.scalars(select(PersonRow.name).order_by(PersonRow.name))]


async def unread(reader: User) -> int:
    """How many notifications *reader* has not read."""
    waiting = select(func.count()).where(NotificationRow.to == reader.name, ~NotificationRow.read)
    async with _transaction() as session:
        return (await session.scalars(waiting)).one()


async def newest(reader: User, count: int = 50) -> list[Notification]:
    """The newest notifications of *reader*, oldest first."""
    theirs = select(NotificationRow).where(NotificationRow.to == reader.name)
    async with _transaction() as session:
        rows = await session.scalars(theirs.order_by(NotificationRow.id.desc()).limit(count))
        return [row.notification() for row in rows][::-1]


async def add(new: NewNotification, sender: User) -> Notification:
    """Store a notification; when this returns it is committed.

    :raises NotFound: nobody has that name.
    """
    row = NotificationRow(to=new.to, sender=sender.name, text=new.text, sent=int(time.time()))
    async with _transaction.begin() as session:
        if await session.get(PersonRow, new.to) is None:
            raise NotFound(f"Nobody called {new.to} has signed in yet.")
        session.add(row)
    return row.notification()


async def mark_read(reader: User, notification: int | None) -> list[Notification]:
    """Mark one notification of *reader* as read, or all; those that changed."""
    change = (
        update(NotificationRow)
        .where(NotificationRow.to == reader.name, ~NotificationRow.read)
        .values(read=True, version=NotificationRow.version + 1)
        .returning(NotificationRow)
    )
    if notification is not None:
        change = change.where(NotificationRow.id == notification)
    async with _transaction.begin() as session:
        return [row.notification() for row in await session.scalars(change)]
