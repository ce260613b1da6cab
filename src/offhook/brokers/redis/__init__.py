"""``redis://``: Pub/Sub to announce and a stream to repair from, for any number of processes and machines."""

from offhook.base.errors import UsageError

try:
    from offhook.brokers.redis.broker import RedisBroker
except ModuleNotFoundError as error:
    raise UsageError("redis:// needs redis-py and hiredis: pip install 'offhook[redis]'") from error

__all__ = ["RedisBroker"]
