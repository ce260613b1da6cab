"""One connection to Redis, and how it ends."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as Lost

from offhook.brokers.redis.address import Address
from offhook.brokers.redis.conversation import Conversation
from offhook.testing.redis import RedisServer


def test_what_cannot_be_sent_ends_it_although_nothing_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise Lost("the network is full")

    async def scenario(url: str) -> str:
        connection = await Address.parse(url).connect()
        monkeypatch.setattr(connection, "send_packed_command", refuse)
        conversation = Conversation(connection, lambda reply: None)
        conversation.say("PING")
        async with asyncio.timeout(10):
            return str(await conversation.ended())

    with RedisServer() as redis:
        assert asyncio.run(scenario(redis.url)) == "the connection to Redis ended: the network is full"
