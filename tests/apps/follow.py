"""A channel that anybody can follow, also with ``EventSource`` or ``curl`` alone, and servers can publish to."""

import os
from typing import Any

from offhook import Channel, Client, Connecting, History, Realtime, Welcome

KEY = "a key of the tests only"


class Ticks(Channel[dict[str, int]], pattern="ticks:{name}", history=History(100, "1m")):
    """Numbers, by name."""

    name: str


async def on_connect(client: Client[Any], connecting: Connecting) -> Welcome:
    """Whoever asks for ticks gets them: this server subscribes, and so it is here that it is decided."""
    match connecting.data:
        case {"follow": str(name)}:
            return Welcome(channels=[Ticks(name=name)])
    return Welcome()


app = Realtime(channels=[Ticks], on_connect=on_connect, api_key=os.environ.get("FOLLOW_KEY", KEY))
