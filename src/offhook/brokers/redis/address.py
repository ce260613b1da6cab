"""From a URL to connections."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import RedisError

from offhook.base.errors import BrokerError, UsageError

_PREFIX = "offhook"
_CONNECT = 5.0
"""Seconds that connecting may take, sign-in included."""

# What our own read loops rely on, whatever the URL says.
_OURS: Mapping[str, Any] = {
    "protocol": 2,
    "socket_timeout": None,
    "health_check_interval": 0,
    "decode_responses": False,
    "retry_on_timeout": False,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is, how to sign in, and what our names in it begin with."""

    place: str
    """For people: without user and password."""
    prefix: str
    _make: type[AbstractConnection]
    _options: Mapping[str, Any]

    @classmethod
    def parse(cls, url: str) -> Self:
        """``redis://``, ``rediss://`` or ``unix://`` with the options of redis-py, and ``prefix``.

        :raises UsageError: it is no such URL.
        """
        try:
            options: dict[str, Any] = dict(parse_url(url))
            prefix = options.pop("prefix", _PREFIX)
            make = options.pop("connection_class", Connection)
            place = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
            address = cls(place, prefix, make, {"socket_connect_timeout": _CONNECT, **options, **_OURS})
            address._connection()
        except (ValueError, TypeError, RedisError) as error:
            raise UsageError(f"this is no URL of a Redis: {error}") from None
        return address

    async def connect(self) -> AbstractConnection:
        """A new connection, signed in.

        :raises BrokerError: Redis is not there, or does not want us.
        """
        connection = self._connection()
        connect: Callable[[], Awaitable[None]] = connection.connect
        try:
            await connect()
        except (RedisError, OSError) as error:
            raise BrokerError(f"no connection to Redis at {self.place}: {error}") from error
        return connection

    def _connection(self) -> AbstractConnection:
        return self._make(**self._options)
