"""Processes of ``offhook dev`` that end when their standard input does, so that none is left behind."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path


async def start_child(
    *command: str | Path, env: Mapping[str, str], cwd: Path | None = None, pass_fds: Sequence[int] = ()
) -> Process:
    """Start one. Ctrl-C in a terminal goes to us alone: it is not in our session."""
    return await asyncio.create_subprocess_exec(
        *command, env=env, cwd=cwd, pass_fds=pass_fds, stdin=PIPE, start_new_session=True
    )


def tell_child(process: Process, line: bytes) -> None:
    """Write *line* to its standard input; nobody hears it when it has ended."""
    assert process.stdin is not None
    if not process.stdin.is_closing():
        process.stdin.write(line + b"\n")


async def end_child(process: Process, patience: float) -> None:
    """Close its standard input and return when it has ended; after *patience* seconds it is killed."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
