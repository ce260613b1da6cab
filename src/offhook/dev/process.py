"""The application's process, seen from ``offhook dev``."""

import asyncio
import os
import sys
from typing import Self

import msgspec

from offhook.dev.child import end_child, start_child, tell_child
from offhook.dev.serving import Failed, Report

_STOPPING = 12.0
"""Seconds for requests and lines to end."""
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


class Process:
    """One life of the application, from loading it to its end."""

    def __init__(self, process: asyncio.subprocess.Process, reports: asyncio.StreamReader) -> None:
        self._process = process
        self._reports = reports
        self.is_stopped = False
        """Whether its end is our doing."""

    @classmethod
    async def start(cls, target: str) -> Self:
        """Begin to load *target*."""
        reading, writing = os.pipe()
        reports = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reports), os.fdopen(reading, "rb"))
        try:
            process = await start_child(
                *(sys.executable, "-m", "offhook.dev.serving", target, str(writing)),
                env=os.environ | {"OFFHOOK_MODE": "development", "OFFHOOK_VITE": "1"},
                pass_fds=[writing],
            )
        finally:
            os.close(writing)
        return cls(process, reports)

    async def report(self) -> Report:
        """The next thing it says; what it raised, or that it ended, is a failure."""
        line = await self._reports.readline()
        if line:
            return _reports.decode(line)
        return Failed(f"the application's process ended with status {await self._process.wait()}", "")

    def serve(self) -> None:
        """Have it serve, once it has loaded."""
        tell_child(self._process, b"serve")

    async def stop(self) -> None:
        """End it, and return when it has."""
        self.is_stopped = True
        await end_child(self._process, _STOPPING)
