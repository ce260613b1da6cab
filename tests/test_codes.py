"""The codes that the client and the documentation know are those of the table."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from offhook.base import codes

ROOT = Path(__file__).parent.parent


def test_the_generated_files_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/codes", "--check"], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run scripts/codes"


def test_every_code_is_written_for_the_client_with_its_meaning() -> None:
    text = (ROOT / "client/src/codes.ts").read_text()

    assert "  /** The channel's rule refused this client. */\n  PERMISSION_DENIED: 103,\n" in text
    assert all(f": {code.number},\n" in text for code in codes.TABLE)


def test_every_code_stands_once_in_the_documentation() -> None:
    numbers = Counter(
        line.split("|")[1].strip() for line in (ROOT / "docs/codes.md").read_text().splitlines() if "|" in line
    )

    assert {numbers[str(code.number)] for code in codes.TABLE} == {1}
