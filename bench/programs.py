"""What is measured with and against: our C programs, and the packages of the peers.

Each is made on first use, in a folder that git ignores. What cannot be had is ``Missing``, with one line that says
what to do.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from offhook.base.errors import UsageError
from offhook.dev.node import find_node

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = ROOT / ".offhook" / "bench"
_PATIENCE = 900.0
"""Seconds for an installation."""


class Missing(Exception):
    """A program or package that is not there and cannot be installed from here."""


def compiled(name: str) -> Path:
    """Our program ``bench/NAME.c``, compiled unless that was done for the same text.

    :raises Missing: there is no C compiler.
    """
    source = HERE / f"{name}.c"
    program = CACHE / f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not program.exists():
        compiler = shutil.which("cc")
        if compiler is None:
            raise Missing("needs a C compiler; install it with: apt-get install gcc libc6-dev")
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = CACHE / f"{program.name}.{os.getpid()}"
        _run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(fresh), str(source)])
        fresh.rename(program)
    return program


def peer_python(*packages: str) -> Path:
    """The interpreter of the peers' virtual environment, where *packages* are installed.

    :raises Missing: they cannot be installed.
    """
    python = CACHE / "venv" / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(python.parent.parent)])
    marks = [CACHE / "venv" / f"{package.replace('[', '-').rstrip(']')}.installed" for package in packages]
    if not all(mark.exists() for mark in marks):
        _run([str(python), "-m", "pip", "install", "-q", "-c", str(HERE / "peers.txt"), *packages])
        for mark in marks:
            mark.touch()
    return python


def peer_node(*packages: str) -> tuple[Path, Path]:
    """Node, and the folder where *packages* of ``servers/package.json`` are installed.

    :raises Missing: they cannot be installed.
    """
    folder = CACHE / "node"
    try:
        node = find_node()
    except UsageError as error:
        raise Missing(str(error)) from None
    if not all((folder / "node_modules" / package).exists() for package in packages):
        npm = shutil.which("npm")
        if npm is None:
            raise Missing("needs npm; install it with: apt-get install npm")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "servers" / "package.json", folder)
        _run([npm, "install", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    return node, folder / "node_modules"


def peer_program(name: str, packages: str, file: str = "") -> Path:
    """A program of the system, and one of its files besides.

    :raises Missing: Debian's *packages* are not installed.
    """
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None or (file and not Path(file).exists()):
        raise Missing(f"not installed; install it with: apt-get install {packages}")
    return Path(program)


def peer_go(module: str) -> Path:
    """The program of a Go *module*, such as ``example.org/program/v2@v2.0.1``.

    :raises Missing: Go is not there, or does not get the module.
    """
    path, _, version = module.partition("@")
    program = CACHE / "go" / f"{path.split('/')[2]}-{version}"
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            raise Missing("needs Go; install it with: apt-get install golang")
        folder = CACHE / "go"
        _run([go, "install", module], environment={"GOBIN": str(folder)})
        (folder / path.split("/")[2]).rename(program)
    return program


def _run(command: Sequence[str], folder: Path = HERE, environment: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=os.environ | (environment or {}),
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or error.stdout.strip() or "no output").splitlines()[-1]
        raise Missing(f"`{' '.join([Path(command[0]).name, *command[1:]])}` says: {last.strip()}") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"`{Path(command[0]).name}` took longer than {_PATIENCE:.0f} s") from None
