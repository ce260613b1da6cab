"""Commands for a Redis that a test has."""

from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis


async def command(redis: Redis, *words: object) -> Any:
    """What *redis* answers."""
    execute: Callable[..., Awaitable[Any]] = redis.execute_command
    return await execute(*words)
