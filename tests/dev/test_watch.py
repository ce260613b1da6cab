"""Which files ``offhook dev`` follows."""

from pathlib import Path

import pytest

from offhook.dev.watch import Changed, folders, is_of_vite


@pytest.mark.parametrize(
    "name", ["home.tsx", "style.css", "theme.scss", "logo.png", "texts.yaml", ".env", ".env.local"]
)
def test_files_of_views(name: str) -> None:
    assert is_of_vite(Path("routes") / name)


@pytest.mark.parametrize(
    "name", ["home.py", ".home.tsx", "home.tsx~", "book.sqlite3", "book.sqlite3-wal", "server.log"]
)
def test_files_of_somebody_else(name: str) -> None:
    assert not is_of_vite(Path("routes") / name)


def test_folders_in_which_nobody_edits_are_left_alone(tmp_path: Path) -> None:
    for name in ("routes/rooms", "node_modules/react", "build/client", ".offhook/server", "venv"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()

    assert list(folders(tmp_path)) == [tmp_path, tmp_path / "routes", tmp_path / "routes/rooms"]


def test_saves_that_nobody_has_followed_yet_add_up() -> None:
    one = Changed(python=(Path("app.py"),), views=(Path("home.tsx"),))
    other = Changed(views=(Path("style.css"), Path("home.tsx")))

    assert one + other == Changed(python=(Path("app.py"),), views=(Path("home.tsx"), Path("style.css")))
