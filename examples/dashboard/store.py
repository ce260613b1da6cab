"""The bakery's database: SQLite through SQLAlchemy 2. One function is one transaction."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.dashboard.data import Counter, Item, NewOrder, Order, Totals

_transaction: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)

_BAKED = [("Sourdough", 520, 24), ("Croissant", 210, 60), ("Cinnamon roll", 260, 36), ("Rye with walnuts", 480, 8)]
_NEARLY = 6
"""From here on an item is about to sell out."""


class Base(DeclarativeBase):
    """The tables."""


class ItemRow(Base):
    """Something on the shelf."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    baked: Mapped[int]
    left: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)

    def item(self) -> Item:
        """The row as others see it."""
        return Item(self.id, self.name, self.price, self.baked, self.left, self.version)


class OrderRow(Base):
    """An order."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]
    quantity: Mapped[int]
    total: Mapped[int]
    booked: Mapped[int]

    def order(self) -> Order:
        """The row as others see it."""
        return Order(self.id, self.item, self.quantity, self.total, self.booked)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """The database at *url*, with what was baked this morning, as long as the application runs."""
    engine = create_async_engine(url)
    _transaction.configure(bind=engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with _transaction.begin() as session:
        if (await session.scalars(select(ItemRow).limit(1))).first() is None:
            session.add_all(ItemRow(name=name, price=price, baked=many, left=many) for name, price, many in _BAKED)
    yield
    await engine.dispose()


async def counter() -> Counter:
    """The shelf, and the last ten orders, oldest first."""
    async with _transaction() as session:
        items = await session.scalars(select(ItemRow).order_by(ItemRow.id))
        orders = await session.scalars(select(OrderRow).order_by(OrderRow.id.desc()).limit(10))
        return Counter([row.item() for row in items], [row.order() for row in orders][::-1])


async def totals() -> Totals:
    """The day in numbers, as the database adds them up."""
    sums = select(
        func.count(), func.coalesce(func.sum(OrderRow.total), 0), func.coalesce(func.sum(OrderRow.quantity), 0)
    )
    ending = select(ItemRow.name).where(ItemRow.left <= _NEARLY).order_by(ItemRow.left, ItemRow.id)
    async with _transaction() as session:
        orders, turnover, pieces = (await session.execute(sums.select_from(OrderRow))).one()
        return Totals(orders, turnover, pieces, [*await session.scalars(ending)])


async def book(wanted: NewOrder) -> tuple[Order, Item] | None:
    """Take from the shelf and note the order; None when there is not enough."""
    take = (
        update(ItemRow)
        .where(ItemRow.id == wanted.item, ItemRow.left >= wanted.quantity)
        .values(left=ItemRow.left - wanted.quantity, version=ItemRow.version + 1)
        .returning(ItemRow)
    )
    async with _transaction.begin() as session:
        item = (await session.scalars(take)).first()
        if item is None:
            return None
        total = wanted.quantity * item.price
        order = OrderRow(item=item.name, quantity=wanted.quantity, total=total, booked=int(time.time()))
        session.add(order)
    return order.order(), item.item()
