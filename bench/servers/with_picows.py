"""picows: a loop over its transports, on uvloop."""

import sys

import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

_subscribers: set[WSTransport] = set()


class Subscriber(WSListener):
    """Gets what is published."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        _subscribers.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        _subscribers.discard(transport)


class Publisher(WSListener):
    """Sends to all subscribers."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            for each in _subscribers:
                each.send(WSMsgType.TEXT, payload)


class Echo(WSListener):
    """Sends back."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())


_LISTENERS: dict[bytes, type[WSListener]] = {b"/sub": Subscriber, b"/pub": Publisher, b"/echo": Echo}


def _listener(request: WSUpgradeRequest) -> WSListener:
    return _LISTENERS[request.path]()


async def main(port: int) -> None:
    """Serve until killed."""
    server = await ws_create_server(_listener, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))
