"""The stores that ``docs/routing.md`` shows keep sessions as ``SessionStore`` says."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook import MemorySessions, SessionStore
from offhook.testing.redis import RedisServer
from tests.apps.gallery.sessions import RedisSessions, SqlSessions


@pytest.fixture(params=["memory", "sql", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionStore]:
    """One of the stores."""
    match request.param:
        case "memory":
            yield MemorySessions()
        case "sql":
            yield SqlSessions(str(tmp_path / "sessions.sqlite3"))
        case "redis":
            with RedisServer() as server:
                yield RedisSessions(server.url)


def test_what_is_kept(store: SessionStore) -> None:
    async def scenario() -> None:
        assert await store.load("a") is None
        await store.create("a", {"cart": [1]}, 60)
        assert await store.save("a", {"cart": [1, 2]}, 60)
        await store.create("b", {"user": "ann"}, 60)
        assert await store.load("a") == {"cart": [1, 2]}
        assert await store.delete("a")
        assert not await store.save("a", {"cart": [1, 2, 3]}, 60)
        assert not await store.delete("a")
        assert await store.load("a") is None
        assert await store.load("b") == {"user": "ann"}
        if isinstance(store, RedisSessions | SqlSessions):
            await store.close()

    asyncio.run(scenario())
