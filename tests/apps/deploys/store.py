"""What was written, in a file that all builds share."""

import os
from pathlib import Path

import msgspec

_FILE = Path(os.environ.get("DEPLOYS_FILE", os.devnull))


class Note(msgspec.Struct):
    """What a form sends."""

    text: str


def lines() -> list[str]:
    """Everything that was written, in order."""
    return _FILE.read_text().splitlines()


def write(text: str) -> None:
    """Add a line."""
    with _FILE.open("a") as file:
        file.write(f"{text}\n")
