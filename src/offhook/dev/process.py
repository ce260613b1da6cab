"""The application's process, seen from ``offhook dev``."""

import asyncio
import os
import sys
from typing import Self

import msgspec

from offhook.dev.serving import Failed, Report

_STOPPING = 12.0
"""Seconds for requests and lines to end."""
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


class Process:
    """One life of the application, from loading it to its end."""

    def __init__(self, process: asyncio.subprocess.Process, reports: asyncio.StreamReader) -> None:
        self._process = process
        self._reports = reports

    @classmethod
    async def start(cls, target: str) -> Self:
        """Begin to load *target*."""
        reading, writing = os.pipe()
        reports = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reports), os.fdopen(reading, "rb"))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "offhook.dev.serving", target, str(writing)),
                env=os.environ | {"OFFHOOK_MODE": "development", "OFFHOOK_VITE": "1"},
                stdin=asyncio.subprocess.PIPE,
                pass_fds=[writing],
                # Ctrl-C in a terminal goes to us alone; the end of its standard input ends it.
                start_new_session=True,
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
        assert self._process.stdin is not None
        self._process.stdin.write(b"serve\n")

    async def stop(self) -> None:
        """End it, and return when it has."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOPPING):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
