"""Servers for the SDKs: one process that keeps everything in memory, and two behind one Redis."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from offhook.testing.redis import RedisServer
from tests.servers import Server

Servers: TypeAlias = tuple[Server, Server]
"""Where the reader connects, and where everybody else does."""


@pytest.fixture(params=["memory", "redis"])
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """The same process twice, or two processes."""
    with ExitStack() as stack:
        if request.param == "memory":
            server = stack.enter_context(Server("tests.apps.sdk:app"))
            yield server, server
        else:
            url = stack.enter_context(RedisServer()).url
            one, other = (Server("tests.apps.sdk:app", SDK_BROKER=url) for _ in range(2))
            yield stack.enter_context(one), stack.enter_context(other)
