"""The command line: what is said, how it ends, and that a mistake is one line. ``serve`` is in tests/server."""

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from offhook.cli import main
from tests.typegen.shop import edit, loaded, make


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    shop = make(tmp_path, monkeypatch)
    loaded(monkeypatch)
    return shop


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_routes_prints_the_table() -> None:
    done = run("routes", "shop.app:app")

    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "PATH               ID            PYTHON          VIEW",
            "(layout)           routes/shell  -               routes/shell.tsx",
            "  / (index)        routes/home   -               routes/home.tsx",
            "  /rooms/:room_id  routes/room   loader, action  routes/room.tsx",
        ],
    )


def test_typegen_names_what_it_wrote(shop: Path) -> None:
    first, second = run("typegen", "shop.app:app"), run("typegen", "shop.app:app")

    assert first.exit_code == second.exit_code == 0
    assert [Path(line).name for line in first.output.splitlines()] == [
        "routes.json",
        "offhook-paths.d.ts",
        "channels.d.ts",
        "shell.d.ts",
        "home.d.ts",
        "room.d.ts",
    ]
    assert second.output == ""


def test_typegen_check_fails_and_changes_nothing(shop: Path) -> None:
    done = run("typegen", "shop.app:app", "--check")

    assert done.exit_code == 2
    assert "room.d.ts" in done.output
    assert done.output.endswith("Error: these files are out of date; run: offhook typegen shop.app:app\n")
    assert not (shop / ".offhook").exists()


def test_typegen_check_is_content_after_typegen() -> None:
    run("typegen", "shop.app:app")

    assert (run("typegen", "shop.app:app", "--check").exit_code, run("typegen", "shop.app:app").output) == (0, "")


@pytest.mark.parametrize("command", ["serve", "build", "typegen", "routes"])
@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("shop.app", "'shop.app' does not name an application; write MODULE:APP"),
        ("nowhere:app", "there is no module 'nowhere'"),
        ("shop.app:other", "shop.app has no 'other'"),
    ],
)
def test_a_wrong_target_is_one_line(command: str, target: str, complaint: str) -> None:
    done = run(command, target)

    assert done.exit_code == 2
    assert done.output.startswith(f"Error: {complaint}")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("serve", "is not an ASGI application"),
        ("build", "is not an offhook.App; only those have pages"),
        ("typegen", "is not an offhook.App; only those have pages"),
        ("routes", "is not an offhook.App; only those have pages"),
    ],
)
def test_something_else_is_one_line(command: str, complaint: str) -> None:
    done = run(command, "shop.routes:routes")

    assert (done.exit_code, done.output) == (2, f"Error: shop.routes:routes {complaint}\n")


def test_an_application_that_is_used_wrongly_is_one_line(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(shop / "app.py", "channels=[Room]", "channels=[]")
    for name in ("shop.app", "shop"):
        monkeypatch.delitem(sys.modules, name)

    done = run("routes", "shop.app:app")

    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert "add Room to App(channels=[...])" in done.output


def test_a_build_without_packages_is_one_line() -> None:
    done = run("build", "shop.app:app")

    assert done.exit_code == 2
    assert "Vite is not installed for " in done.output


def test_the_version_and_the_commands_are_told() -> None:
    assert "version 0." in run("--version").output
    assert {"serve", "build", "typegen", "routes"} <= set(run("--help").output.split())
