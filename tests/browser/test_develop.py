"""``offhook dev`` in an application that ``offhook new`` made: what is saved is what is seen."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import DEADLINE, ROOT, Server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    subprocess.run([sys.executable, "-m", "offhook", "new", folder], check=True)
    # As npm install would leave it; that npm can install it is shown with the wheel (scripts/wheel).
    packages = folder / "node_modules"
    packages.mkdir()
    for package in (ROOT / "node_modules").iterdir():
        if package.name != ".vite":  # what one server keeps there, another one would replace
            (packages / package.name).symlink_to(package)
    return folder


@pytest.fixture
def book(folder: Path) -> Iterator[Server]:
    with Server("app:app", command="dev", folder=folder) as server:
        yield server
        server.log = ""  # mistakes were made on purpose


def _edit(path: Path, old: str, new: str) -> None:
    """Save *path* as editors do that leave no moment in which it is cut short."""
    text = path.read_text()
    assert old in text
    written = path.with_name(f".{path.name}")
    written.write_text(text.replace(old, new))
    written.replace(path)


def _typing(visitor: Person) -> Page:
    """Somebody who is in the middle of a form."""
    visitor.goto("/")
    visitor.page.get_by_label("Name").fill("half a na")
    return visitor.page


def _still_typing(page: Page) -> bool:
    return page.get_by_label("Name").input_value() == "half a na"


def test_a_view_is_exchanged_in_the_open_page_and_in_the_next_document(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    page = _typing(arrive(book.url))

    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Visitors</h1>")

    page.get_by_role("heading", name="Visitors").wait_for()
    assert _still_typing(page)
    book.says("routes/home.tsx: built")
    stranger = arrive(book.url, java_script_enabled=False)
    stranger.page.goto(book.url)
    assert stranger.page.get_by_role("heading").inner_text() == "Visitors"


_HANDLERS = """
export async function clientLoader({ serverLoader }: ClientLoaderArgs) {
  const page = await serverLoader<Route.LoaderData>();
  return { ...page, by: "first" };
}

export const handle = { crumb: "Book" };

"""
"""What makes a view more than components."""


@pytest.fixture
def handlers(book: Server, folder: Path) -> None:
    """The view of the guest book has handlers in the browser, and shows what came of them."""
    home, shell = folder / "routes/home.tsx", folder / "routes/shell.tsx"
    _edit(shell, "{children}", "{children}<i>{useMatches().map(({ handle }) => handle?.crumb)}</i>")
    _edit(shell, "useRouteError }", "useMatches, useRouteError }")
    _edit(home, "import { Form", "import { type ClientLoaderArgs, Form")
    _edit(home, "const { entries }", "const { entries, by }")
    _edit(home, "<h1>Guest book</h1>", "<h1>Guest book</h1><b>{by}</b>")
    _edit(home, "export default", _HANDLERS + "export default")
    while "home.tsx" not in book.log:
        book.says("built")


@pytest.mark.usefixtures("handlers")
def test_the_component_of_a_view_with_handlers_is_exchanged(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))

    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Visitors</h1>")

    page.get_by_role("heading", name="Visitors").wait_for()
    assert _still_typing(page)


@pytest.mark.usefixtures("handlers")
def test_a_client_loader_is_exchanged_and_runs(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))

    for by, other in (("first", "second"), ("second", "third")):
        _edit(folder / "routes/home.tsx", f'by: "{by}"', f'by: "{other}"')
        page.locator("b", has_text=other).wait_for()

    assert _still_typing(page)


@pytest.mark.usefixtures("handlers")
def test_a_client_loader_that_is_taken_away_runs_no_more(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))
    _edit(folder / "routes/home.tsx", 'by: "first"', 'by: "second"')
    page.locator("b", has_text="second").wait_for()

    _edit(folder / "routes/home.tsx", "export async function clientLoader", "async function unused")

    expect(page.locator("b", has_text="second")).to_have_count(0)
    assert _still_typing(page)


@pytest.mark.usefixtures("handlers")
def test_a_handle_is_exchanged(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))
    expect(page.locator("i")).to_have_text("Book")

    _edit(folder / "routes/home.tsx", 'crumb: "Book"', 'crumb: "Guests"')

    expect(page.locator("i")).to_have_text("Guests")
    assert _still_typing(page)


_ANSWERING = """
export const clientAction = () => ({ kept: "here" });

export function shouldRevalidate({ actionResult }) {
  globalThis.decided ??= actionResult; // the second of two saves may load the page anew after the click
  return false;
}

"""


@pytest.mark.usefixtures("handlers")
def test_client_actions_and_revalidation_are_exchanged(book: Server, folder: Path, arrive: Arrive) -> None:
    home = folder / "routes/home.tsx"
    _edit(home, "<h1>Guest book</h1>", "<h1>{JSON.stringify(answer)}</h1>")
    book.says("built")
    visitor = arrive(book.url)
    page = _typing(visitor)

    _edit(home, "export default", _ANSWERING + "export default")
    _edit(home, 'crumb: "Book"', 'crumb: "Guests"')
    expect(page.locator("i")).to_have_text("Guests")
    page.get_by_role("button", name="Write").click()

    expect(page.get_by_role("heading")).to_have_text('{"kept":"here"}')
    page.wait_for_function("globalThis.decided?.kept === 'here'")
    assert not [asked for asked in visitor.requests if asked.startswith("POST")]


def test_of_saves_in_quick_succession_the_last_one_shows(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))
    shown = "Guest book"

    for pause in (0, 5, 10, 20, 30, 40, 50, 60, 80, 120, 200):
        for saved in (f"Draft after {pause} ms", f"Edition after {pause} ms"):
            _edit(folder / "routes/home.tsx", f"<h1>{shown}</h1>", f"<h1>{saved}</h1>")
            page.wait_for_timeout(pause)
            shown = saved
        expect(page.get_by_role("heading")).to_have_text(shown)

    assert _still_typing(page)


def _color(page: Page, of: str) -> str:
    color: str = page.locator(of).evaluate("element => getComputedStyle(element).color")
    return color


def test_documents_have_their_styles_without_a_script_and_styles_are_exchanged(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    (folder / "routes/home.module.css").write_text(".title { color: rgb(1, 2, 3) }\n")
    _edit(folder / "style.css", "body {", "body {\n  color: rgb(4, 5, 6);")
    _edit(folder / "routes/home.tsx", "<h1>", "<h1 className={title}>")
    _edit(
        folder / "routes/home.tsx",
        "import type { Route }",
        'import { title } from "./home.module.css";\nimport type { Route }',
    )
    while "home.tsx" not in book.log:
        book.says("built")

    stranger = arrive(book.url, java_script_enabled=False)
    stranger.page.goto(book.url)
    assert (_color(stranger.page, "body"), _color(stranger.page, "h1")) == ("rgb(4, 5, 6)", "rgb(1, 2, 3)")

    page = _typing(arrive(book.url))
    expect(page.locator("link[rel=stylesheet]")).to_have_count(0)  # Vite's own have taken their place
    assert (_color(page, "body"), _color(page, "h1")) == ("rgb(4, 5, 6)", "rgb(1, 2, 3)")

    _edit(folder / "style.css", "rgb(4, 5, 6)", "rgb(7, 8, 9)")
    expect(page.locator("body")).to_have_css("color", "rgb(7, 8, 9)")
    _edit(folder / "routes/home.module.css", "rgb(1, 2, 3)", "rgb(3, 2, 1)")
    expect(page.locator("h1")).to_have_css("color", "rgb(3, 2, 1)")
    assert _still_typing(page)


def test_python_is_exchanged_and_the_open_page_loads_again(book: Server, folder: Path, arrive: Arrive) -> None:
    page = _typing(arrive(book.url))

    _edit(folder / "store.py", "_entries: list[Entry] = []", '_entries = [Entry(0, "Eve", "was here first")]')

    page.get_by_text("was here first").wait_for()
    assert _still_typing(page)


def test_a_mistake_in_python_lies_over_the_page_until_it_is_mended(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    visitor.failures_expected = True  # Vite logs what it shows

    _edit(folder / "store.py", "_ids = count(1)", "_ids = count(one)")

    overlay = page.locator("vite-error-overlay")
    overlay.get_by_text("NameError: name 'one' is not defined").first.wait_for()
    assert 'store.py", line 16' in book.log
    assert "offhook/server" not in book.log  # only the application's own lines are told

    _edit(folder / "store.py", "_ids = count(one)", "_ids = count(1)")

    overlay.wait_for(state="detached")
    assert _still_typing(page)


def test_a_mistake_in_a_view_is_shown_and_mended(book: Server, folder: Path, arrive: Arrive) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    visitor.failures_expected = True

    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Guest book<h1>")
    page.locator("vite-error-overlay").wait_for(state="attached")
    _edit(folder / "routes/home.tsx", "<h1>Guest book<h1>", "<h1>Guest list</h1>")

    page.get_by_role("heading", name="Guest list").wait_for()
    assert "routes/home.tsx" in book.log


def test_a_new_route_is_there_at_once(book: Server, folder: Path, arrive: Arrive) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    (folder / "routes/about.tsx").write_text("export default () => <h1>About us</h1>;\n")

    _edit(
        folder / "routes/__init__.py",
        'index("routes/home")]',
        'index("routes/home"), route("about", "routes/about")]',
    )
    _edit(folder / "routes/__init__.py", "import index, layout", "import index, layout, route")

    page.wait_for_function("fetch('/about').then((answer) => answer.ok)")
    visitor.goto("/about")
    page.get_by_role("heading", name="About us").wait_for()


def test_an_application_that_does_not_start_says_why_in_the_browser(folder: Path, arrive: Arrive) -> None:
    _edit(folder / "app.py", "broker=", "brother=")
    with Server("app:app", command="dev", folder=folder) as server:
        visitor = arrive(server.url)
        visitor.page.goto(server.url)
        visitor.page.get_by_text("unexpected keyword argument 'brother'").first.wait_for()

        _edit(folder / "app.py", "brother=", "broker=")

        visitor.page.get_by_role("heading", name="Guest book").wait_for()
        server.log = ""


def test_a_view_that_does_not_build_at_the_start_is_shown_and_mended(folder: Path, arrive: Arrive) -> None:
    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Guest book<h1>")
    with Server("app:app", command="dev", folder=folder) as server:
        assert "do not build" in server.log
        visitor = arrive(server.url)
        visitor.failures_expected = True
        visitor.page.goto(server.url)
        visitor.page.locator("vite-error-overlay").wait_for(state="attached")

        _edit(folder / "routes/home.tsx", "<h1>Guest book<h1>", "<h1>Guest list</h1>")

        visitor.page.get_by_role("heading", name="Guest list").wait_for()
        server.log = ""


def test_a_route_whose_files_are_renamed_is_there_under_its_new_name(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    visitor.failures_expected = True  # meanwhile a file is missing

    for suffix in ("py", "tsx"):
        (folder / f"routes/home.{suffix}").rename(folder / f"routes/entries.{suffix}")
    _edit(folder / "routes/entries.tsx", "./+types/home", "./+types/entries")
    _edit(folder / "routes/entries.tsx", "Guest book</h1>", "Entries</h1>")
    _edit(folder / "routes/__init__.py", "routes/home", "routes/entries")

    page.get_by_role("heading", name="Entries").wait_for()


def test_an_application_that_dies_says_so_and_comes_back_with_the_next_save(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    visitor.failures_expected = True

    os.kill(_child(book, "offhook.dev.serving"), signal.SIGKILL)
    page.locator("vite-error-overlay").get_by_text("ended with status -9").first.wait_for()
    page.goto(book.url)
    page.get_by_text("ended with status -9").wait_for()

    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Visitors</h1>")

    page.get_by_role("heading", name="Visitors").wait_for()


def test_vite_is_started_again_when_it_dies(book: Server, folder: Path, arrive: Arrive) -> None:
    visitor = arrive(book.url)
    page = _typing(visitor)
    visitor.failures_expected = True

    page.evaluate("window.before = true")
    os.kill(_child(book, "vite.js"), signal.SIGKILL)
    book.says("Vite has ended with status -9")
    page.wait_for_function("!window.before")  # Vite's client loads the page anew
    visitor.hydrated()
    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Visitors</h1>")

    page.get_by_role("heading", name="Visitors").wait_for()


def test_each_tab_shows_what_was_saved_while_the_application_restarted(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    pages = [_typing(arrive(book.url)) for _ in range(2)]

    _edit(folder / "store.py", "_entries: list[Entry] = []", '_entries = [Entry(0, "Eve", "was here first")]')
    book.says("reloading")
    _edit(folder / "store.py", "was here first", "was here twice")
    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>Visitors</h1>")

    for page in pages:
        page.get_by_text("was here twice").wait_for()
        page.get_by_role("heading", name="Visitors").wait_for()
        assert _still_typing(page)


def test_a_view_that_throws_while_it_is_loaded_says_so(folder: Path, arrive: Arrive) -> None:
    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", '<Link to="/about">About</Link>')
    _edit(folder / "routes/home.tsx", "import { Form", "import { Form, Link")
    _edit(folder / "routes/shell.tsx", "<h1>{what}</h1>", "<h1>{String(error)}</h1>")
    _edit(
        folder / "routes/__init__.py",
        'index("routes/home")',
        'index("routes/home"), route("about", "routes/about")',
    )
    _edit(folder / "routes/__init__.py", "import index, layout", "import index, layout, route")
    about = 'if (globalThis.document) throw new Error("no API key");\nexport default () => <h1>About</h1>;\n'
    (folder / "routes/about.tsx").write_text(about)
    with Server("app:app", command="dev", folder=folder) as server:
        visitor = arrive(server.url)
        visitor.failures_expected = True
        visitor.goto("/")

        visitor.page.get_by_role("link", name="About").click()
        visitor.page.get_by_role("heading", name="Error: no API key").wait_for()
        visitor.page.reload()
        visitor.page.locator("vite-error-overlay").get_by_text("no API key").first.wait_for()
        _edit(folder / "routes/about.tsx", "if (globalThis.document) throw new", "new")

        visitor.page.get_by_role("heading", name="About").wait_for()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(folder: Path, how: signal.Signals) -> None:
    server = Server("app:app", command="dev", folder=folder)
    server.start()
    children = _children(server.pid)
    assert len(children) >= 2

    status = server.stop(how)

    assert status == (0 if how == signal.SIGINT else -how)
    for child in children:
        _ended(child)


def test_an_application_that_never_loads_is_not_left_behind(folder: Path) -> None:
    server = Server("app:app", command="dev", folder=folder)
    server.start()
    _edit(folder / "store.py", "_ids = count(1)", "print('asleep', flush=True)\n__import__('time').sleep(3600)")
    server.says("asleep")
    children = _children(server.pid)
    assert len(children) >= 3

    server.stop(signal.SIGKILL)

    for child in children:
        _ended(child)


def _child(server: Server, name: str) -> int:
    """The process of *server* that runs *name*."""
    [found] = [pid for pid in _children(server.pid) if name in Path(f"/proc/{pid}/cmdline").read_text()]
    return found


def _children(pid: int) -> list[int]:
    [task] = [each for each in Path(f"/proc/{pid}/task").iterdir() if each.name == str(pid)]
    return [int(child) for child in (task / "children").read_text().split()]


def _ended(pid: int) -> None:
    """Return when the process is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([descriptor], [], [], DEADLINE)
    os.close(descriptor)
    assert ready, f"process {pid} is still there"


def test_only_files_that_a_page_needs_are_served_and_only_for_this_machine(
    book: Server, folder: Path, arrive: Arrive
) -> None:
    for name in ("cities.json", "secrets.json", "data.sqlite"):
        (folder / name).write_text('{"name": "Paris"}')
    _edit(folder / "routes/home.tsx", "<h1>Guest book</h1>", "<h1>{cities.name}</h1>")
    _edit(folder / "routes/home.tsx", "import { Form", 'import cities from "../cities.json";\nimport { Form')
    visitor = arrive(book.url)
    visitor.goto("/")
    visitor.page.get_by_role("heading", name="Paris").wait_for()

    def status(path: str, host: str = "localhost") -> int:
        return httpx.get(f"{book.url}{path}", headers={"host": host}).status_code

    assert status("/cities.json?import") == 200
    assert [status(path) for path in ("/secrets.json", "/secrets.json?import", "/data.sqlite", "/app.py")] == [
        404
    ] * 4
    assert [status(path, "evil.example") for path in ("/", "/@vite/client", "/routes/home.tsx")] == [403] * 3
