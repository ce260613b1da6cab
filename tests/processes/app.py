"""What the processes serve: feeds that anybody may follow, and an address to publish to them."""

import os
from typing import Any
from urllib.parse import parse_qs

import msgspec

from offhook import Channel, Client, History, Realtime
from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.base.types import Receive, Scope, Send
from offhook.brokers.redis import RedisBroker
from offhook.brokers.redis.timing import Timing


class Feed(Channel[int], pattern="feed:{name}", history=History(100_000, "1h")):
    name: str

    async def on_subscribe(self, client: Client[Any]) -> None:
        """Everybody may."""


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """``POST /?name=a&n=1`` publishes, ``GET /?name=a`` asks: the position, or 503."""
    query = parse_qs(scope["query_string"].decode())
    feed = Feed(name=query["name"][0])
    try:
        if scope["method"] == "POST":
            position = await app.line.publish(feed, int(query["n"][0]))
        else:
            position = await app.line.position(feed)
        status, body = 200, msgspec.json.encode((position.epoch, position.offset))
    except BrokerError:
        status, body = 503, b""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


app = Realtime(
    channels=[Feed],
    broker=RedisBroker(os.environ["BROKER"], timing=Timing(patience=1.0, silence=2.0)),
    fallback=answer,
    # Under load a client misses much in a short time, and here it is to get all of it.
    limits=Limits(history_page=100_000),
)
