"""RESULTS.md: one section for each measurement, with the machine that it was made on."""

import os
import platform
import re
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
_TITLE = "# Results\n\nEach section is the output of `python -m bench NAME --write`.\n"


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, {python}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return named[1].strip() if named else platform.machine()


def write(name: str, table: str) -> None:
    """Put *table* into the section *name*, in place of what stands there."""
    sections = _sections(FILE.read_text() if FILE.exists() else "")
    sections[name] = f"\n{table}\n\n{machine()}.\n"
    parts = [f"\n## {each}\n{text}" for each, text in sorted(sections.items())]
    FILE.write_text(_TITLE + "".join(parts))


def _sections(text: str) -> dict[str, str]:
    _, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    named = (part.partition("\n") for part in parts)
    return {name: f"{body.rstrip()}\n" for name, _, body in named}
