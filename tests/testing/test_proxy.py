"""The fault proxy between a client and a server that are bare sockets."""

import contextlib
import gc
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from offhook.testing.proxy import FaultProxy

_SOON = 0.05
"""Seconds after which what has not arrived is taken for held back."""


@dataclass
class Stage:
    """A server that a test plays itself, and the proxy in front of it."""

    listening: socket.socket
    proxy: FaultProxy

    def connect(self, *, greets: bool = True) -> tuple[socket.socket, socket.socket]:
        """Both ends of a new connection; one byte has passed, so that the proxy knows of it."""
        client = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=5)
        server, _ = self.listening.accept()
        server.settimeout(5)
        if greets:
            server.sendall(b"!")
            assert client.recv(1) == b"!"
        return client, server


@pytest.fixture
def stage() -> Iterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        with FaultProxy(listening.getsockname()[1]) as proxy:
            yield Stage(listening, proxy)


@contextlib.contextmanager
def _ends(stage: Stage, *, greets: bool = True) -> Iterator[tuple[socket.socket, socket.socket]]:
    client, server = stage.connect(greets=greets)
    with client, server:
        yield client, server


def _nothing_at(end: socket.socket) -> None:
    end.settimeout(_SOON)
    with pytest.raises(TimeoutError):
        end.recv(10)
    end.settimeout(5)


def test_what_passes_passes_unchanged(stage: Stage) -> None:
    sent = bytes(range(256)) * 4000
    with _ends(stage) as (client, server):
        client.sendall(b"ping")
        assert server.recv(10) == b"ping"
        server.sendall(sent)
        server.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as stream:
            assert stream.read() == sent
        client.sendall(b"still heard")
        assert server.recv(20) == b"still heard"
        assert (stage.proxy.connections, stage.proxy.passed) == (1, 1 + len(sent))


def test_cut_ends_what_is_there_and_refuses_what_comes(stage: Stage) -> None:
    with _ends(stage) as (client, _):
        stage.proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=5) as refused,
        ):
            refused.recv(10)
    stage.proxy.heal()
    with _ends(stage) as (client, server):
        server.sendall(b"back")
        assert client.recv(10) == b"back"


def test_drop_ends_what_is_there_and_welcomes_what_comes(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.drop()
        for end in (client, server):
            with pytest.raises(ConnectionResetError):
                end.recv(10)
    with _ends(stage) as (client, server):
        client.sendall(b"back")
        assert server.recv(10) == b"back"


def test_cut_after_ends_in_the_middle(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.cut_after(7)
        server.sendall(b"hello")
        assert client.recv(10) == b"hello"
        server.sendall(b"world")
        assert client.recv(10) == b"wo"
        with pytest.raises(ConnectionResetError):
            client.recv(10)


def test_frozen_nothing_passes_and_everything_comes_later(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.freeze()
        client.sendall(b"up")
        server.sendall(b"down")
        with _ends(stage, greets=False) as (late, served):
            late.sendall(b"late")
            for end in (client, server, served):
                _nothing_at(end)
            stage.proxy.heal()
            assert (server.recv(10), client.recv(10), served.recv(10)) == (b"up", b"down", b"late")


def test_stranded_is_for_ever_and_new_connections_pass(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.strand()
        client.sendall(b"up")
        with _ends(stage) as (late, served):
            late.sendall(b"late")
            assert served.recv(10) == b"late"
        stage.proxy.heal()
        _nothing_at(server)
        _nothing_at(client)


def test_half_closed_the_client_is_still_heard(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.half_close()
        assert client.recv(10) == b""
        server.sendall(b"nobody hears this")
        client.sendall(b"still heard")
        assert server.recv(20) == b"still heard"
        server.close()
        client.sendall(b"up")
        client.shutdown(socket.SHUT_WR)


def test_delayed_all_is_late_and_in_order(stage: Stage) -> None:
    with _ends(stage) as (client, server):
        stage.proxy.delay(_SOON)
        began = time.monotonic()
        for number in range(20):
            client.sendall(b"%02d" % number)
        with server.makefile("rb") as stream:
            assert stream.read(40) == b"".join(b"%02d" % number for number in range(20))
        # As late as one delay, not as twenty: what is on its way does not wait for what is before it.
        assert _SOON <= time.monotonic() - began < 10 * _SOON


def test_a_server_that_is_not_there_is_a_reset(stage: Stage) -> None:
    stage.listening.close()
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", stage.proxy.port), timeout=5) as client,
    ):
        client.recv(10)


def test_the_end_of_the_proxy_ends_what_is_held_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with FaultProxy(listening.getsockname()[1]) as proxy:
            client, server = Stage(listening, proxy).connect()
            proxy.freeze()
            client.sendall(b"up")
        with client, server, pytest.raises(ConnectionResetError):
            client.recv(10)


def test_it_ends_while_clients_arrive_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=500) as target:
        for _ in range(10):
            with contextlib.ExitStack() as clients, FaultProxy(target.getsockname()[1]) as proxy:
                for _ in range(40):
                    clients.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
    gc.collect()  # a connection that was left open says so when it is collected, and that fails the test
