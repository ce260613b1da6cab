"""Wall time, chance and identifiers."""

import time
import uuid

from offhook.base.env import SYSTEM, Env


def test_identifiers() -> None:
    parsed = uuid.UUID(SYSTEM.uuid())

    assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)
    assert SYSTEM.uuid() != SYSTEM.uuid()
    assert len(SYSTEM.epoch()) == 8
    assert SYSTEM.epoch().isalpha()
    assert SYSTEM.epoch() != SYSTEM.epoch()


def test_time_and_chance() -> None:
    assert abs(SYSTEM.now() - time.time()) < 60
    assert all(1 <= SYSTEM.jitter(1, 2) <= 2 for _ in range(100))


def test_a_seed_decides() -> None:
    one, other = (Env.seeded(1, lambda: 5.0) for _ in range(2))

    assert (one.now(), one.uuid(), one.epoch()) == (5.0, other.uuid(), other.epoch())
