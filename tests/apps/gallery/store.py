"""Who may come, and the photos, in a folder of their own."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="gallery-"))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in."""

    name: str


def photos() -> list[str]:
    """The photos' names."""
    return sorted(path.name for path in FOLDER.iterdir())
