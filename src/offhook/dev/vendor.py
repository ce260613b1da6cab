"""What a new application installs Offhook from: copies of the packages, since no registry has them.

The wheel is made again from the files that it was installed from, which the installer has listed (``RECORD``).
In a clone, which is installed as it stands, the application refers to the clone.
"""

import base64
import hashlib
import shutil
from collections.abc import Iterator
from importlib.metadata import PackagePath, distribution, version
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[2]
_FOLDER = "vendor"
_INSTALLERS = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"})
"""Files in ``.dist-info`` that describe an installation, and not the package."""


def npm_package(folder: Path) -> str:
    """Where npm finds the package: the tarball that the wheel contains, or the sources in the clone."""
    tarball = _HERE / "npm" / f"offhook-{version('offhook')}.tgz"
    if not tarball.is_file():
        return f"file:{_REPOSITORY / 'client'}"
    shutil.copy(tarball, _made(folder))
    return f"file:{_FOLDER}/{tarball.name}"


def python_package(folder: Path) -> str:
    """Where pip finds the package, from *folder*: a wheel, or the clone."""
    files = list(_package_files())
    if not files:
        return f"offhook[standard] @ file://{_REPOSITORY}"
    name = f"offhook-{version('offhook')}-py3-none-any.whl"
    _write_wheel(_made(folder) / name, files)
    return f"./{_FOLDER}/{name}[standard]"


def _made(folder: Path) -> Path:
    made = folder / _FOLDER
    made.mkdir(parents=True, exist_ok=True)
    return made


def _package_files() -> Iterator[PackagePath]:
    """The files of the installed wheel; none where the sources are used as they stand."""
    installed = distribution("offhook").files or ()
    if not any(file.parts[0] == "offhook" for file in installed):
        return
    for file in installed:
        is_ours = file.parts[0] == "offhook" or file.parts[0].endswith(".dist-info")
        if is_ours and "__pycache__" not in file.parts and file.name not in _INSTALLERS:
            yield file


def _write_wheel(path: Path, files: list[PackagePath]) -> None:
    """A wheel (PyPA's binary distribution format): the files, and a record of them at the end."""
    record = []
    with ZipFile(path, "w", ZIP_DEFLATED) as wheel:
        for file in files:
            content = file.read_binary()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{file.as_posix()},sha256={digest},{len(content)}")
            wheel.writestr(file.as_posix(), content)
        name = next(file.parts[0] for file in files if file.parts[0].endswith(".dist-info")) + "/RECORD"
        wheel.writestr(name, "\n".join([*record, f"{name},,", ""]))
