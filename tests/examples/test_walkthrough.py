"""The walk-through, to the letter: eight rows, both sides' states, both endings, by three kinds of clients."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from examples.hello.runs import Tables
from examples.hello.steps import Change, Row
from examples.hello.walkthrough import Ending, run
from offhook.dev.node import find_node
from tests.servers import ROOT, Server

ENDINGS: list[Ending] = ["client", "server"]


def expected(ending: Ending) -> Tables:
    """The tables as they stand in the documentation."""
    return Tables(
        rows=[
            Row(
                1, "Client creates the connection", "Connecting", "Connecting", "–", "The handshake is on its way"
            ),
            Row(2, "Server accepts the connection", "Open", "Open", "–", "The line is established"),
            Row(3, "Client sends a message", "Open", "Open", "Hello Server", "The message is on its way"),
            Row(
                4,
                "Server receives the message",
                "Open",
                "Open",
                "Hello Server",
                "The server knows what the client said",
            ),
            Row(5, "Server sends its answer", "Open", "Open", "Hello Client", "The answer is on its way"),
            Row(
                6,
                "Client receives the answer",
                "Open",
                "Open",
                "Hello Client",
                "The client knows what the server said",
            ),
            Row(7, "The line stays open", "Open", "Open", "–", "Both sides may send at any time"),
            Row(8, "The line closes", "Closed", "Closed", "–", f"Closed by the {ending}"),
        ],
        changes=[
            Change(1, "Connecting", "Connecting", "–", "–"),
            Change(2, "Open", "Open", "–", "–"),
            Change(3, "Open", "Open", "Hello Server", "–"),
            Change(6, "Open", "Open", "Hello Server", "Hello Client"),
            Change(8, "Closed", "Closed", "Hello Server", "Hello Client"),
        ],
    )


@pytest.fixture(scope="module")
def server(build: Callable[[str], None]) -> Iterator[Server]:
    build("examples.hello.app:app")
    with Server("examples.hello.app:app") as running:
        yield running


@pytest.mark.parametrize("ending", ENDINGS)
def test_python_websockets(server: Server, ending: Ending) -> None:
    assert asyncio.run(run(f"ws://127.0.0.1:{server.port}", ending)) == expected(ending)


@pytest.mark.parametrize("ending", ENDINGS)
def test_node_ws(server: Server, ending: Ending) -> None:
    command = [str(find_node()), "tests/examples/walkthrough.mjs", f"ws://127.0.0.1:{server.port}", ending]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30).stdout
    assert msgspec.json.decode(printed, type=Tables) == expected(ending)


def test_a_plain_client_without_a_run(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}") as ws:
        ws.send("Hello Server")
        assert ws.recv(timeout=5) == "Hello Client"
        ws.send("Hello Server")  # the line is still open
        assert ws.recv(timeout=5) == "Hello Client"


def test_echo_keeps_text_text_and_binary_binary(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/echo") as ws:
        for data in ("Grüße", b"\x00\xff", "", b""):
            ws.send(data)
            assert ws.recv(timeout=5) == data


def test_the_server_closes_with_1000(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}") as ws:
        ws.send("Goodbye Server")
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_in_a_terminal() -> None:
    command = [sys.executable, "-m", "examples.hello.walkthrough"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True, timeout=30).stdout
    assert printed.count("Hello Server") == 2 * 5
    assert "The client closes" in printed
    assert "The server closes" in printed
