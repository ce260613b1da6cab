"""Where Vite is found. That it builds and serves is shown in tests/browser."""

from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.dev.vite import find_vite


@pytest.mark.parametrize("above", ["", "..", "../.."])
def test_vite_is_found_upwards(tmp_path: Path, above: str) -> None:
    folder = tmp_path / "workspace/examples/chat"
    folder.mkdir(parents=True)
    program = (folder / above).resolve() / "node_modules/vite/bin/vite.js"
    program.parent.mkdir(parents=True)
    program.touch()

    assert find_vite(folder) == program


def test_without_packages_one_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Vite is not installed for .*; run npm install"):
        find_vite(tmp_path)
