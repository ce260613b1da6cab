"""``offhook serve`` from its start to its end."""

import asyncio
import signal
import socket
import subprocess
import sys

import pytest
import uvicorn

from offhook.base.limits import Limits
from offhook.server.listening import listen
from offhook.server.running import configuration
from offhook.server.settings import Settings
from tests.server.raw import CLOSE, TEXT, RawClient, frame
from tests.servers import DEADLINE, ROOT, Server

HERE = "tests.server.applications"
LINE = (
    b"GET /connection/websocket HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def refused(target: str, *arguments: str) -> tuple[int, str]:
    """Exit code and output of an ``offhook serve`` that cannot work."""
    command = [sys.executable, "-m", "offhook", "serve", target, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_an_ordinary_end(how: signal.Signals) -> None:
    server = Server(f"{HERE}:echo")
    server.start()
    with RawClient(server.port) as line, RawClient(server.port) as idle:
        line.upgrade()

        assert server.stop(how) == 0
        assert line.close_code() == 1012
        assert idle.rest() == b""
    assert server.log == f"Serving http://127.0.0.1:{server.port} (Ctrl-C ends it)\n"


def test_lines_are_told_before_the_server_goes() -> None:
    server = Server("tests.apps.ticks:app")
    server.start()
    with RawClient(server.port) as line:
        line.send(LINE)
        line.head()
        line.send(frame(TEXT, b'{"id":1,"connect":{}}'))
        assert b'"connect"' in line.frame()[1]

        assert server.stop() == 0
        assert line.close_code() == 3001


def test_a_second_interrupt_does_not_wait_for_a_handler_that_does_not_end() -> None:
    server = Server(f"{HERE}:stubborn")
    server.start()
    with RawClient(server.port) as client:
        client.upgrade()
        server._process.send_signal(signal.SIGINT)
        assert client.close_code() == 1012

        assert server.stop(signal.SIGINT) == 0


def test_a_peer_breaks_the_protocol_while_the_application_sends() -> None:
    with Server(f"{HERE}:chatter") as server, RawClient(server.port) as client:
        client.upgrade()
        assert client.frame() == (TEXT, b"tick")
        client.send(frame(3))

        assert client.close_code() == 1002
        assert client.rest() == b""


def test_a_socket_that_sends_only_ends_with_its_peer() -> None:
    with Server(f"{HERE}:chatter") as server:
        with RawClient(server.port) as client:
            client.upgrade()
            client.send(frame(CLOSE, b"\x03\xe8"))
            assert client.close_code() == 1000
        assert server.stop() == 0
        server.start()


def test_the_address_is_that_of_a_free_port_and_of_every_family() -> None:
    command = [sys.executable, "-m", "offhook", "serve", f"{HERE}:echo", "--host", "localhost", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = int(said.split()[1].rpartition(":")[2])
        with RawClient(port) as client:
            assert client.upgrade().startswith(b"HTTP/1.1 101")
        process.terminate()

    assert said == f"Serving http://localhost:{port} (Ctrl-C ends it)\n"


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert refused(f"{HERE}:echo", "--port", str(port)) == (
            2,
            f"Error: cannot serve on 127.0.0.1:{port}: address already in use\n",
        )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "x"], "Invalid value for '--port': 'x' is not a valid integer range."),
        (["--limit-connections", "0"], "Invalid value for '--limit-connections': 0 is not in the range x>=1."),
        (["--limit-write", "0"], "Invalid value for '--limit-write': 0.0 is not in the range x>0."),
        (
            ["--uds-mode", "rw"],
            "Invalid value for '--uds-mode': 'rw' are no permissions; write them as in chmod 660",
        ),
        (["--ssl-certfile", "gone"], "Invalid value for '--ssl-certfile': File 'gone' does not exist."),
        (["--ssl-keyfile", "README.md"], "TLS needs --ssl-certfile"),
        (["--forwarded-allow-ips", "x"], "'x' is no address that could be trusted: 'x' does not appear to be an"),
        (["--host", "no such host"], "cannot serve on no such host:0: "),
        (["--uds", "README.md"], "cannot serve on README.md: file exists"),
        (["--uds", "gone/app.sock"], "cannot serve on gone/app.sock: no such file or directory"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], complaint: str) -> None:
    code, said = refused(f"{HERE}:echo", *(["--port", "0"] if "--uds" not in arguments else []), *arguments)

    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith(f"Error: {complaint}")


def test_a_loader_that_hangs_in_a_thread_does_not_hold_the_end() -> None:
    server = Server(f"{HERE}:wedged", options=["--drain", "0.5"])
    server.start()
    with RawClient(server.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        server.says("wedged")

        assert server.stop() == 1
    assert server.log.endswith("the application did not end within --drain, and was ended\n")
    assert "Traceback" not in server.log


@pytest.mark.parametrize("name", ["unusable", "reported", "cut_off"])
def test_an_application_that_refuses_to_start_is_one_line(name: str) -> None:
    assert refused(f"{HERE}:{name}", "--port", "0") == (2, "Error: the application lacks a part\n")


def test_a_mistake_in_the_lifespan_is_shown_with_its_traceback() -> None:
    code, said = refused(f"{HERE}:broken", "--port", "0")

    assert code == 2
    assert "ZeroDivisionError: one mistake" in said
    assert said.endswith("Error: the application did not start; the log above says why\n")


def test_the_server_reads_as_much_as_the_larger_limit() -> None:
    settings = configuration(_nothing, Settings(), Limits(command_frame=10, socket_message=20))

    assert (settings.ws_max_size, settings.proxy_headers, settings.ws_per_message_deflate) == (20, False, False)


async def _nothing(scope: object, receive: object, send: object) -> None: ...


def test_a_pong_that_the_application_keeps_us_from_reading_is_no_timeout() -> None:
    """The application sends and does not read; the peer's pong stands behind what nobody takes."""
    assert asyncio.run(_pings_to_a_silent_reader(sent=frame(TEXT, b"nobody reads this") * 100)) == []


def test_a_peer_that_does_not_answer_pings_is_ended() -> None:
    assert asyncio.run(_pings_to_a_silent_reader(sent=b"")) == [1011]


async def _pings_to_a_silent_reader(sent: bytes) -> list[int]:
    """The codes with which a server closes a peer that never answers a ping."""
    from tests.server.applications import stubborn

    settings = configuration(stubborn, Settings())
    settings.ws_ping_interval = settings.ws_ping_timeout = 0.02
    server = uvicorn.Server(settings)
    [bound] = listen("127.0.0.1", 0)
    running = asyncio.create_task(server._serve([bound]))
    try:
        return await asyncio.to_thread(_watch, bound.getsockname()[1], sent)
    finally:
        server.should_exit = server.force_exit = True
        await running


def _watch(port: int, sent: bytes) -> list[int]:
    with RawClient(port) as client:
        client.upgrade()
        client.send(sent)
        pings = 0
        while pings < 4:
            opcode, payload = client.frame()
            if opcode == CLOSE:
                return [int.from_bytes(payload[:2])]
            pings += 1
    return []
