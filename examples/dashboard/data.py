"""What travels between the store, the loaders, the line and the views. Money is in cents."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Item(msgspec.Struct, frozen=True):
    """What is baked, and how much is left of it. ``version`` grows with every change."""

    id: int
    name: str
    price: int
    baked: int
    left: int
    version: int


class Order(msgspec.Struct, frozen=True):
    """An order that was booked; it never changes. ``booked`` is in seconds since 1970."""

    id: int
    item: str
    quantity: int
    total: int
    booked: int


class NewOrder(msgspec.Struct, frozen=True):
    """What the form of the counter posts."""

    item: int
    quantity: Annotated[int, Meta(ge=1, le=12)]


class SoldOut(msgspec.Struct, frozen=True):
    """Why an order was not booked."""

    reason: str


class Oven(msgspec.Struct, frozen=True):
    """What the thermometer says. ``reading`` counts how often it was looked at."""

    celsius: int
    reading: int


class Totals(msgspec.Struct, frozen=True):
    """The day in numbers."""

    orders: int
    turnover: int
    pieces: int
    ending: list[str]


class Counter(msgspec.Struct, frozen=True):
    """What lies on the shelf, and the last orders."""

    items: list[Item]
    orders: list[Order]
