"""The official JavaScript SDK in Node, unchanged, against ``offhook serve``: every transport, every codec."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import pytest

from offhook.dev.node import find_node
from offhook.testing.proxy import FaultProxy
from tests.apps.sdk import SECRET
from tests.sdk.conftest import Servers
from tests.servers import ROOT

SORTS = [
    ("websocket", "json"),
    ("websocket", "protobuf"),
    ("http_stream", "json"),
    ("http_stream", "protobuf"),
    ("sse", "json"),
]


@dataclass(frozen=True, slots=True)
class Script:
    """A script in Node that says what it sees, and does what it is told."""

    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def running(cls, *arguments: str) -> Iterator[Self]:
        command = [str(find_node()), "--experimental-eventsource", "tests/sdk/sdk.mjs", *arguments]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                yield cls(process)
            finally:
                process.kill()

    def step(self, name: str) -> dict[str, Any]:
        """What it says next, which is about *name*."""
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert found.pop("step") == name
        return found

    def tell(self, order: str) -> None:
        """Let it go on."""
        print(order, file=self.process.stdin, flush=True)


@pytest.mark.parametrize(("transport", "codec"), SORTS)
def test_everything_over_every_transport(servers: Servers, transport: str, codec: str) -> None:
    first, second = servers
    with (
        FaultProxy(first.port) as proxy,
        Script.running(
            transport, codec, f"http://127.0.0.1:{proxy.port}", second.url, second.url, SECRET
        ) as script,
    ):
        assert script.step("connected") == {"transport": transport, "channel": "private:ann"}
        assert script.step("subscribed") == {
            "recovered": False,
            "published": [[1, "ann"], [2, "bob"]],
            "moves": [["join", "ann", "Ann"], ["join", "bob", "Bob"], ["leave", "bob", "Bob"]],
        }
        assert script.step("asked") == {
            "forward": [1, 2],
            "since": [2],
            "backward": [2, 1],
            "refused": 112,
            "present": [["ann", "Ann"]],
            "stats": {"numClients": 1, "numUsers": 1},
            "call": {"who": "ann", "asked": {"a": "é"}},
            "denied": 104,
        }
        assert script.step("refreshed") == {"inbox": [1], "tokens": 2, "state": "connected", "who": "ann"}
        assert script.step("delta") == {
            "whole": True,
            "numbers": [1, 2, 3],
            "deltas": 2,
            "states": 2,
            "stateNumbers": [3],
        }
        proxy.cut()
        script.tell("cut")
        assert script.step("published") == {}
        proxy.heal()
        assert script.step("recovered") == {
            "results": [[True, True]] * 3,
            "published": [1, 2, 3, 4, 5],
            "pages": [1, 2, 3, 4, 5, 6],
            "whole": True,
            "inbox": [1, 2],
            "states": 2,
            "fatal": [],
        }
        assert script.process.wait(10) == 0
