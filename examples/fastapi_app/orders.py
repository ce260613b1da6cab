"""The orders, in memory."""

import threading
from dataclasses import dataclass, replace
from typing import Literal

Step = Literal["ordered", "cooking", "ready"]


@dataclass(frozen=True, slots=True)
class Order:
    """One order; ``version`` grows with each change, so that an older state never overwrites a newer one."""

    number: int
    dish: str
    step: Step = "ordered"
    version: int = 1


class Store:
    """All orders. Views in threads may use it."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Order]:
        """The orders, in the order in which they came."""
        with self._lock:
            return list(self._orders.values())

    def add(self, dish: str) -> Order:
        """A new order."""
        with self._lock:
            order = Order(len(self._orders) + 1, dish)
            self._orders[order.number] = order
            return order

    def move(self, number: int, step: Step) -> Order | None:
        """The order at another step; None when there is no such order."""
        with self._lock:
            order = self._orders.get(number)
            if order is None:
                return None
            self._orders[number] = replace(order, step=step, version=order.version + 1)
            return self._orders[number]
