"""Two builds of one application behind nginx, and the moment when one takes the other's place."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from offhook.testing.redis import RedisServer
from tests.nginx.proxy import Nginx
from tests.servers import ROOT, Server

APP = Path("tests/apps/deploys")
TARGET = "tests.apps.deploys.app:app"

Kind = Literal["deploy", "rolling deploy"]


class Site:
    """The build "old" is served, until ``deploy``.

    nginx asks two servers in turn. Both addresses lead to the old server at first; then both lead to the new one,
    or, as long as a rolling deploy takes, each to one of the two.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._addresses = folder / "written", [folder / "one.sock", folder / "two.sock"]
        self._file.touch()
        self._redis = RedisServer()
        self._nginx = Nginx(folder, self._addresses)
        self.url = self._nginx.url
        self._old, self._new = self._server(folder / "old"), self._server(folder / "new")

    def _server(self, folder: Path) -> Server:
        _build(folder)
        options = ["--uds", str(folder / "app.sock"), "--forwarded-allow-ips", "unix:"]
        return Server(
            TARGET,
            folder=folder,
            options=options,
            DEPLOYS_FILE=str(self._file),
            DEPLOYS_BROKER=self._redis.url,
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for part in (self._redis, self._nginx, self._old):
                stack.enter_context(part)
            for address in self._addresses:
                _lead(address, "old")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def deploy(self, kind: Kind) -> None:
        """The new build is served: by all servers, or by one of two."""
        self._stack.enter_context(self._new)
        for address in self._addresses[kind == "rolling deploy" :]:
            _lead(address, "new")
        if kind == "deploy":
            self._old.stop()

    def write(self, text: str) -> None:
        """Another visitor writes *text*."""
        answer = httpx.post(f"{self.url}/?index", data={"text": text}, verify=self._nginx.certificate.trust())
        assert answer.status_code == 303, answer.text

    def lines(self) -> list[str]:
        """Everything that was written."""
        return self._file.read_text().splitlines()


def _build(folder: Path) -> None:
    """A copy of the application, built; its views carry the name of *folder*."""
    shutil.copytree(ROOT / APP, folder / APP, ignore=shutil.ignore_patterns(".offhook", "build", "__pycache__"))
    for package in (folder / "tests", folder / "tests/apps"):
        (package / "__init__.py").touch()
    for shared in ("node_modules", "examples"):  # what Vite looks for
        (folder / shared).symlink_to(ROOT / shared)
    mark = folder / APP / "build.ts"
    mark.write_text(mark.read_text().replace('"old"', f'"{folder.name}"'))
    command = [sys.executable, "-m", "offhook", "build", TARGET, "--mode", "development"]
    subprocess.run(command, cwd=folder, check=True, timeout=300)


def _lead(address: Path, build: str) -> None:
    """Let *address* lead to the server of *build*, without a moment in which it leads nowhere."""
    link = address.with_suffix(".next")
    link.symlink_to(address.parent / build / "app.sock")
    os.replace(link, address)
