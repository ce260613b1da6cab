"""An ordinary React Router application behind Offhook: server rendering, live updates, coming back, hot reload."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Request, expect

from offhook.dev.node import find_node
from offhook.testing.ports import free_port
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import DEADLINE, ROOT, Server

APP = ROOT / "examples/remix_app"
KEY = "a key for the tests only"


@contextmanager
def node(*command: str, until: str, env: Mapping[str, str]) -> Iterator[list[str]]:
    """A Node program of the application, from the moment when it says *until*; gives what it prints."""
    started, lines = threading.Event(), list[str]()
    script, *arguments = command
    process = subprocess.Popen(
        [str(find_node()), str(APP / "node_modules/.bin" / script), *arguments],
        cwd=APP,
        # Vite colours its words wherever $CI is set, a terminal or not.
        env={**os.environ, **env, "INSECURE_COOKIE": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.append(line)
            if until in line:
                started.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert started.wait(DEADLINE), "".join(lines)
        yield lines
    finally:
        process.terminate()
        process.wait(DEADLINE)
        reader.join(DEADLINE)
        output.close()


@contextmanager
def behind_offhook(*command: str, until: str, port: int) -> Iterator[Server]:
    """Offhook on one port, and the application behind it."""
    front = Server("examples.remix_app.app:app", REMIX_URL=f"http://127.0.0.1:{port}", OFFHOOK_API_KEY=KEY)
    env = {"OFFHOOK_API": f"{front.url}/api", "OFFHOOK_API_KEY": KEY, "PORT": str(port), "HOST": "127.0.0.1"}
    with node(*command, until=until, env=env), front:
        yield front


@pytest.fixture(scope="module")
def built() -> None:
    """The application's own build."""
    command = [str(find_node()), str(APP / "node_modules/.bin/react-router"), "build"]
    subprocess.run(command, cwd=APP, check=True, timeout=120, capture_output=True)


@pytest.fixture
def front(built: None) -> Iterator[Server]:
    with behind_offhook(
        "react-router-serve", "build/server/index.js", until="http://", port=free_port()
    ) as server:
        yield server


@pytest.fixture
def developing() -> Iterator[Server]:
    port = free_port()
    command = ["react-router", "dev", "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    with behind_offhook(*command, until=f":{port}", port=port) as server:
        yield server


def test_its_types_are_right() -> None:
    """With those that the application's own toolchain generates."""
    for script in (APP / "node_modules/.bin/react-router", ROOT / "node_modules/.bin/tsc"):
        command = [str(find_node()), str(script), *(["typegen"] if script.name == "react-router" else [])]
        checked = subprocess.run(command, cwd=APP, timeout=120, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def sign_in(person: Person, name: str) -> None:
    person.page.goto(f"{person.base}/")
    person.page.get_by_label("Your name").fill(name)
    person.page.get_by_role("button", name="Sign in").click()
    expect(person.page.locator(".line")).to_have_attribute("data-status", "open")


def ask(person: Person, text: str) -> None:
    """Ask, and return when the page has its answer and then its loaders' data: it asks for nothing more."""
    person.page.get_by_label("Question").fill(text)
    with person.page.expect_event("requestfinished", is_data):
        person.page.get_by_role("button", name="Ask").click()


def is_data(request: Request) -> bool:
    return request.method == "GET" and ".data" in request.url


def test_rendered_on_the_server_live_and_back_after_a_loss(front: Server, arrive: Arrive) -> None:
    ann, bob = arrive(front.url), arrive(front.url)
    sign_in(ann, "ann")
    sign_in(bob, "bob")
    expect(ann.page.locator(".line")).to_have_text("ann, bob in the room")

    ask(ann, "Why?")
    expect(bob.page.locator(".questions p")).to_have_text(["Why?"])
    bob.page.get_by_role("button", name="Vote for Why?").click()
    expect(ann.page.get_by_role("button", name="Vote for Why?")).to_have_text("▲ 1")

    cookies = {each["name"]: each["value"] for each in ann.context.cookies()}
    document = httpx.get(front.url, cookies=cookies, trust_env=False).text
    assert "<p>Why?</p>" in document

    ann.failures_expected = bob.failures_expected = True
    front.restart()  # its streams are gone: the page's loader has to tell what happened meanwhile
    expect(ann.page.locator(".line")).to_have_attribute("data-status", "open")
    ask(bob, "How?")
    expect(ann.page.locator(".questions p")).to_have_text(["Why?", "How?"])

    bob.context.set_offline(True)
    ask(ann, "Where?")
    bob.context.set_offline(False)
    expect(bob.page.locator(".questions p")).to_have_text(["Why?", "How?", "Where?"])


def test_nobody_gets_a_line_who_has_not_signed_in(front: Server, arrive: Arrive) -> None:
    stranger = arrive(front.url)
    stranger.page.goto(front.url)
    expect(stranger.page.get_by_label("Your name")).to_be_visible()
    assert httpx.get(f"{front.url}/me", trust_env=False).json() == {"name": None}
    answer = httpx.post(f"{front.url}/api/publish", json={"channel": "questions"}, trust_env=False)
    assert answer.status_code == 401


def test_vites_own_socket_passes_in_development(developing: Server, arrive: Arrive) -> None:
    ann = arrive(developing.url)
    sign_in(ann, "ann")  # by now Vite has prepared all packages, and does not load the page again for them

    with ann.page.expect_websocket(lambda socket: "token=" in socket.url) as opened:
        ann.page.reload()
    expect(ann.page.locator(".line")).to_have_attribute("data-status", "open")
    assert opened.value.url.startswith(developing.url.replace("http", "ws"))

    with opened.value.expect_event("framereceived", lambda said: '"type":"update"' in str(said)):
        (APP / "app/app.css").touch()
