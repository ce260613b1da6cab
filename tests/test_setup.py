"""``scripts/setup`` finds interpreters: on ``PATH`` first, in pyenv's folders where a shim does not run."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT


def _python(path: Path, version: str) -> None:
    """An interpreter that says it is *version*; ``""`` is a shim without the version behind it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n" if version else "#!/bin/sh\nexit 127\n")
    path.chmod(0o755)


def _ask(tmp_path: Path, question: str) -> list[str]:
    """What the function *question* of scripts/setup prints, of the files in *tmp_path*."""
    script = f". {ROOT}/scripts/setup; cd {tmp_path}; PATH={tmp_path}/bin; PYENV_ROOT={tmp_path}/pyenv; {question}"
    done = subprocess.run(
        ["/bin/bash", "-c", script], env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.replace(f"{tmp_path}/", "").split()


@pytest.mark.parametrize(
    ("installed", "main"),
    [
        ({"bin/python3.11": "3.11", "bin/python3.13": "3.13"}, ["python3.13"]),
        (
            {"bin/python3.11": "3.11", "bin/python3.13": "", "pyenv/versions/3.13.0/bin/python": "3.13"},
            ["python3.11"],
        ),
        ({"bin/python3": "3.12"}, ["python3"]),
        (
            {"bin/python3": "3.10", "pyenv/versions/3.12.1/bin/python": "3.12"},
            ["pyenv/versions/3.12.1/bin/python"],
        ),
        ({"bin/python3.13": "", "bin/python3": "3.9"}, []),
    ],
)
def test_the_main_python(tmp_path: Path, installed: dict[str, str], main: list[str]) -> None:
    for name, version in installed.items():
        _python(tmp_path / name, version)
    assert _ask(tmp_path, "main_python") == main


def test_the_other_pythons_are_all_but_the_one_of_the_virtual_environment(tmp_path: Path) -> None:
    _python(tmp_path / ".venv/bin/python", "3.11")
    _python(tmp_path / "bin/python3.11", "3.11")
    _python(tmp_path / "bin/python3.12", "")
    _python(tmp_path / "pyenv/versions/3.12.1/bin/python", "3.12")
    _python(tmp_path / "pyenv/versions/3.13.0/bin/python", "")
    _python(tmp_path / "bin/python3.14", "3.14")
    assert _ask(tmp_path, "other_pythons") == ["3.12", "3.14"]
