"""Sessions in a database, and in Redis."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis


class RedisSessions:
    """Redis ends them by itself."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url)

    async def load(self, key: str) -> Mapping[str, Any] | None:
        text = await self._redis.get(f"session:{key}")
        return None if text is None else json.loads(text)

    async def create(self, key: str, values: Mapping[str, Any], seconds: int) -> None:
        await self._redis.set(f"session:{key}", json.dumps(values), ex=seconds)

    async def save(self, key: str, values: Mapping[str, Any], seconds: int) -> bool:
        return bool(await self._redis.set(f"session:{key}", json.dumps(values), ex=seconds, xx=True))

    async def delete(self, key: str) -> bool:
        return bool(await self._redis.delete(f"session:{key}"))

    async def close(self) -> None:
        await self._redis.aclose()


class SqlSessions:
    """A table in SQLite; any other database is asked the same."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("CREATE TABLE IF NOT EXISTS session (key PRIMARY KEY, text, ends)")

    async def load(self, key: str) -> Mapping[str, Any] | None:
        found = await self._ask("SELECT text FROM session WHERE key = ? AND ends > unixepoch()", key)
        return json.loads(found[0][0]) if found else None

    async def create(self, key: str, values: Mapping[str, Any], seconds: int) -> None:
        await self._ask("INSERT INTO session VALUES (?, ?, unixepoch() + ?)", key, json.dumps(values), seconds)

    async def save(self, key: str, values: Mapping[str, Any], seconds: int) -> bool:
        statement = (
            "UPDATE session SET text = ?, ends = unixepoch() + ? WHERE key = ? AND ends > unixepoch() RETURNING 1"
        )
        return bool(await self._ask(statement, json.dumps(values), seconds, key))

    async def delete(self, key: str) -> bool:
        return bool(await self._ask("DELETE FROM session WHERE key = ? AND ends > unixepoch() RETURNING 1", key))

    async def close(self) -> None:
        self._connection.close()

    async def _ask(self, statement: str, *values: object) -> list[Any]:
        return await asyncio.to_thread(lambda: self._connection.execute(statement, values).fetchall())
