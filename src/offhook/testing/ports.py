"""Ports for servers that tests start."""

import socket

from offhook.base.env import SYSTEM

_BELOW_THE_KERNELS = range(20_000, 32_000)
"""The kernel gives none of these away (Linux begins at 32768, others later), neither to an outgoing connection nor
to who binds to 0: a server that is down for a moment finds its port again."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on at this moment, for a server that starts next."""
    while True:
        port = SYSTEM.chance.choice(_BELOW_THE_KERNELS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
