"""The whole way of somebody who installed the wheel: new, dev, edit, build, and serve without Node."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offhook.dev.node import find_node
from tests.browser.conftest import Arrive
from tests.servers import ROOT, Server


def _run(*command: str | Path, folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel and nothing of this tree."""
    folder = tmp_path_factory.mktemp("installed")
    _run("scripts/wheel", folder)
    [wheel] = folder.glob("*.whl")
    _run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv/bin/python"
    _run(python, "-m", "pip", "install", "-q", "-c", "constraints.txt", f"{wheel}[standard]", "pytest")
    return python


def _without_node() -> str:
    """PATH without any folder that holds Node."""
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if not (Path(folder) / "node").exists())
    assert shutil.which("node", path=path) is None
    return path


def test_from_the_wheel_to_a_served_application(python: Path, tmp_path: Path, arrive: Arrive) -> None:
    book = tmp_path / "book"
    npm = shutil.which("npm")
    assert npm, "npm is missing; scripts/test sets it up"
    _run(python, "-m", "offhook", "new", book)
    # What is installed from the new application alone is the package as it was built.
    pip = (python, "-m", "pip", "install", "-q", "--no-deps", "--target", book / "installed")
    _run(*pip, "-c", ROOT / "constraints.txt", "-r", "requirements.txt", folder=book)
    [record] = (book / "installed").glob("offhook-*.dist-info/RECORD")
    assert "offhook/dev/npm/offhook-" in record.read_text()
    shutil.rmtree(book / "installed")
    _run(python, "-m", "pytest", "-q", folder=book)
    _run(npm, "install", "--no-audit", "--no-fund", folder=book)
    _run(python, "-m", "offhook", "typegen", folder=book)
    _run(find_node(), "node_modules/typescript/bin/tsc", "-p", ".", folder=book)

    with Server("app:app", command="dev", folder=book, python=python) as server:
        visitor = arrive(server.url)
        visitor.goto("/")
        visitor.page.get_by_label("Name").fill("half a na")
        view, store = book / "routes/home.tsx", book / "store.py"
        view.write_text(view.read_text().replace("<h1>Guest book</h1>", "<h1>Visitors</h1>"))
        visitor.page.get_by_role("heading", name="Visitors").wait_for()
        store.write_text(store.read_text().replace("] = []", '] = [Entry(0, "Eve", "was here first")]'))
        visitor.page.get_by_text("was here first").wait_for()
        assert visitor.page.get_by_label("Name").input_value() == "half a na"
        visitor.page.close()

    _run(python, "-m", "offhook", "build", folder=book)
    with Server(
        "app:app", mode="production", folder=book, python=python, PATH=_without_node(), PYTHONPATH=""
    ) as server:
        one, other = arrive(server.url), arrive(server.url)
        one.goto("/")
        other.goto("/")
        one.page.get_by_label("Name").fill("Ada")
        one.page.get_by_label("Text").fill("Hello from production")
        one.page.get_by_role("button", name="Write").click()
        other.page.get_by_text("Hello from production").wait_for()
        other.page.get_by_role("heading", name="Visitors").wait_for()


def test_the_chat_template_passes_its_own_tests(python: Path, tmp_path: Path) -> None:
    _run(python, "-m", "pip", "install", "-q", "-c", "constraints.txt", "aiosqlite", "sqlalchemy[asyncio]")
    _run(python, "-m", "offhook", "new", tmp_path / "chat", "--template", "chat")

    _run(python, "-m", "pytest", "-q", folder=tmp_path / "chat")
