"""Vite: where it is installed, its builds, and its server for development behind ours."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from offhook.base.errors import UsageError
from offhook.dev.child import end_child, start_child, tell_child
from offhook.dev.node import find_node

_STARTING = 60.0
_STOPPING = 5.0


def find_vite(folder: Path) -> Path:
    """Vite's program, in the nearest ``node_modules`` from *folder* upwards.

    :raises UsageError: the packages are not installed.
    """
    program = Path("node_modules", "vite", "bin", "vite.js")
    found = next((each / program for each in (folder, *folder.parents) if (each / program).is_file()), None)
    if found is None:
        raise UsageError(f"Vite is not installed for {folder}; run npm install where its package.json is")
    return found


class ViteServer:
    """Vite's server for *folder*, on a port of loopback that nobody but our own server asks.

    :raises UsageError: no Node, or no Vite.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = (find_node(), find_vite(folder))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start it and return when it listens.

        :raises UsageError: it ended instead; it has said why.
        """
        options = ["--host", "127.0.0.1", "--port", str(self._port), "--strictPort", "--clearScreen", "false"]
        self._process = await start_child(
            *self._program,
            *options,
            *("--logLevel", "warn"),
            env=os.environ | {"NODE_ENV": "development", "OFFHOOK_DEV": "1"},
            cwd=self._folder,
        )
        async with asyncio.timeout(_STARTING):
            while not await self._listens():
                if self._process.returncode is not None:
                    raise UsageError("Vite did not start; its own words are above")
                await asyncio.sleep(0.05)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    def tell(self, **said: Any) -> None:
        """Pass a word to our plugin inside it (``client/src/vite/development.ts``)."""
        tell_child(self._process, msgspec.json.encode(said))

    async def ended(self) -> int:
        """Return when it has, with its status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it, and return when it has."""
        await end_child(self._process, _STOPPING)
