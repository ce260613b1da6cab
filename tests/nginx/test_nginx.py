"""Behind nginx: what works without it works, and the application knows who is there."""

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.nginx.proxy import Nginx
from tests.servers import Server

CONNECT = '{"id":1,"connect":{}}'
NAME = {"name": "Ada"}


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("nginx")) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def server(nginx: Nginx) -> Iterator[Server]:
    options = ["--uds", str(nginx.uds), "--forwarded-allow-ips", "unix:"]
    with Server("tests.nginx.app:app", options=options, mode="production") as server:
        yield server


@pytest.fixture
def browser(nginx: Nginx, server: Server) -> Iterator[httpx.Client]:
    headers = {"Origin": nginx.url}
    with httpx.Client(base_url=nginx.url, verify=nginx.certificate.trust(), headers=headers) as client:
        yield client


def socket(nginx: Nginx, path: str) -> ClientConnection:
    url = nginx.url.replace("https:", "wss:")
    return connect(f"{url}{path}", ssl=nginx.certificate.trust(), origin=Origin(nginx.url))


def test_a_page_and_its_data(browser: httpx.Client) -> None:
    assert browser.get("/").json()["client"] == "127.0.0.1"
    seen = browser.get("/__data/")
    assert seen.status_code == 200
    assert '"client":"127.0.0.1"' in seen.text
    assert '"scheme":"https"' in seen.text


def test_a_client_cannot_say_who_it_is(browser: httpx.Client) -> None:
    seen = browser.get("/__data/", headers={"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http"})
    assert '"client":"127.0.0.1"' in seen.text
    assert '"scheme":"https"' in seen.text


def test_cookies_are_for_https_only(browser: httpx.Client) -> None:
    answer = browser.post("/", data=NAME)
    assert answer.status_code == 200
    assert "; Secure" in answer.headers["set-cookie"]
    assert '"name":"Ada"' in browser.get("/__data/").text


def test_another_origin_is_refused(browser: httpx.Client) -> None:
    assert browser.post("/", data=NAME, headers={"Origin": "https://evil.example"}).status_code == 403


def test_what_is_too_large_is_refused(browser: httpx.Client) -> None:
    assert browser.post("/", data={"name": "x" * 2_000_000}).status_code == 413


def test_http_is_sent_to_https(nginx: Nginx, server: Server) -> None:
    answer = httpx.get(f"http://127.0.0.1:{nginx.plain_port}/a?b=c", headers={"Host": "book.example.com"})
    assert (answer.status_code, answer.headers["location"]) == (301, "https://book.example.com/a?b=c")


def test_a_line(nginx: Nginx, server: Server) -> None:
    with socket(nginx, "/connection/websocket") as line:
        line.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"ticks:a"}}')
        line.send('{"id":3,"publish":{"channel":"ticks:a","data":{"n":1}}}')
        said = ""
        while '"pub":{"data":{"n":1}' not in said:
            said += str(line.recv(timeout=10))


def test_a_raw_socket(nginx: Nginx, server: Server) -> None:
    with socket(nginx, "/echo") as raw:
        assert raw.recv(timeout=10) == "wss 127.0.0.1"
        raw.send("x" * 100_000)
        assert raw.recv(timeout=10) == "x" * 100_000


@pytest.mark.parametrize("path", ["http_stream", "sse", "uni_sse", "uni_http_stream"])
def test_streams_are_passed_on_as_they_come(browser: httpx.Client, path: str) -> None:
    """Of an answer that goes on the first bytes are there, few as they are."""
    body = {} if path.startswith("uni") else {"id": 1, "connect": {}}
    with browser.stream("POST", f"/connection/{path}", json=body, timeout=10) as answer:
        assert answer.status_code == 200
        said = ""
        for part in answer.iter_text():
            said += part
            if '"client"' in said:
                return
    raise AssertionError(said)


def test_a_restart_of_the_application(nginx: Nginx, server: Server, browser: httpx.Client) -> None:
    with socket(nginx, "/connection/websocket") as line:
        line.send(CONNECT)
        assert '"client"' in str(line.recv(timeout=10))
        server.restart()
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3001
    assert browser.get("/readyz").status_code == 200
    with socket(nginx, "/connection/websocket") as line:
        line.send(CONNECT)
        assert '"client"' in str(line.recv(timeout=10))
