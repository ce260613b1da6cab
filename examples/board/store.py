"""The board's database: SQLite through SQLAlchemy 2. One function is one transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.board.data import Add, Card, Column, Move, Refused
from offhook import NotFound

COLUMNS = [Column("todo", "To do"), Column("doing", "Doing", limit=3), Column("done", "Done")]
_CARDS = {
    "todo": ["Choose a name", "Draw the front page", "Ask three friends to try it"],
    "doing": ["Write the first chapter", "Fix the squeaking door"],
    "done": ["Buy coffee"],
}
_CLOSEST = 1e-6
"""Ranks nearer to each other than this leave no room between them."""

_transaction: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)
_changing = asyncio.Lock()
"""A change looks at a whole column before it writes, so there is one at a time."""


class Base(DeclarativeBase):
    """The tables."""


class CardRow(Base):
    """A card."""

    __tablename__ = "cards"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    column: Mapped[str] = mapped_column(index=True)
    rank: Mapped[float]
    version: Mapped[int] = mapped_column(default=0)

    def put(self, column: str, rank: float) -> None:
        """Change its place."""
        self.column, self.rank, self.version = column, rank, self.version + 1

    def card(self) -> Card:
        """The row as others see it."""
        return Card(self.id, self.title, self.column, self.rank, self.version)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """The database at *url*, with a few cards to begin with, as long as the application runs."""
    engine = create_async_engine(url)
    _transaction.configure(bind=engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with _transaction.begin() as session:
        if (await session.scalars(select(CardRow).limit(1))).first() is None:
            places = [(column, *place) for column, titles in _CARDS.items() for place in enumerate(titles)]
            session.add_all(CardRow(title=title, column=column, rank=rank) for column, rank, title in places)
    yield
    await engine.dispose()


async def cards() -> list[Card]:
    """All cards."""
    async with _transaction() as session:
        return [row.card() for row in await session.scalars(select(CardRow).order_by(CardRow.id))]


async def add(wanted: Add) -> list[Card] | Refused:
    """A new card at the end of a column."""
    async with _changing, _transaction.begin() as session:
        others = await _in_column(session, wanted.column)
        if refused := _full(wanted.column, others):
            return refused
        row = CardRow(title=wanted.title, version=0)
        session.add(row)
        changed = _insert(row, wanted.column, others, len(others))
    return [each.card() for each in changed]


async def move(wanted: Move) -> list[Card] | Refused:
    """Put a card elsewhere; the cards that changed.

    :raises NotFound: there is no such card.
    """
    async with _changing, _transaction.begin() as session:
        row = await session.get(CardRow, wanted.card)
        if row is None:
            raise NotFound("There is no such card.")
        others = [each for each in await _in_column(session, wanted.column) if each is not row]
        if row.column != wanted.column and (refused := _full(wanted.column, others)):
            return refused
        place = next((at for at, each in enumerate(others) if each.id == wanted.before), len(others))
        changed = _insert(row, wanted.column, others, place)
    return [each.card() for each in changed]


def _insert(row: CardRow, column: str, others: Sequence[CardRow], place: int) -> Sequence[CardRow]:
    """Give *row* a rank between its new neighbours; where there is no room left, number the column anew."""
    above = others[place - 1].rank if place > 0 else None
    below = others[place].rank if place < len(others) else None
    if above is not None and below is not None and below - above < _CLOSEST:
        renumbered = [*others[:place], row, *others[place:]]
        for rank, each in enumerate(renumbered):
            each.put(column, rank)
        return renumbered
    row.put(column, _between(above, below))
    return [row]


def _between(above: float | None, below: float | None) -> float:
    if above is None:
        return 0 if below is None else below - 1
    return above + 1 if below is None else (above + below) / 2


def _full(column: str, others: Sequence[CardRow]) -> Refused | None:
    """Why *column* takes no further card, if it does not.

    :raises NotFound: there is no such column.
    """
    found = next((each for each in COLUMNS if each.id == column), None)
    if found is None:
        raise NotFound("There is no such column.")
    if found.limit is None or len(others) < found.limit:
        return None
    return Refused(f"“{found.title}” holds {found.limit} cards at most.")


async def _in_column(session: AsyncSession, column: str) -> Sequence[CardRow]:
    return (await session.scalars(select(CardRow).where(CardRow.column == column).order_by(CardRow.rank))).all()
