"""Clients that have no SDK follow a channel: ``curl`` and ``EventSource`` (protocol §14)."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import pytest

from offhook.dev.node import find_node
from tests.apps.follow import KEY
from tests.servers import ROOT, Server


@pytest.fixture
def server() -> Iterator[Server]:
    """With one channel."""
    with Server("tests.apps.follow:app") as running:
        yield running


def _env(server: Server) -> dict[str, str]:
    return {**os.environ, "SERVER": server.url, "KEY": KEY}


def _publish(server: Server) -> None:
    command = ["sh", "tests/sdk/publish.sh"]
    answer = subprocess.run(command, cwd=ROOT, env=_env(server), capture_output=True, text=True, check=True)
    assert '"result"' in answer.stdout


@contextmanager
def _following(server: Server, command: Sequence[str]) -> Iterator[IO[str]]:
    with subprocess.Popen(
        command, cwd=ROOT, env=_env(server), stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as follower:
        assert follower.stdout is not None
        try:
            yield follower.stdout
        finally:
            follower.terminate()


def test_14_curl_follows_a_channel(server: Server) -> None:
    with _following(server, ["sh", "-c", f"exec {_line_of('tests/sdk/follow.sh')}"]) as output:
        events = (line for line in output if line.startswith("data:"))
        assert '"subs":{"ticks:a"' in next(events)
        for _ in range(2):
            _publish(server)
        assert '"channel":"ticks:a","pub":{"data":{"n":1},"offset":1' in next(events)
        assert '"pub":{"data":{"n":1},"offset":2}' in next(events)


def _line_of(script: str) -> str:
    """The command in it, to be the process itself, so that it can be ended."""
    return (ROOT / script).read_text().splitlines()[-1]


def test_14_event_source_follows_a_channel(server: Server) -> None:
    command = [str(find_node()), "--experimental-eventsource", "tests/sdk/follow.mjs", server.url]
    with _following(server, command) as output:
        assert output.readline() == "open [ 'ticks:a' ]\n"
        for number in (1, 2):
            _publish(server)
            assert output.readline() == f"ticks:a {number} {{ n: 1 }}\n"


def test_14_a_server_that_goes_away_waits_for_no_stream_and_says_so(server: Server) -> None:
    with _following(server, ["sh", "-c", f"exec {_line_of('tests/sdk/follow.sh')}"]) as output:
        events = (line for line in output if line.startswith("data:"))
        assert "connect" in next(events)
        server.restart()
        assert list(events) == ['data: {"disconnect":{"code":3001,"reason":"shutdown"}}\n']
